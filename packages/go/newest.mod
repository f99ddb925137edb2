// The newest gRPC that Go 1.25 takes; go.mod has the oldest that this module works with. The conformance cases run with these.

module github.com/falco-outputs/falco-outputs/packages/go

go 1.25.0

require (
	go.uber.org/goleak v1.3.0
	google.golang.org/grpc v1.84.0
	google.golang.org/protobuf v1.36.12
)

require (
	golang.org/x/net v0.57.0 // indirect
	golang.org/x/sys v0.47.0 // indirect
	golang.org/x/text v0.40.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260706201446-f0a921348800 // indirect
)
