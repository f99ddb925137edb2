package falco

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// workerVariable makes the test binary a worker for the group at the address that it names.
const workerVariable = "FALCO_TEST_WORKER"

// runWorker has ten handlers that are slow. It prints the sequence number of each alert that one is done with, and ends
// after SIGTERM once all of them are.
func runWorker(address string) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	client, err := NewClient(WithAddress(address))
	if err != nil {
		panic(err)
	}
	slots := make(chan struct{}, 10)
	var mu sync.Mutex
	for alert, err := range client.Sub(ctx, Group("tickets"), After(0), AcknowledgeByHand()) {
		if err != nil {
			panic(err)
		}
		slots <- struct{}{}
		go func() {
			time.Sleep(5 * time.Millisecond)
			mu.Lock()
			fmt.Println(alert.Sequence)
			mu.Unlock()
			if counts, err := alert.Acknowledge(); err != nil || !counts {
				panic(fmt.Sprintf("%d does not count: %v", alert.Sequence, err))
			}
			<-slots
		}()
	}
	if err := client.Close(); err != nil {
		panic(err)
	}
}

// worker is a process with runWorker.
type worker struct {
	process *exec.Cmd
	stdout  io.Reader
}

func startWorker(t *testing.T, address string) *worker {
	t.Helper()
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), workerVariable+"="+address)
	process.Stderr = os.Stderr
	stdout, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	return &worker{process, stdout}
}

func (w *worker) stop(t *testing.T) {
	t.Helper()
	if err := w.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
}

// Each worker is stopped by SIGTERM and replaced, as in a deployment: every alert is handled once.
func TestGracefulDeploy(t *testing.T) {
	server, client := serve(t, nil)
	sequences := server.PublishNumbered(1, 1000)
	handled := map[uint64]int{}
	total := 0
	for round := 1; total < len(sequences); round++ {
		w := startWorker(t, server.Address)
		goal := min(len(sequences), total+300)
		for lines := bufio.NewScanner(w.stdout); lines.Scan(); {
			sequence, err := strconv.ParseUint(lines.Text(), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			handled[sequence]++
			if total++; total == goal {
				w.stop(t)
			}
		}
		if err := w.process.Wait(); err != nil {
			t.Fatalf("round %d ended with %v", round, err)
		}
	}
	for _, sequence := range sequences {
		if handled[sequence] != 1 {
			t.Errorf("alert %d was handled %d times", sequence, handled[sequence])
		}
	}
	if total != len(sequences) {
		t.Errorf("%d alerts were handled, expected %d", total, len(sequences))
	}
	server.WaitForSubscribers(0)
	if left := all(t, client.Get(limited(t), Group("tickets"))); len(left) > 0 {
		t.Errorf("%d alerts are left", len(left))
	}
}
