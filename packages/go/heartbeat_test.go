package falco

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/falco-outputs/falco-outputs/packages/go/api/outputs"
	"github.com/falco-outputs/falco-outputs/packages/go/internal/reference"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// scanWatch knows how far the server said that it had scanned its log.
type scanWatch struct{ scanned atomic.Uint64 }

func (w *scanWatch) HandleRPC(_ context.Context, event stats.RPCStats) {
	if in, isIn := event.(*stats.InPayload); isIn {
		if r, isResponse := in.Payload.(*response); isResponse && r.scanned != 0 {
			w.scanned.Store(r.scanned)
		}
	}
}

func (*scanWatch) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (*scanWatch) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (*scanWatch) HandleConn(context.Context, stats.ConnStats)                       {}

// What a filter passed over is not lost, though the log no longer has it.
func TestFilteredBroadcastReconnectsAfterScanned(t *testing.T) {
	noLeaks(t)
	server := reference.Serve(t, reference.Options{"maxAlerts": 10, "heartbeatIntervalMs": 100})
	proxy := proxyTo(t, server.Address)
	watch := &scanWatch{}
	client := clientOf(t, proxy.address, WithDialOptions(grpc.WithStatsHandler(watch)))
	subscriber := read(t, client, Broadcast(), Rules("wanted"), soon)
	subscriber.waitForTypes(t, "connected", 1)
	server.WaitForSubscribers(1)
	for round := 1; round <= 3; round++ {
		sequences := server.PublishNumbered(1, 100)
		eventually(t, "the log is scanned", func() bool { return watch.scanned.Load() == sequences[99] })
		proxy.cut()
		subscriber.waitForTypes(t, "resumed", round)
	}
	server.WaitForSubscribers(1)
	server.Publish(reference.Alert{Rule: "wanted", Priority: "Notice"})
	subscriber.waitForRules(t, "wanted")
	if subscriber.count("lost") > 0 {
		t.Errorf("it told %s", subscriber.types())
	}
}

// scripted sends these messages on the first call of sub, and ends it; the second call is refused. It returns the
// requests.
func scripted(t *testing.T, messages ...*outputs.Response) (address string, requests func() []*outputs.Request) {
	t.Helper()
	var mu sync.Mutex
	var asked []*outputs.Request
	address = startFake(t, func(call int, stream grpc.ServerStream) error {
		var encoded []byte
		if err := stream.RecvMsg(&encoded); err != nil {
			return err
		}
		var request outputs.Request
		if err := proto.Unmarshal(encoded, &request); err != nil {
			return err
		}
		mu.Lock()
		asked = append(asked, &request)
		mu.Unlock()
		if call == 2 {
			return status.Error(codes.PermissionDenied, "enough")
		}
		if err := stream.SendHeader(ours(positionHeader, "7", windowHeader, "16")); err != nil {
			return err
		}
		for _, message := range messages {
			if err := stream.SendMsg(encode(t, message)); err != nil {
				return err
			}
		}
		return status.Error(codes.Unavailable, "away")
	})
	return address, func() []*outputs.Request {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(asked)
	}
}

func TestScannedIsNotAnAlert(t *testing.T) {
	noLeaks(t)
	messages := []*outputs.Response{{Scanned: 20}, {Rule: "a", Sequence: 21}, {Scanned: 30}, {Scanned: 40}, {Scanned: 35}}
	for name, one := range map[string]struct {
		options []StreamOption
		after   uint64
	}{
		"a broadcast": {[]StreamOption{Broadcast()}, 40},
		"a group":     {[]StreamOption{Group("pager"), Acknowledge()}, 21},
	} {
		t.Run(name, func(t *testing.T) {
			for _, inBatches := range []bool{false, true} {
				address, requests := scripted(t, messages...)
				client := clientOf(t, address)
				options := append(slices.Clone(one.options), soon)
				var rules []string
				if inBatches {
					for batch := range client.SubBatches(limited(t), options...) {
						rules = append(rules, rulesOf(batch)...)
					}
				} else {
					for alert, err := range client.Sub(limited(t), options...) {
						if err == nil {
							rules = append(rules, alert.Rule)
						}
					}
				}
				if !slices.Equal(rules, []string{"a"}) {
					t.Errorf("the loop got %v", rules)
				}
				if got := requests()[1].GetAfter(); got != one.after {
					t.Errorf("it came back after %d, expected %d", got, one.after)
				}
			}
		})
	}
}

// Heartbeats are kept as one while a loop is busy.
func TestIntakeKeepsTheLatestHeartbeat(t *testing.T) {
	responses := make(chan *response)
	i := newIntake(func() (*response, error) {
		r, isOpen := <-responses
		if !isOpen {
			return nil, errClosed
		}
		return r, nil
	})
	for scanned := range uint64(3 * maxTakenAlerts) {
		responses <- &response{scanned: scanned + 1}
	}
	responses <- &response{alert: Alert{Rule: "a"}}
	close(responses)
	<-i.done
	r, err := i.next()
	if err != nil || r.scanned != 3*maxTakenAlerts {
		t.Errorf("got %+v, %v", r, err)
	}
	if r := i.poll(); r == nil || r.alert.Rule != "a" {
		t.Errorf("got %+v", r)
	}
}

func TestSilenceEndsACall(t *testing.T) {
	noLeaks(t)
	address := startFake(t, func(_ int, stream grpc.ServerStream) error {
		if err := stream.SendHeader(ours(positionHeader, "7", heartbeatHeader, "100")); err != nil {
			return err
		}
		<-stream.Context().Done()
		return stream.Context().Err()
	})
	for _, err := range clientOf(t, address).Get(limited(t), Broadcast()) {
		known, isOurs := knownError(err)
		if !isOurs || known.Code != codes.Unavailable || !strings.Contains(known.Message, "nothing was heard for 300 ms") {
			t.Errorf("got %v", err)
		}
	}
}

func TestSilenceIsNotWatchedWhileTheLoopIsBusy(t *testing.T) {
	noLeaks(t)
	address := startFake(t, func(_ int, stream grpc.ServerStream) error {
		if err := stream.SendHeader(ours(positionHeader, "7", heartbeatHeader, "100")); err != nil {
			return err
		}
		for sequence := uint64(8); sequence <= 9; sequence++ {
			if err := stream.SendMsg(encode(t, &outputs.Response{Rule: "a", Sequence: sequence})); err != nil {
				return err
			}
		}
		return nil
	})
	count := 0
	for _, err := range clientOf(t, address).Get(limited(t), Broadcast()) {
		if err != nil {
			t.Fatal(err)
		}
		count++
		time.Sleep(400 * time.Millisecond) // the work
	}
	if count != 2 {
		t.Errorf("got %d alerts, expected 2", count)
	}
}

func TestSilenceLimit(t *testing.T) {
	for interval, expected := range map[uint64]time.Duration{
		0: 0, 99: 0, 100: 300 * time.Millisecond, 15_000: 45 * time.Second, 3_600_000: 3 * time.Hour, 3_600_001: 0, 1<<64 - 1: 0,
	} {
		if got := silenceLimit(interval); got != expected {
			t.Errorf("%d ms: got %v, expected %v", interval, got, expected)
		}
	}
}
