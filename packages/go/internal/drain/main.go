// Command drain takes alerts from the shared queue of a server, for packages/bench: drain ADDRESS COUNT. It prints how
// long that took, and how much of a processor, as JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
	"unicode/utf8"

	falco "github.com/falco-outputs/falco-outputs/packages/go"
)

type result struct {
	Alerts         int     `json:"alerts"`
	RuleCharacters int     `json:"ruleCharacters"`
	Seconds        float64 `json:"seconds"`
	CPUSeconds     float64 `json:"cpuSeconds"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 3 {
		return fmt.Errorf("usage: drain ADDRESS COUNT")
	}
	count, err := strconv.Atoi(os.Args[2])
	if err != nil {
		return err
	}
	client, err := falco.NewClient(falco.WithAddress(os.Args[1]))
	if err != nil {
		return err
	}
	var r result
	start, startCPU := time.Now(), cpuTime()
	for alert, err := range client.Sub(context.Background()) {
		if err != nil {
			return err
		}
		r.RuleCharacters += utf8.RuneCountInString(alert.Rule)
		if r.Alerts++; r.Alerts == count {
			break
		}
	}
	r.Seconds, r.CPUSeconds = time.Since(start).Seconds(), (cpuTime() - startCPU).Seconds()
	if err := client.Close(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
