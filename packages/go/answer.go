package falco

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc/stats"
)

// answer records whether the server ended a call with a status: gRPC's errors do not show whether they are the server's
// or the connection's. It is atomic because a deadline may end the call while the server's status arrives.
type answer struct{ ended atomic.Bool }

type answerKey struct{}

// answerWatch fills in the answer of each call that has one in its context.
type answerWatch struct{}

func (answerWatch) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

func (answerWatch) HandleRPC(ctx context.Context, event stats.RPCStats) {
	if _, isTrailer := event.(*stats.InTrailer); !isTrailer {
		return
	}
	if a, isKnown := ctx.Value(answerKey{}).(*answer); isKnown {
		a.ended.Store(true)
	}
}

func (answerWatch) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (answerWatch) HandleConn(context.Context, stats.ConnStats) {}
