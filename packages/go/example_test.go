package falco_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	falco "github.com/falco-outputs/falco-outputs/packages/go"
	"github.com/falco-outputs/falco-outputs/packages/go/internal/reference"
	"google.golang.org/grpc/codes"
)

// Falco's shared queue: each alert goes to one subscriber.
func ExampleClient_Sub() {
	server, stop := startServer()
	defer stop()
	server.Publish(
		map[string]any{"rule": "Terminal shell in container", "priority": "Notice", "outputFields": map[string]any{"proc.cmdline": "bash"}},
		map[string]any{"rule": "Read sensitive file untrusted", "priority": "Warning", "outputFields": map[string]any{"proc.cmdline": "cat /etc/shadow"}},
	)

	client, err := falco.NewClient(falco.WithAddress(server.Address))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	for alert, err := range client.Sub(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%v: %s (%s)\n", alert.Priority, alert.Rule, alert.OutputFields["proc.cmdline"])
		if alert.Priority.AtLeast(falco.PriorityWarning) {
			break
		}
	}
	// Output:
	// Notice: Terminal shell in container (bash)
	// Warning: Read sensitive file untrusted (cat /etc/shadow)
}

// Every alert that matches, shared with nobody.
func ExampleBroadcast() {
	server, stop := startServer()
	defer stop()
	server.Publish(
		map[string]any{"rule": "Unexpected outbound connection", "priority": "Notice", "tags": []string{"network"}},
		map[string]any{"rule": "Contact cloud metadata service", "priority": "Warning", "tags": []string{"network"}},
		map[string]any{"rule": "Read sensitive file untrusted", "priority": "Warning", "tags": []string{"filesystem"}},
	)
	client, stop := connect(server)
	defer stop()

	alerts := client.Get(context.Background(), falco.Broadcast(), falco.MinPriority(falco.PriorityWarning), falco.Tags("network"))
	for alert, err := range alerts {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(alert.Rule)
	}
	// Output: Contact cloud metadata service
}

// What happened in namespace shop last night, without a noisy rule.
func ExampleDeny() {
	server, stop := startServer()
	defer stop()
	shop := map[string]any{"k8s.ns.name": "shop"}
	server.Publish(
		map[string]any{"rule": "Read sensitive file untrusted", "priority": "Warning", "time": "2026-06-01T18:00:00Z", "outputFields": shop},
		map[string]any{"rule": "Contact K8S API Server From Container", "priority": "Notice", "time": "2026-06-02T02:00:00Z", "outputFields": shop},
		map[string]any{"rule": "Terminal shell in container", "priority": "Notice", "time": "2026-06-02T02:00:05Z", "outputFields": shop},
	)
	client, stop := connect(server)
	defer stop()

	alerts := client.Get(context.Background(), falco.Broadcast(),
		falco.Since(time.Date(2026, 6, 1, 20, 0, 0, 0, time.UTC)),
		falco.Until(time.Date(2026, 6, 2, 6, 0, 0, 0, time.UTC)),
		falco.Field("k8s.ns.name", "shop"),
		falco.Deny(falco.Filter{Rules: []string{"Contact K8S API Server*"}}))
	for alert, err := range alerts {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(alert.Time.Format(time.TimeOnly), alert.Rule)
	}
	// Output: 02:00:05 Terminal shell in container
}

// Several filters, of which one must match.
func ExampleAllow() {
	server, stop := startServer()
	defer stop()
	server.Publish(
		map[string]any{"rule": "Terminal shell in container", "priority": "Notice", "tags": []string{"mitre_execution"}},
		map[string]any{"rule": "Unexpected outbound connection", "priority": "Notice", "tags": []string{"network"}},
		map[string]any{"rule": "Drop and execute new binary in container", "priority": "Critical"},
	)
	client, stop := connect(server)
	defer stop()

	alerts := client.Get(context.Background(), falco.Broadcast(), falco.Allow(
		falco.Filter{MinPriority: falco.PriorityCritical.Ptr()},
		falco.Filter{Tags: []string{"mitre_*"}},
	))
	for alert, err := range alerts {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(alert.Rule)
	}
	// Output:
	// Terminal shell in container
	// Drop and execute new binary in container
}

// The server holds each alert until the loop comes back for the next one: what this subscriber was not done with goes to
// the next member of its group.
func ExampleAcknowledge() {
	server, stop := startServer()
	defer stop()
	client, stop := connect(server)
	defer stop()
	server.PublishNumbered(1, 3)

	pager := []falco.StreamOption{falco.Group("pager"), falco.After(0), falco.Acknowledge()}
	for range 2 {
		count := 0
		for alert, err := range client.Sub(context.Background(), pager...) {
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println("page about", alert.Rule)
			if count++; count == 2 {
				break // as if it died at work on this one
			}
		}
		fmt.Println("and the next one:")
	}
	// Output:
	// page about Rule 1
	// page about Rule 2
	// and the next one:
	// page about Rule 2
	// page about Rule 3
	// and the next one:
}

// Handlers that run side by side finish in any order.
func ExampleAlert_Acknowledge() {
	server, stop := startServer()
	defer stop()
	client, stop := connect(server)
	defer stop()
	server.PublishNumbered(1, 100)

	var handlers sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for alert, err := range client.Sub(ctx, falco.Group("tickets"), falco.After(0), falco.AcknowledgeByHand()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		handlers.Add(1)
		go func() {
			defer handlers.Done()
			// The work.
			if counts, _ := alert.Acknowledge(); !counts {
				fmt.Println(alert.Rule, "comes again")
			}
		}()
		if alert.Rule == "Rule 100" {
			cancel() // as a signal does: the loop ends once all handlers are done
		}
	}
	handlers.Wait()
	fmt.Println("waiting in the group:", server.Stats().Groups["tickets"].Waiting)
	// Output: waiting in the group: 0
}

// Batches are for what is cheaper for many alerts at a time.
func ExampleClient_GetBatches() {
	server, stop := startServer()
	defer stop()
	client, stop := connect(server)
	defer stop()
	server.PublishNumbered(1, 1000)

	stored := 0
	for alerts, err := range client.GetBatches(context.Background(), falco.Broadcast()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		stored += len(alerts) // in one transaction
	}
	fmt.Println(stored)
	// Output: 1000
}

// An alert as Falco writes it, to standard output for example.
func ExampleAlert_UnmarshalJSON() {
	line := `{"priority":"Warning","rule":"Read sensitive file untrusted","output_fields":{"evt.time":1780391647123456789,"fd.name":null}}`
	var alert falco.Alert
	if err := json.Unmarshal([]byte(line), &alert); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(alert.Priority, alert.Rule, alert.OutputFields["evt.time"], alert.OutputFields["fd.name"])
	// Output: Warning Read sensitive file untrusted 1780391647123456789 <NA>
}

// What becomes of the connection, and of losses.
func ExampleOnStatus() {
	server, stop := startServer()
	defer stop()
	client, stop := connect(server)
	defer stop()
	server.PublishNumbered(1, 1)

	tell := func(status falco.Status) {
		switch status := status.(type) {
		case falco.Connecting:
			fmt.Println("connecting, attempt", status.Attempt)
		case falco.Connected, falco.Resumed:
			fmt.Println("connected")
		case falco.Disconnected:
			fmt.Println("disconnected:", status.Err, "again in", status.RetryIn)
		case falco.Lost:
			fmt.Println("lost", status.Loss.Lost, "alerts:", status.Loss.Cause)
		}
	}
	for alert, err := range client.Get(context.Background(), falco.Broadcast(), falco.OnStatus(tell)) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(alert.Rule)
	}
	// Output:
	// connecting, attempt 1
	// connected
	// Rule 1
}

func ExampleClient_Version() {
	server, stop := startServer()
	defer stop()
	client, stop := connect(server)
	defer stop()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	version, err := client.Version(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(version.Version)
	// Output: 0.44.1
}

func ExampleError() {
	client, err := falco.NewClient(falco.WithAddress("unix:///nowhere/falco.sock"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	for _, err := range client.Sub(context.Background()) {
		var failure *falco.Error
		if errors.As(err, &failure) && failure.Code == codes.Unavailable {
			fmt.Println(failure)
		}
	}
	// Output: sub on unix:///nowhere/falco.sock: there is no such socket: is the server running, and does it listen there?
}

// example stands in for a test.
type example struct{ cleanups []func() }

func (e *example) Helper() {}

func (e *example) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func (e *example) Cleanup(cleanup func()) { e.cleanups = append(e.cleanups, cleanup) }

// startServer is a server for an example; where there is a Falco, falco-outputs serve is it.
func startServer() (server *reference.Server, stop func()) {
	e := &example{}
	server = reference.Serve(e, reference.Options{"falco": map[string]any{"version": "0.44.1"}})
	return server, func() {
		for _, cleanup := range e.cleanups {
			cleanup()
		}
	}
}

func connect(server *reference.Server) (client *falco.Client, stop func()) {
	client, err := falco.NewClient(falco.WithAddress(server.Address))
	if err != nil {
		panic(err)
	}
	return client, func() { _ = client.Close() }
}
