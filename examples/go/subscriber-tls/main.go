// Prints Falco's alerts as JSON from a server on another machine, over mutual TLS, until Ctrl-C.
//
//	go run . ADDRESS FOLDER    ADDRESS: host:port; FOLDER holds ca.crt, client.crt and client.key
//
// Copied out of the repository, it takes the client from a clone until that is published:
//
//	go mod edit -replace github.com/falco-outputs/falco-outputs/packages/go=/path/to/clone/packages/go
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"

	falco "github.com/falco-outputs/falco-outputs/packages/go"
)

func main() {
	log.SetFlags(0)
	address, folder := "localhost:5060", "/etc/falco/certs"
	if len(os.Args) > 2 {
		address, folder = os.Args[1], os.Args[2]
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := subscribe(ctx, address, folder)
	// The message says what was tried and what to do about it, such as a wrong name or an expired certificate.
	var failure *falco.Error
	if errors.As(err, &failure) {
		log.Fatalf("%v: %v", failure.Code, failure)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func subscribe(ctx context.Context, address, folder string) error {
	client, err := falco.NewClient(falco.WithAddress(address), falco.WithTLS(falco.TLS{
		CA:   filepath.Join(folder, "ca.crt"),
		Cert: filepath.Join(folder, "client.crt"),
		Key:  filepath.Join(folder, "client.key"),
	}))
	if err != nil {
		return err
	}
	defer client.Close()
	// A broadcast takes nothing away from other subscribers.
	for alert, err := range client.Sub(ctx, falco.Broadcast()) {
		if err != nil {
			return err
		}
		fmt.Println(alert.JSON())
	}
	return nil
}
