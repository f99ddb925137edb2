package falco

import (
	"context"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/falco-outputs/falco-outputs/packages/go/api/outputs"
	"github.com/falco-outputs/falco-outputs/packages/go/api/schema"
	"github.com/falco-outputs/falco-outputs/packages/go/api/version"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// oldFalco is a server that behaves as Falco 0.43 does, with all that our client has to live with: it knows none of our
// headers and options, answers sub only to requests, and sends headers only with the first alert.
type oldFalco struct {
	outputs.UnimplementedServiceServer
	address string
	server  *grpc.Server
	stopped chan struct{}
	stop    func()
	// Falco before 0.24 had none.
	hasVersion bool

	mu    sync.Mutex
	calls []string
	queue []string
	polls int
	// Whether an alert is there whenever it is asked.
	busy bool
}

// startOldFalco listens in a folder until it is stopped, or the test ends.
func startOldFalco(t *testing.T, folder string, hasVersion bool) *oldFalco {
	t.Helper()
	path := filepath.Join(folder, "falco.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	f := &oldFalco{
		address:    "unix://" + path,
		server:     grpc.NewServer(),
		stopped:    make(chan struct{}),
		hasVersion: hasVersion,
	}
	outputs.RegisterServiceServer(f.server, f)
	version.RegisterServiceServer(f.server, &oldVersion{falco: f})
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = f.server.Serve(listener) // until it is stopped
	}()
	f.stop = sync.OnceFunc(func() {
		close(f.stopped)
		f.server.GracefulStop()
		<-served
	})
	t.Cleanup(f.stop)
	return f
}

// raise queues alerts of these rules; they wait for a request.
func (f *oldFalco) raise(rules ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = append(f.queue, rules...)
}

func (f *oldFalco) raiseAtEachPoll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.busy = true
}

func (f *oldFalco) called() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

func (f *oldFalco) polled() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.polls
}

func (f *oldFalco) queued() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.queue)
}

func (f *oldFalco) Sub(stream grpc.BidiStreamingServer[outputs.Request, outputs.Response]) error {
	select {
	case <-f.stopped:
		// A client that comes back at once may be quicker than the news that this connection ends.
		return status.Error(codes.Unavailable, "stopping")
	default:
	}
	f.note("sub")
	// It ends only with its client, or when Falco stops.
	requests := make(chan struct{})
	go func() {
		for {
			if _, err := stream.Recv(); err != nil {
				return
			}
			select {
			case requests <- struct{}{}:
			case <-stream.Context().Done():
				return
			case <-f.stopped:
				return
			}
		}
	}()
	for {
		select {
		case <-requests:
			f.mu.Lock()
			f.polls++
			if f.busy {
				f.queue = append(f.queue, "busy")
			}
			f.mu.Unlock()
			if err := f.drain(stream.Send); err != nil {
				return err
			}
		case <-f.stopped:
			return nil
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}

func (f *oldFalco) Get(_ *outputs.Request, stream grpc.ServerStreamingServer[outputs.Response]) error {
	f.note("get")
	return f.drain(stream.Send)
}

func (f *oldFalco) drain(send func(*outputs.Response) error) error {
	f.mu.Lock()
	queue := f.queue
	f.queue = nil
	f.mu.Unlock()
	for _, rule := range queue {
		alert := &outputs.Response{Rule: rule, Priority: schema.Priority_NOTICE, SourceDeprecated: schema.Source_K8S_AUDIT}
		if err := send(alert); err != nil {
			return err
		}
	}
	return nil
}

func (f *oldFalco) note(call string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, call)
}

type oldVersion struct {
	version.UnimplementedServiceServer
	falco *oldFalco
}

func (v *oldVersion) Version(context.Context, *version.Request) (*version.Response, error) {
	v.falco.note("version")
	if !v.falco.hasVersion {
		return nil, status.Error(codes.Unimplemented, "")
	}
	return &version.Response{Version: "0.43.0", Minor: 43}, nil
}
