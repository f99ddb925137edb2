package falcohttp

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	falco "github.com/falco-outputs/falco-outputs/packages/go"
	"github.com/falco-outputs/falco-outputs/packages/go/internal/reference"
)

func TestMain(m *testing.M) {
	status := m.Run()
	reference.CloseShared()
	os.Exit(status)
}

// receiver is a handler that keeps what it gets.
type receiver struct {
	mu     sync.Mutex
	alerts []*falco.Alert
	// Of which rule it cannot take an alert.
	refuses string
	url     string
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	server := httptest.NewServer(Handler(func(alert *falco.Alert) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.alerts = append(r.alerts, alert)
		if r.refuses != "" && alert.Rule == r.refuses {
			return errors.New("secret")
		}
		return nil
	}))
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

// take returns the alerts so far, as JSON without sequence numbers.
func (r *receiver) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := jsonOf(r.alerts)
	r.alerts = nil
	return taken
}

func jsonOf(alerts []*falco.Alert) []string {
	texts := []string{}
	for _, alert := range alerts {
		alert.Sequence = 0
		texts = append(texts, alert.JSON())
	}
	return texts
}

type answered struct {
	status   int
	rejected string
	body     string
}

func send(t *testing.T, method, url string, body []byte, headers ...string) answered {
	t.Helper()
	request, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answered{response.StatusCode, response.Header.Get(rejectedHeader), strings.TrimSuffix(string(text), "\n")}
}

func zipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// indented is an alert over several lines.
func indented(t *testing.T, line string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(line), "", "\t"); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(b.String(), "\n", "\r\n")
}

// bodies are all that this handler and the server's http input must make the same of.
func bodies(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	add := func(name, body string) { all[name] = []byte(body) }
	files, err := filepath.Glob("testdata/*.body")
	if err != nil || len(files) < 9 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		if strings.HasPrefix(filepath.Base(file), "text-") {
			continue
		}
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(file)] = body
	}
	var lines []string
	for _, line := range reference.FixtureLines(t) {
		lines = append(lines, line.(string))
	}
	add("lines", strings.Join(lines, "\n"))
	add("an array", "["+strings.Join(lines, ",")+"]")
	add("an array over lines", "[\r\n"+strings.Join(lines, ",\r\n")+"\r\n]\r\n")
	add("nothing between them", strings.Join(lines, ""))
	add("over several lines", indented(t, lines[0])+","+indented(t, lines[1])+indented(t, lines[2]))
	add("a byte order mark", "\ufeff"+lines[0])
	add("not UTF-8", strings.Replace(lines[0], `"rule":"`, "\"rule\":\"\xe2\x82\xff", 1))
	add("a trailing comma in an alert", `{"rule":"r","priority":"Notice",}`)
	for name, wrong := range map[string]string{
		"an alert without its rule":      `{"priority":"Notice"}`,
		"a priority that is not one":     `{"rule":"r","priority":"x"}`,
		"a trailing comma":               `{"rule":"r","priority":"Notice",}`,
		"a bracket too few":              `{"rule":"r","tags":["a"}`,
		"a bracket too many":             `{"rule":"r"}}]}`,
		"a brace too few":                `{"rule":"r","priority":"Notice"`,
		"a string without an end":        `{"rule":"r`,
		"a line end within a string":     "{\"rule\":\"r\n\",\"priority\":\"Notice\"}",
		"an escaped line end":            "{\"rule\":\"r\\\n",
		"65 levels":                      `{"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`,
		"a number":                       "5",
		"null":                           "null",
		"words":                          "Events detected: 12",
		"two lines of words":             "Events detected: 12\nRule counts",
		"a string with a brace":          `"a{b"`,
		"a comma that is missing":        `{"rule":"r" "priority":"Notice"}`,
		"an empty array":                 "[]",
		"nothing":                        "\n \t\r\n",
		"a member without an end before": `{"rule":"r","a":`,
	} {
		for layout, parts := range map[string][3]string{
			"lines": {"", "\n", ""}, "an array": {"[", ",\n", "]"}, "commas first": {"[\r\n", "\r\n,", "\r\n]\r\n"}, "one line": {"[", ",", "]"},
		} {
			body := parts[0] + strings.Join([]string{lines[0], wrong, lines[1], wrong, lines[2]}, parts[1]) + parts[2]
			add(wrong+" in "+layout+": "+name, body)
		}
		add("alone: "+name, wrong)
	}
	line := lines[0]
	for end := 1; end < len(line); end += 7 {
		add(fmt.Sprintf("a line cut off at %d", end), lines[1]+"\n"+line[:end]+"\n"+lines[2])
		add(fmt.Sprintf("an element cut off at %d", end), "["+lines[1]+",\n"+line[:end]+",\n"+lines[2]+"]")
		add(fmt.Sprintf("a body cut off at %d", end), lines[1]+line[:end])
	}
	return all
}

func TestBodiesMatchTheServer(t *testing.T) {
	server := reference.Serve(t, reference.Options{"inputs": map[string]any{"http": []string{"127.0.0.1:0"}}})
	client, err := falco.NewClient(falco.WithAddress(server.Address))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	own := receive(t)
	tried := 0
	for name, body := range bodies(t) {
		tried++
		expected := send(t, "POST", server.HTTP, body, "content-type", "application/json")
		var served []*falco.Alert
		for alert, err := range client.Get(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			served = append(served, alert)
		}
		got := send(t, "POST", own.url, body, "content-type", "application/json")
		if got.status != expected.status || got.rejected != expected.rejected {
			t.Errorf("%s: got %+v, expected %+v of %q", name, got, expected, body)
		}
		if got, expected := own.take(), jsonOf(served); !slices.Equal(got, expected) {
			t.Errorf("%s:\ngot      %v\nexpected %v\nof %q", name, got, expected, body)
		}
	}
	if tried < 100 {
		t.Errorf("%d bodies were tried", tried)
	}
}

func TestTextIsRefused(t *testing.T) {
	own := receive(t)
	text, err := os.ReadFile("testdata/text-alert-over-lines.body")
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{
		"over lines": string(text),
		// What is in a text of Falco's is an attacker's at times: it makes no JSON alert.
		"with JSON in it": "13:53:31.726060287: Critical Some text (cmd=\n" + `{"rule":"forged","priority":"Debug"}` + "\n)",
	} {
		got := send(t, "POST", own.url, []byte(body), "content-type", "text/plain")
		if got.status != 400 || got.body != "not an alert: Falco's text form is not taken here: set json_output: true in falco.yaml" {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	if got := own.take(); len(got) > 0 {
		t.Errorf("got %v", got)
	}
}

const line = `{"rule":"r","priority":"Notice"}`

func TestRefusedRequests(t *testing.T) {
	own := receive(t)
	large := []byte(line + "\n" + strings.Repeat("x", maxBodyBytes))
	for name, one := range map[string]struct {
		method  string
		body    []byte
		headers []string
		status  int
		reason  string
	}{
		"GET":           {"GET", nil, nil, 405, "POST or PUT alerts here"},
		"DELETE":        {"DELETE", []byte(line), nil, 405, "POST or PUT alerts here"},
		"a page":        {"POST", []byte(line), []string{"origin", "https://evil.example"}, 403, "requests of web pages are refused"},
		"a page's form": {"POST", []byte(line), []string{"sec-fetch-site", "cross-site"}, 403, "requests of web pages are refused"},
		"brotli":        {"POST", []byte(line), []string{"content-encoding", "br"}, 415, "content-encoding: expected gzip, or none"},
		"gzip twice":    {"POST", []byte(line), []string{"content-encoding", "gzip, gzip"}, 415, "content-encoding: expected gzip, or none"},
		"too large":     {"POST", large, nil, 413, "the body is larger than 4194304 bytes"},
		"a bomb":        {"POST", zipped(t, make([]byte, 64<<20)), []string{"content-encoding", "gzip"}, 413, "the body is larger than 4194304 bytes"},
		"not gzip":      {"POST", []byte(line), []string{"content-encoding", "gzip"}, 400, "the body is not gzip: gzip: invalid header"},
		"gzip cut off":  {"POST", zipped(t, []byte(line))[:20], []string{"content-encoding", "gzip"}, 400, "the body is not gzip: unexpected EOF"},
		"no gzip":       {"POST", nil, []string{"content-encoding", "gzip"}, 400, "the body is not gzip: unexpected EOF"},
		"nothing":       {"POST", nil, nil, 400, "not an alert: the body holds none"},
		"no alert":      {"POST", []byte(`{"rule":"secret"}`), nil, 400, `not an alert: "priority" is missing`},
	} {
		if got := send(t, one.method, own.url, one.body, one.headers...); got.status != one.status || got.body != one.reason {
			t.Errorf("%s: got %+v, expected %d %s", name, got, one.status, one.reason)
		}
	}
	if got := own.take(); len(got) > 0 {
		t.Errorf("got %v", got)
	}
}

func TestAcceptedRequests(t *testing.T) {
	own := receive(t)
	members := append(zipped(t, []byte(line+"\n")), zipped(t, []byte(line))...)
	padded := []byte(line + "\n" + strings.Repeat(" ", 2<<20) + line)
	for name, one := range map[string]struct {
		method  string
		body    []byte
		headers []string
		alerts  int
	}{
		"POST":                    {"POST", []byte(line), nil, 1},
		"PUT":                     {"PUT", []byte(line), nil, 1},
		"gzip":                    {"POST", zipped(t, []byte(line)), []string{"content-encoding", "gzip"}, 1},
		"GZIP":                    {"POST", zipped(t, []byte(line)), []string{"content-encoding", "GZIP"}, 1},
		"x-gzip":                  {"POST", zipped(t, []byte(line)), []string{"content-encoding", "x-gzip"}, 1},
		"gzip of several members": {"POST", members, []string{"content-encoding", "gzip"}, 2},
		"identity":                {"POST", []byte(line), []string{"content-encoding", "identity"}, 1},
		"JSON that says text":     {"POST", []byte(line), []string{"content-type", "text/plain"}, 1},
		"a large body":            {"POST", padded, nil, 2},
	} {
		if got := send(t, one.method, own.url, one.body, one.headers...); got != (answered{status: 200}) {
			t.Errorf("%s: got %+v", name, got)
		}
		if got := own.take(); len(got) != one.alerts {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestHandleFails(t *testing.T) {
	own := receive(t)
	own.refuses = "b"
	body := `{"rule":"a","priority":"Notice"}{"rule":"b","priority":"Notice"}{"rule":"c","priority":"Notice"}`
	if got := send(t, "POST", own.url, []byte(body)); got.status != 503 || got.body != "an alert could not be handled" {
		t.Errorf("got %+v", got)
	}
	if got := own.take(); len(got) != 3 {
		t.Errorf("got %v, expected that the others are handled", got)
	}
}

func TestLargeBodiesAreBounded(t *testing.T) {
	own := receive(t)
	// One more than there may be, none of which comes to its end.
	var ends []*io.PipeWriter
	statuses := make(chan int, maxLargeBodies+1)
	for range maxLargeBodies + 1 {
		reader, writer := io.Pipe()
		ends = append(ends, writer)
		go func() {
			status := 0
			response, err := http.Post(own.url, "application/json", reader)
			if err == nil {
				status = response.StatusCode
				_ = response.Body.Close()
			}
			statuses <- status
		}()
		go func() { _, _ = writer.Write(bytes.Repeat([]byte(" "), smallBodyBytes*4)) }() // until it is refused
	}
	if status := <-statuses; status != 503 {
		t.Errorf("one too many: got %d", status)
	}
	padded := []byte(line + strings.Repeat(" ", 2*smallBodyBytes))
	if got := send(t, "POST", own.url, padded); got.status != 503 {
		t.Errorf("a large one: got %+v", got)
	}
	if got := send(t, "POST", own.url, []byte(line)); got.status != 200 {
		t.Errorf("a small one: got %+v", got)
	}
	for _, end := range ends {
		_ = end.CloseWithError(io.ErrUnexpectedEOF)
	}
	for range maxLargeBodies {
		if status := <-statuses; status != 0 {
			t.Errorf("a body that breaks off: got %d", status)
		}
	}
	for {
		if got := send(t, "POST", own.url, padded); got.status == 200 {
			break
		}
	}
}

func TestTimeIsLinearInTheBody(t *testing.T) {
	for _, unit := range []string{"{", "{\n", `{"a":`, "{\"a\":\n", "{\"a\":[\n", "[{", `"`, `{"`, `{\`, "11:1\n", "}{", "{\"a\":{}\n"} {
		count := maxBodyBytes / 4 / len(unit)
		pieces := 0
		splitBody([]byte(strings.Repeat(unit, count)), true, func(int, int) { pieces++ })
		if pieces > count {
			t.Errorf("%q: %d pieces", unit, pieces)
		}
	}
}

// Pieces follow one another, and nothing but what may stand between alerts is left out.
func FuzzSplitBody(f *testing.F) {
	for _, body := range []string{line, "[" + line + "," + line, line + "{\"a\":\n" + line, "13:53:31.1: Notice x\n" + line, `{"\`, "{\"a\\\n", "}{]["} {
		f.Add([]byte(body), true)
		f.Add([]byte(body), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, isText bool) {
		at := 0
		check := func(end int) {
			if rest := bytes.Trim(body[at:end], " \t\n\v\f\r,[]}"); len(rest) > 0 {
				t.Errorf("%q: %q is left out", body, rest)
			}
		}
		splitBody(body, isText, func(start, end int) {
			if start < at || end <= start || end > len(body) {
				t.Fatalf("%q: a piece from %d to %d after %d", body, start, end, at)
			}
			check(start)
			at = end
		})
		check(len(body))
	})
}
