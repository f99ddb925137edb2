// Prints Falco's alerts as they arrive, until Ctrl-C.
//
//	go run . [ADDRESS]    ADDRESS: unix:///path (default: where falco-outputs serve listens by default)
//
// Copied out of the repository, it takes the client from a clone until that is published:
//
//	go mod edit -replace github.com/falco-outputs/falco-outputs/packages/go=/path/to/clone/packages/go
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	falco "github.com/falco-outputs/falco-outputs/packages/go"
)

func main() {
	log.SetFlags(0)
	var options []falco.ClientOption
	if len(os.Args) > 1 {
		options = append(options, falco.WithAddress(os.Args[1]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := subscribe(ctx, options...); err != nil {
		log.Fatal(err)
	}
}

func subscribe(ctx context.Context, options ...falco.ClientOption) error {
	client, err := falco.NewClient(options...)
	if err != nil {
		return err
	}
	defer client.Close()
	// A broadcast takes nothing away from other subscribers.
	for alert, err := range client.Sub(ctx, falco.Broadcast()) {
		if err != nil {
			return err
		}
		// An alert quotes what an attacker typed: %q keeps control characters away from the terminal.
		fmt.Printf("%s %-13v %s %q\n", alert.Time.Format(time.RFC3339Nano), alert.Priority, alert.Rule, alert.Output)
	}
	return nil
}
