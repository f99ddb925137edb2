package falco

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/falco-outputs/falco-outputs/packages/go/internal/reference"
)

func TestBatches(t *testing.T) {
	server, client := serve(t, nil)
	sequences := server.PublishNumbered(1, 5000)
	var got []uint64
	largest := 0
	for batch, err := range client.GetBatches(limited(t), Broadcast()) {
		if err != nil {
			t.Fatal(err)
		}
		if len(batch) == 0 || len(batch) > maxTakenAlerts {
			t.Errorf("a batch has %d alerts", len(batch))
		}
		largest = max(largest, len(batch))
		got = append(got, sequencesOf(batch)...)
	}
	if !slices.Equal(got, sequences) {
		t.Errorf("got %d alerts, expected all of %d in order", len(got), len(sequences))
	}
	if largest < 2 {
		t.Error("no batch has more than one alert")
	}
}

func TestBatchIsAcknowledgedByTheLoop(t *testing.T) {
	server, client := serve(t, nil)
	sequences := server.PublishNumbered(1, 3000)
	done := 0
	for batch, err := range client.SubBatches(limited(t), Group("pager"), After(0), Acknowledge()) {
		if err != nil {
			t.Fatal(err)
		}
		if done+len(batch) > 1000 {
			break
		}
		done += len(batch)
	}
	if got := rest(t, server, client); !slices.Equal(got, sequences[done:]) {
		t.Errorf("the rest is %d alerts, expected %d", len(got), len(sequences)-done)
	}
}

func TestBatchesWithCancelledContext(t *testing.T) {
	server, client := serve(t, nil)
	sequences := server.PublishNumbered(1, 3000)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := 0
	for batch, err := range client.SubBatches(ctx, Group("pager"), After(0), Acknowledge()) {
		if err != nil {
			t.Fatal(err)
		}
		done += len(batch)
		cancel()
	}
	if got := rest(t, server, client); !slices.Equal(got, sequences[done:]) {
		t.Errorf("the rest is %d alerts, expected %d", len(got), len(sequences)-done)
	}
}

// A body that is slow holds up the server, and not this side's memory.
func TestBatchesAreBounded(t *testing.T) {
	server, client := serve(t, reference.Options{"maxBytes": 64 << 20})
	large := map[string]any{"rule": "large", "priority": "Notice", "output": strings.Repeat("x", 500_000)}
	for range 40 {
		server.Publish(large)
	}
	count := 0
	for batch, err := range client.GetBatches(limited(t), Broadcast()) {
		if err != nil {
			t.Fatal(err)
		}
		if len(batch) > 3 {
			t.Errorf("a batch has %d alerts of half a MiB", len(batch))
		}
		count += len(batch)
	}
	if count != 40 {
		t.Errorf("got %d alerts", count)
	}
}

func TestBatchesReconnect(t *testing.T) {
	server, _ := serve(t, nil)
	proxy := proxyTo(t, server.Address)
	client := clientOf(t, proxy.address)
	sequences := server.PublishNumbered(1, 2000)
	var got []uint64
	for batch, err := range client.SubBatches(limited(t), Broadcast(), After(0), soon) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, sequencesOf(batch)...)
		if len(got) == len(sequences) {
			break
		}
		proxy.cut()
	}
	if !slices.Equal(got, sequences) {
		t.Errorf("got %d alerts, expected all of %d in order", len(got), len(sequences))
	}
}

func TestBatchesWithInvalidOptions(t *testing.T) {
	_, client := serve(t, nil)
	for batch, err := range client.SubBatches(limited(t), Broadcast(), Group("a")) {
		if batch != nil || err == nil {
			t.Errorf("got %v, %v", batch, err)
		}
	}
}
