// Works through the alerts of a group, five at a time, and loses none. If this process dies, the alerts that it had not
// finished go to another member of the group, or come again when it is restarted. Ctrl-C and SIGTERM let it finish its
// work, so that a deployment repeats nothing.
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
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	falco "github.com/falco-outputs/falco-outputs/packages/go"
)

func main() {
	log.SetFlags(0)
	var options []falco.ClientOption
	if len(os.Args) > 1 {
		options = append(options, falco.WithAddress(os.Args[1]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := work(ctx, options...); err != nil {
		log.Fatal(err)
	}
}

// handle processes one alert: here, a call to a slow service.
func handle(alert *falco.Alert) error {
	time.Sleep(rand.N(20 * time.Millisecond))
	fmt.Println("handled", alert.Sequence, alert.Rule)
	return nil
}

func work(ctx context.Context, options ...falco.ClientOption) error {
	client, err := falco.NewClient(options...)
	if err != nil {
		return err
	}
	defer client.Close()
	// After a signal the loop gets no more alerts. It ends once all that it got are acknowledged, or after 10 s
	// (falco.DrainTimeout). If alerts are handled one at a time, falco.Acknowledge is enough.
	handlers := make(chan struct{}, 5)
	for alert, err := range client.Sub(ctx, falco.Group("tickets"), falco.AcknowledgeByHand()) {
		if err != nil {
			return err
		}
		handlers <- struct{}{}
		go func() {
			defer func() { <-handlers }()
			if err := handle(alert); err != nil {
				log.Printf("it will come again: %v", err)
				return
			}
			if counts, err := alert.Acknowledge(); err != nil || !counts {
				log.Printf("too late: alert %d comes again", alert.Sequence)
			}
		}()
	}
	return nil
}
