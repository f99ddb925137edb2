// Prints Falco's alerts as they arrive, until Ctrl-C.
//
//	go run . [ADDRESS]    ADDRESS: unix:///path (default: unix:///run/falco/falco.sock)
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
	address := falco.DefaultAddress
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := subscribe(ctx, address); err != nil {
		log.Fatal(err)
	}
}

func subscribe(ctx context.Context, address string) error {
	client, err := falco.NewClient(falco.WithAddress(address))
	if err != nil {
		return err
	}
	defer client.Close()
	for alert, err := range client.Sub(ctx) {
		if err != nil {
			return err
		}
		// An alert quotes what an attacker typed: %q keeps control characters away from the terminal.
		fmt.Printf("%s %-13v %s %q\n", alert.Time.Format(time.RFC3339Nano), alert.Priority, alert.Rule, alert.Output)
	}
	return nil
}
