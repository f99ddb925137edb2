package falco

import (
	"fmt"
	"os"
	"testing"

	"github.com/falco-outputs/falco-outputs/packages/go/internal/reference"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if options := os.Getenv(subscriberVariable); options != "" {
		runSubscriber(options)
		return
	}
	if address := os.Getenv(workerVariable); address != "" {
		runWorker(address)
		return
	}
	status := m.Run()
	reference.CloseShared()
	if err := goleak.Find(); err != nil && status == 0 {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}
