// Works off alerts of a group, five at a time, and loses none: what this process did not finish when it dies goes to
// another member of the group, or comes again when it is restarted.
//
//	go run . [ADDRESS]    ADDRESS: unix:///path (default: unix:///run/falco/falco.sock)
package main

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"
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
	if err := work(ctx, address); err != nil {
		log.Fatal(err)
	}
}

// handle is the work for each alert: here, a call to a slow service.
func handle(alert *falco.Alert) error {
	time.Sleep(rand.N(20 * time.Millisecond))
	fmt.Println("handled", alert.Sequence, alert.Rule)
	return nil
}

func work(ctx context.Context, address string) error {
	client, err := falco.NewClient(falco.WithAddress(address))
	if err != nil {
		return err
	}
	defer client.Close()
	// With one handler at a time, falco.Acknowledge does it all: an alert is done when the loop comes back.
	handlers := make(chan struct{}, 5)
	for alert, err := range client.Sub(ctx, falco.Group("tickets"), falco.AcknowledgeByHand()) {
		if err != nil {
			return err
		}
		handlers <- struct{}{}
		go func() {
			defer func() { <-handlers }()
			if err := handle(alert); err != nil {
				log.Printf("will come again: %v", err)
				return
			}
			client.Acknowledge(alert)
		}()
	}
	return nil
}
