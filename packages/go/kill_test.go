package falco

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
)

// subscriberVariable makes the test binary a subscriber to the address that it names, for tests that kill it.
const subscriberVariable = "FALCO_TEST_SUBSCRIBER"

// runSubscriber prints the sequence number of each alert of a group, each before it is acknowledged.
func runSubscriber(address string) {
	client, err := NewClient(WithAddress(address))
	if err != nil {
		panic(err)
	}
	for alert, err := range client.Sub(context.Background(), Group("pager"), After(0), Acknowledge()) {
		if err != nil {
			panic(err)
		}
		fmt.Println(alert.Sequence)
	}
}

// kill -9 of a subscriber, again and again, loses nothing; what it had printed may come again.
func TestSubscriberKilled(t *testing.T) {
	server, client := serve(t, nil)
	// More than a subscriber can print before it is killed: its pipe holds about 4,000 lines.
	sequences := server.PublishNumbered(1, 20_000)
	printed := map[uint64]bool{}
	for round := range 4 {
		process := exec.Command(os.Args[0])
		process.Env = append(os.Environ(), subscriberVariable+"="+server.Address)
		process.Stderr = os.Stderr
		stdout, err := process.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = process.Process.Kill() }) // it is gone already, unless the test failed
		killed := false
		count := 0
		for lines := bufio.NewScanner(stdout); lines.Scan(); count++ {
			sequence, err := strconv.ParseUint(lines.Text(), 10, 64)
			if err != nil {
				break // a line that was cut off
			}
			printed[sequence] = true
			if count == 100+200*round {
				_ = process.Process.Kill()
				killed = true
			}
		}
		_ = process.Wait() // killed, as it says
		if !killed {
			t.Fatalf("round %d ended by itself with %d alerts", round, count)
		}
		server.WaitForSubscribers(0)
	}
	for _, sequence := range sequencesOf(all(t, client.Get(limited(t), Group("pager")))) {
		printed[sequence] = true
	}
	missing := slices.DeleteFunc(slices.Clone(sequences), func(sequence uint64) bool { return printed[sequence] })
	if len(missing) > 0 || len(printed) != len(sequences) {
		t.Errorf("%d of %d alerts are missing", len(missing), len(sequences))
	}
}
