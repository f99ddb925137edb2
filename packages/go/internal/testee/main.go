// The testee of this module for packages/conformance: its public API, as a user has it. packages/conformance/README.md
// says what it reads and writes.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"sync"
)

// target is where and how to connect.
type target struct {
	Address string    `json:"address"`
	TLS     *tlsFiles `json:"tls"`
}

type tlsFiles struct {
	CA         string `json:"ca"`
	Cert       string `json:"cert"`
	Key        string `json:"key"`
	ServerName string `json:"server_name"`
}

// callLine is a call to make, or a cancel of one.
type callLine struct {
	target
	ID                int               `json:"id"`
	Cancel            bool              `json:"cancel"`
	Method            string            `json:"method"`
	Request           *request          `json:"request"`
	Headers           map[string]string `json:"headers"`
	TimeoutMS         *int              `json:"timeout_ms"`
	CancelAfterAlerts int               `json:"cancel_after_alerts"`
	ReportProgress    bool              `json:"report_progress"`
	FilterLocally     *bool             `json:"filter_locally"`
	Acknowledge       *[]int            `json:"acknowledge"`
	AckWhenStopped    []int             `json:"acknowledge_when_stopped"`
	DrainTimeoutMS    *int              `json:"drain_timeout_ms"`
	Reconnect         bool              `json:"reconnect"`
	Text              string            `json:"text"`
}

func main() {
	if err := serve(os.Stdin, &writer{to: os.Stdout}); err != nil {
		panic(err)
	}
}

// serve makes the calls that come in, and ends with them.
func serve(in io.Reader, out *writer) error {
	t := &testee{out: out, cancels: map[int]context.CancelFunc{}}
	defer t.close()
	lines := bufio.NewReader(in)
	for {
		text, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var line callLine
		if err := json.Unmarshal(text, &line); err != nil {
			return err
		}
		if line.Cancel {
			t.cancel(line.ID)
		} else {
			t.start(line)
		}
	}
}

// writer writes one line at a time.
type writer struct {
	mu sync.Mutex
	to io.Writer
}

func (w *writer) write(line any) {
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.to.Write(append(text, '\n')); err != nil {
		panic(err)
	}
}
