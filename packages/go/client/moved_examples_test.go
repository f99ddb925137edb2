package client_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/falco-outputs/falco-outputs/packages/go/internal/reference"
)

// client-go's own examples, moved over by a change of import paths alone, as the README says. (They name Falco's places;
// here these become those of the test's servers.)
func TestExamplesOfClientGo(t *testing.T) {
	noLeaks(t)
	onSocket := reference.Serve(t, reference.Options{"falco": map[string]any{"version": "0.43.0"}})
	overTLS := serveTLS(t, reference.Options{"falco": map[string]any{"version": "0.43.0"}})
	config := configTo(t, overTLS, "one")
	_, port, _ := strings.Cut(overTLS.Address, ":")
	programs := buildExamples(t, strings.NewReplacer(
		"github.com/falcosecurity/client-go/pkg/", "github.com/falco-outputs/falco-outputs/packages/go/",
		"unix:///run/falco/falco.sock", onSocket.Address,
		"5060", port,
		"/etc/falco/certs/client.crt", config.CertFile,
		"/etc/falco/certs/client.key", config.KeyFile,
		"/etc/falco/certs/ca.crt", config.CARootFile,
	))
	for name, one := range map[string]struct {
		server   *reference.Server
		ends     bool
		expected string
	}{
		"output":                  {overTLS, true, `"rule":"Rule `},
		"output_bidi":             {overTLS, false, `"rule":"Rule `},
		"output_unix_socket":      {onSocket, true, `"rule":"Rule `},
		"output_unix_socket_bidi": {onSocket, false, `"rule":"Rule `},
		"version":                 {overTLS, true, `"version":"0.43.0"`},
		"version_unix_socket":     {onSocket, true, `"version":"0.43.0"`},
	} {
		t.Run(name, func(t *testing.T) {
			count := 1
			if strings.HasPrefix(name, "output") {
				count = 3
				one.server.PublishNumbered(1, count)
			}
			lines := run(t, filepath.Join(programs, name), count, one.ends)
			if len(lines) != count || !strings.Contains(lines[0], one.expected) {
				t.Errorf("it printed %q", lines)
			}
		})
	}
}

// buildExamples returns the folder of the programs.
func buildExamples(t *testing.T, moved *strings.Replacer) string {
	t.Helper()
	var module struct{ Dir string }
	if err := json.Unmarshal(output(t, "", "go", "mod", "download", "-json", "github.com/falcosecurity/client-go@v0.6.1"), &module); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		copyFile(t, filepath.Join("testdata/client-go-examples", name), filepath.Join(folder, name), strings.NewReplacer())
	}
	sources, err := filepath.Glob(filepath.Join(module.Dir, "examples/*/main.go"))
	if err != nil || len(sources) != 6 {
		t.Fatalf("the examples are %v, %v", sources, err)
	}
	for _, source := range sources {
		copyFile(t, source, filepath.Join(folder, filepath.Base(filepath.Dir(source)), "main.go"), moved)
	}
	here, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	output(t, folder, "go", "mod", "edit", "-replace", "github.com/falco-outputs/falco-outputs/packages/go="+here)
	output(t, folder, "go", "build", "-o", "bin/", "./...")
	return filepath.Join(folder, "bin")
}

func copyFile(t *testing.T, from, to string, moved *strings.Replacer) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, []byte(moved.Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
}

func output(t *testing.T, folder, program string, args ...string) []byte {
	t.Helper()
	command := exec.Command(program, args...)
	command.Dir = folder
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod -buildvcs=false")
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s %s: %v", program, strings.Join(args, " "), err)
	}
	return out
}

// run returns the first lines that a program prints, and ends it unless it ends by itself.
func run(t *testing.T, program string, count int, ends bool) []string {
	t.Helper()
	command := exec.CommandContext(limited(t), program)
	command.Stderr = os.Stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	scanner := bufio.NewScanner(stdout)
	for (ends || len(lines) < count) && scanner.Scan() {
		lines = append(lines, scanner.Text())
	}
	if !ends {
		_ = command.Process.Kill()
	}
	if err := command.Wait(); ends && err != nil {
		t.Errorf("it ended with %v", err)
	}
	return lines
}
