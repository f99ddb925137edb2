// The testee of the archived github.com/falcosecurity/client-go, unmodified from the Go module proxy: its newest release
// by go.mod, and by v0.5.0.mod the one that falco-exporter was built with. A module of its own, since its symbols and
// those of packages/go register twice. packages/conformance/README.md says what it reads and writes.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"sync"

	"github.com/falcosecurity/client-go/pkg/client"
)

type callLine struct {
	target
	ID                int               `json:"id"`
	Cancel            bool              `json:"cancel"`
	Method            string            `json:"method"`
	Headers           map[string]string `json:"headers"`
	TimeoutMS         *int              `json:"timeout_ms"`
	CancelAfterAlerts int               `json:"cancel_after_alerts"`
	ReportProgress    bool              `json:"report_progress"`
}

type testee struct {
	current target
	client  *client.Client

	mu      sync.Mutex
	out     io.Writer
	cancels map[int]context.CancelFunc
}

func main() {
	t := &testee{out: os.Stdout, cancels: map[int]context.CancelFunc{}}
	lines := bufio.NewReader(os.Stdin)
	for {
		text, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			panic(err)
		}
		var line callLine
		if err := json.Unmarshal(text, &line); err != nil {
			panic(err)
		}
		if line.Cancel {
			t.cancel(line.ID)
		} else {
			t.start(&line)
		}
	}
}

func (t *testee) start(line *callLine) {
	ctx, cancel := context.WithCancel(context.Background())
	t.mu.Lock()
	t.cancels[line.ID] = cancel
	t.mu.Unlock()
	err := t.connect(line.target)
	c := &call{line: line, client: t.client, cancel: cancel, write: t.write}
	go func() {
		defer t.cancel(line.ID)
		var r *result
		if err != nil {
			r = &result{Status: statusOf(err)}
		} else {
			r = c.run(ctx)
		}
		t.write(map[string]any{"id": line.ID, "result": r})
	}()
}

func (t *testee) cancel(id int) {
	t.mu.Lock()
	cancel := t.cancels[id]
	delete(t.cancels, id)
	t.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}

func (t *testee) write(line any) {
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, err := t.out.Write(append(text, '\n')); err != nil {
		panic(err)
	}
}
