package client_test

import (
	"context"
	"testing"

	falco "github.com/falco-outputs/falco-outputs/packages/go"
	"github.com/falco-outputs/falco-outputs/packages/go/api/outputs"
	"github.com/falco-outputs/falco-outputs/packages/go/client"
	"github.com/falco-outputs/falco-outputs/packages/go/internal/reference"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// An alert's message is the same whether it comes over gRPC or from its JSON.
func TestResponseFromJSON(t *testing.T) {
	noLeaks(t)
	server := reference.Serve(t, nil)
	c := connect(t, &client.Config{UnixSocketPath: server.Address})
	service, err := c.Outputs()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range append(reference.FixtureLines(t), `{"rule":"r","priority":"Notice"}`, `{"rule":"r","priority":"Notice","time":"0001-01-01T00:00:00Z"}`) {
		server.Publish(line)
		stream, err := service.Get(context.Background(), &outputs.Request{})
		if err != nil {
			t.Fatal(err)
		}
		expected, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		expected.Sequence = 0
		got, err := client.ResponseFromJSON([]byte(line.(string)))
		if err != nil || !proto.Equal(got, expected) {
			t.Errorf("got %v, %v\nexpected %v", got, err, expected)
		}
		if _, err := stream.Recv(); err == nil {
			t.Error("there is another alert")
		}
	}
	if _, err := client.ResponseFromJSON([]byte("{}")); status.Code(err) != codes.InvalidArgument {
		t.Errorf("got %v", err)
	}
	if got := client.ResponseOf(&falco.Alert{Rule: "r", Priority: falco.PriorityDebug}); got.GetRule() != "r" || got.GetPriority() != 7 || got.GetTime() != nil {
		t.Errorf("got %v", got)
	}
}
