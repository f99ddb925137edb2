// Command drain takes alerts from the queue of a server with client-go, unmodified: drain get|watch ADDRESS COUNT. It
// prints how long that took, and how much of a processor, as JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/falcosecurity/client-go/pkg/api/outputs"
	"github.com/falcosecurity/client-go/pkg/client"
)

type result struct {
	Alerts         int     `json:"alerts"`
	RuleCharacters int     `json:"ruleCharacters"`
	Seconds        float64 `json:"seconds"`
	CPUSeconds     float64 `json:"cpuSeconds"`
}

// How long OutputsWatch is idle before it asks for alerts, as its users have it.
const watchInterval = time.Second

var errEnough = errors.New("enough")

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 4 {
		return fmt.Errorf("usage: drain get|watch ADDRESS COUNT")
	}
	count, err := strconv.Atoi(os.Args[3])
	if err != nil {
		return err
	}
	falco, err := client.NewForConfig(context.Background(), &client.Config{UnixSocketPath: os.Args[2]})
	if err != nil {
		return err
	}
	var r result
	take := func(alert *outputs.Response) error {
		r.RuleCharacters += utf8.RuneCountInString(alert.Rule)
		if r.Alerts++; r.Alerts == count {
			return errEnough
		}
		return nil
	}
	start, startCPU := time.Now(), cpuTime()
	if os.Args[1] == "watch" {
		err = falco.OutputsWatch(context.Background(), take, watchInterval)
	} else {
		err = get(falco, take)
	}
	if !errors.Is(err, errEnough) {
		return fmt.Errorf("it ended after %d alerts: %w", r.Alerts, err)
	}
	r.Seconds, r.CPUSeconds = time.Since(start).Seconds(), (cpuTime() - startCPU).Seconds()
	return json.NewEncoder(os.Stdout).Encode(r)
}

func get(falco *client.Client, take func(*outputs.Response) error) error {
	api, err := falco.Outputs()
	if err != nil {
		return err
	}
	stream, err := api.Get(context.Background(), &outputs.Request{})
	if err != nil {
		return err
	}
	for {
		alert, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		if err := take(alert); err != nil {
			return err
		}
	}
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
