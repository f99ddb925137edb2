// Prints Falco's alerts as Falco posts them, with no server in between: for a program that subscribed over gRPC, which
// Falco 0.44 no longer has.
//
//	go run . [ADDRESS]    ADDRESS: host:port (default: 127.0.0.1:8080)
//
// and in falco.yaml:
//
//	json_output: true
//	http_output: { enabled: true, url: "http://127.0.0.1:8080/" }
//
// Copied out of the repository, it takes the client from a clone until that is published:
//
//	go mod edit -replace github.com/falco-outputs/falco-outputs/packages/go=/path/to/clone/packages/go
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	falco "github.com/falco-outputs/falco-outputs/packages/go"
	"github.com/falco-outputs/falco-outputs/packages/go/falcohttp"
)

func main() {
	log.SetFlags(0)
	// Only this machine can reach a loopback address. Anyone who reaches it can raise alerts.
	address := "127.0.0.1:8080"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/\n", listener.Addr())
	server := &http.Server{Handler: falcohttp.Handler(show), ReadTimeout: 10 * time.Second}
	log.Fatal(server.Serve(listener))
}

// show may be called by several goroutines at once. Falco waits until it returns.
func show(alert *falco.Alert) error {
	// An alert quotes what an attacker typed: %q keeps control characters away from the terminal.
	_, err := fmt.Printf("%s %-13v %s %q\n", alert.Time.Format(time.RFC3339Nano), alert.Priority, alert.Rule, alert.Output)
	return err
}
