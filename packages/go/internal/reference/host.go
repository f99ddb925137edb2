// Package reference runs the reference server for tests, in a process of its own.
package reference

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
)

// TB is the part of testing.TB that this package needs; an example has no testing.TB.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// Host is a process in which servers run.
type Host struct {
	process *exec.Cmd
	stdin   io.WriteCloser

	mu      sync.Mutex
	lastID  int
	waiting map[int]chan<- json.RawMessage
	gone    chan struct{}
}

// NewHost starts a process that ends with the test at the latest.
func NewHost(tb TB) *Host {
	tb.Helper()
	host, err := newHost()
	if err != nil {
		tb.Fatalf("the reference server cannot be started (npm run build at the top makes it): %v", err)
	}
	tb.Cleanup(host.Kill)
	return host
}

func newHost() (*Host, error) {
	_, here, _, _ := runtime.Caller(0)
	process := exec.Command("node", filepath.Join(filepath.Dir(here), "server.mjs"))
	process.Stderr = os.Stderr
	stdin, err := process.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, err
	}
	h := &Host{process: process, stdin: stdin, waiting: map[int]chan<- json.RawMessage{}, gone: make(chan struct{})}
	go h.read(stdout)
	return h, nil
}

// Kill ends the process at once, as kill -9 does, and waits until it is gone.
func (h *Host) Kill() {
	_ = h.process.Process.Kill() // it may be gone already
	<-h.gone
}

func (h *Host) read(stdout io.Reader) {
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var answer struct{ ID int }
		if json.Unmarshal(line, &answer) != nil {
			continue
		}
		h.mu.Lock()
		waiting := h.waiting[answer.ID]
		delete(h.waiting, answer.ID)
		h.mu.Unlock()
		if waiting != nil {
			waiting <- line
		}
	}
	_ = h.process.Wait()
	close(h.gone)
}

// call makes one command, and reads its answer into result.
func (h *Host) call(command string, arguments map[string]any, result any) error {
	answers := make(chan json.RawMessage, 1)
	h.mu.Lock()
	h.lastID++
	line := map[string]any{"id": h.lastID, "command": command}
	for name, value := range arguments {
		line[name] = value
	}
	h.waiting[h.lastID] = answers
	text, err := json.Marshal(line)
	if err == nil {
		_, err = h.stdin.Write(append(text, '\n'))
	}
	h.mu.Unlock()
	if err != nil {
		return err
	}
	var answer json.RawMessage
	select {
	case answer = <-answers:
	case <-h.gone:
		return errors.New("the reference server's process is gone")
	}
	var failure struct{ Error string }
	if err := json.Unmarshal(answer, &failure); err != nil {
		return err
	}
	if failure.Error != "" {
		return fmt.Errorf("%s: %s", command, failure.Error)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(answer, result)
}

var (
	sharedOnce sync.Once
	shared     *Host
	errShared  error
)

// Shared is the process that the tests of one package share.
func Shared(tb TB) *Host {
	tb.Helper()
	sharedOnce.Do(func() { shared, errShared = newHost() })
	if errShared != nil {
		tb.Fatalf("the reference server cannot be started (npm run build at the top makes it): %v", errShared)
	}
	return shared
}

// CloseShared ends that process, if there is one.
func CloseShared() {
	if shared != nil {
		shared.Kill()
	}
}
