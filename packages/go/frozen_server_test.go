//go:build unix

package falco

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/internal/reference"
	"google.golang.org/grpc/codes"
)

func TestFrozenServerIsLeft(t *testing.T) {
	noLeaks(t)
	path := filepath.Join(folder(t), "falco.sock")
	options := reference.Options{"listen": []string{"unix://" + path}, "heartbeatIntervalMs": 200}
	host := reference.NewHost(t)
	host.Serve(t, options)
	client := clientOf(t, path, WithConnectTimeout(500*time.Millisecond))
	subscribers := []*background{
		read(t, client, Broadcast(), soon),
		read(t, client, Group("pager"), Acknowledge(), soon),
		read(t, client, soon),
	}
	for _, subscriber := range subscribers {
		subscriber.waitForTypes(t, "connected", 1)
	}
	host.Freeze(t)
	for _, subscriber := range subscribers {
		subscriber.waitForTypes(t, "disconnected", 1)
		lost := firstDisconnected(subscriber)
		const expected = "nothing was heard for 600 ms: the connection is dead"
		if lost.Err.Code != codes.Unavailable || lost.Err.FromServer || lost.Err.Message != expected {
			t.Errorf("it told %+v", lost.Err)
		}
		if lost.LastHeardAt.IsZero() || lost.LastHeardAt.After(time.Now()) {
			t.Errorf("it told that the server was heard at %v", lost.LastHeardAt)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	second := reference.Serve(t, options)
	second.WaitForSubscribers(len(subscribers))
	second.PublishNumbered(1, 1)
	for _, subscriber := range subscribers[:2] {
		subscriber.waitForRules(t, "Falco Outputs internal: alerts lost", "Rule 1")
	}
	subscribers[2].waitForRules(t, "Rule 1")
}

func TestFrozenServerInBatches(t *testing.T) {
	noLeaks(t)
	host := reference.NewHost(t)
	server := host.Serve(t, reference.Options{"heartbeatIntervalMs": 200})
	server.PublishNumbered(1, 3)
	client := clientOf(t, server.Address)
	var failure error
	for batch, err := range client.SubBatches(context.Background(), Broadcast(), After(0), MaxAttempts(0)) {
		failure = err
		if batch != nil {
			host.Freeze(t)
		}
	}
	if known, isOurs := knownError(failure); !isOurs || known.Message != "nothing was heard for 600 ms: the connection is dead" {
		t.Errorf("got %v", failure)
	}
}

func firstDisconnected(subscriber *background) Disconnected {
	for _, status := range subscriber.told() {
		if lost, isLost := status.(Disconnected); isLost {
			return lost
		}
	}
	return Disconnected{}
}
