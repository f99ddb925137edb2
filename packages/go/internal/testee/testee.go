package main

import (
	"context"
	"errors"
	"strings"
	"sync"

	falco "github.com/falco-outputs/falco-outputs/packages/go"
	"google.golang.org/grpc/codes"
)

// testee keeps its client for as long as the lines name the same target.
type testee struct {
	out     *writer
	current target
	client  *falco.Client

	mu      sync.Mutex
	cancels map[int]context.CancelFunc
	running sync.WaitGroup
}

type result struct {
	Status   neutralStatusCode `json:"status"`
	Alerts   *[]neutralAlert   `json:"alerts,omitempty"`
	Version  map[string]any    `json:"version,omitempty"`
	Statuses *[]neutralStatus  `json:"statuses,omitempty"`
}

type neutralStatusCode struct {
	Code    codes.Code `json:"code"`
	Message string     `json:"message"`
}

func (t *testee) start(line callLine) {
	if line.Method == "read_alert" {
		t.out.write(map[string]any{"id": line.ID, "result": readAlert(line.Text)})
		return
	}
	client, err := t.clientTo(line.target)
	ctx, cancel := context.WithCancel(context.Background())
	t.mu.Lock()
	t.cancels[line.ID] = cancel
	t.mu.Unlock()
	t.running.Add(1)
	go func() {
		defer t.running.Done()
		r := result{Status: statusOf(err)}
		switch {
		case err != nil:
		case line.Method == "version":
			r = version(ctx, client, &line)
		default:
			r = (&streamCall{line: &line, client: client, out: t.out}).run(ctx)
		}
		t.cancel(line.ID)
		t.out.write(map[string]any{"id": line.ID, "result": r})
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

// clientTo is called only while no call runs on another target.
func (t *testee) clientTo(where target) (*falco.Client, error) {
	if t.client != nil && sameTarget(where, t.current) {
		return t.client, nil
	}
	t.close()
	options := []falco.ClientOption{falco.WithAddress(where.Address)}
	switch {
	case where.TLS != nil:
		options = append(options, falco.WithTLS(falco.TLS{
			CA: where.TLS.CA, Cert: where.TLS.Cert, Key: where.TLS.Key, ServerName: where.TLS.ServerName,
		}))
	case !strings.HasPrefix(where.Address, "unix:"):
		options = append(options, falco.WithInsecure())
	}
	client, err := falco.NewClient(options...)
	if err != nil {
		return nil, err
	}
	t.client, t.current = client, where
	return client, nil
}

func sameTarget(a, b target) bool {
	return a.Address == b.Address && (a.TLS == nil) == (b.TLS == nil) && (a.TLS == nil || *a.TLS == *b.TLS)
}

func (t *testee) close() {
	if t.client == nil {
		return
	}
	_ = t.client.Close() // of its connection nothing is left to know
	t.client = nil
	t.running.Wait()
}

func version(ctx context.Context, client *falco.Client, line *callLine) result {
	ctx, cancel := line.context(ctx)
	defer cancel()
	v, err := client.Version(ctx)
	if err != nil {
		return result{Status: statusOf(err)}
	}
	return result{Version: map[string]any{
		"version": v.Version, "major": v.Major, "minor": v.Minor, "patch": v.Patch,
		"prerelease": v.Prerelease, "build": v.Build,
		"engine_version": v.EngineVersion, "engine_major": v.EngineMajor, "engine_minor": v.EngineMinor,
		"engine_patch": v.EnginePatch, "engine_fields_checksum": v.EngineFieldsChecksum,
	}}
}

// readAlert makes an alert of a line of Falco's.
func readAlert(text string) result {
	alerts := []neutralAlert{}
	var alert falco.Alert
	// Not json.Unmarshal, which would refuse what is not JSON itself.
	err := alert.UnmarshalJSON([]byte(text))
	if err == nil {
		alerts = append(alerts, neutralOf(&alert))
	}
	return result{Status: statusOf(err), Alerts: &alerts}
}

// statusOf returns the message without what was tried.
func statusOf(err error) neutralStatusCode {
	if err == nil {
		return neutralStatusCode{}
	}
	var known *falco.Error
	if !errors.As(err, &known) {
		panic(err)
	}
	return neutralStatusCode{known.Code, known.Message}
}
