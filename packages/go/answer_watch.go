package falco

import (
	"context"

	"google.golang.org/grpc/stats"
)

// answer is whether the server itself ended a call: gRPC does not tell its errors from those of the connection.
// It is written before the call's error is given, and read behind that.
type answer struct{ ended bool }

type answerKey struct{}

// answerWatch fills in the answer of each call that has one in its context.
type answerWatch struct{}

func (answerWatch) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

func (answerWatch) HandleRPC(ctx context.Context, event stats.RPCStats) {
	if _, isTrailer := event.(*stats.InTrailer); !isTrailer {
		return
	}
	if a, isKnown := ctx.Value(answerKey{}).(*answer); isKnown {
		a.ended = true
	}
}

func (answerWatch) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (answerWatch) HandleConn(context.Context, stats.ConnStats) {}
