package falco

import (
	"fmt"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/falco-outputs/falco-outputs/packages/go/api/version"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// startFake answers as our server does, with the header, until the test ends. sub is told which call it is, from 1; its
// messages are encoded already.
func startFake(t *testing.T, sub func(call int, stream grpc.ServerStream) error) (address string) {
	t.Helper()
	path := filepath.Join(folder(t), "fake.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	serveFake(t, listener, sub)
	return "unix://" + path
}

func serveFake(t *testing.T, listener net.Listener, sub func(call int, stream grpc.ServerStream) error) {
	t.Helper()
	var calls atomic.Int32
	handle := func(_ any, stream grpc.ServerStream) error {
		method, _ := grpc.MethodFromServerStream(stream)
		if method == version.Service_Version_FullMethodName {
			_ = stream.SetHeader(metadata.Pairs(versionHeader, "1"))
			return status.Error(codes.Unavailable, "not known")
		}
		return sub(int(calls.Add(1)), stream)
	}
	server := grpc.NewServer(grpc.UnknownServiceHandler(handle), grpc.ForceServerCodecV2(rawCodec{}))
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // until it is stopped
	}()
	t.Cleanup(func() {
		server.Stop()
		<-served
	})
}

// rawCodec passes bytes on.
type rawCodec struct{}

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	message, isBytes := v.(*[]byte)
	if !isBytes {
		return fmt.Errorf("%T is not bytes", v)
	}
	*message = data.Materialize()
	return nil
}

func (rawCodec) Name() string { return "" }

// ours is the header of our server, with what else a test wants.
func ours(more ...string) metadata.MD {
	return metadata.Pairs(append([]string{versionHeader, "1"}, more...)...)
}
