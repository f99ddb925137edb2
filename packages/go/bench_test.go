package falco

import (
	"context"
	"testing"

	"github.com/falco-outputs/falco-outputs/packages/go/internal/reference"
)

// BenchmarkGet is the whole way of an alert: from the server's log to the body of the loop. The alerts are those of the
// fixtures, as many as the server retains.
func BenchmarkGet(b *testing.B) {
	const retained = 90_000
	server := reference.Serve(b, nil)
	lines := reference.FixtureLines(b)
	for published := 0; published < retained; published += len(lines) {
		server.Publish(lines...)
	}
	client, err := NewClient(WithAddress(server.Address))
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	b.ReportAllocs()
	for received := 0; b.Loop(); {
		// One iteration of the benchmark is one alert.
		if received > 0 {
			received--
			continue
		}
		for _, err := range client.Get(context.Background(), Broadcast()) {
			if err != nil {
				b.Fatal(err)
			}
			received++
		}
	}
}
