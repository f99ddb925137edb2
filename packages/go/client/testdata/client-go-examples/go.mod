// The examples of client-go, moved to this module, are built with this. The test adds where this module is.
module example/client-go-examples

go 1.24.0

require (
	github.com/falco-outputs/falco-outputs/packages/go v0.1.0
	github.com/gogo/protobuf v1.3.2
)

require (
	golang.org/x/net v0.26.0 // indirect
	golang.org/x/sys v0.21.0 // indirect
	golang.org/x/text v0.16.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20240604185151-ef581f913117 // indirect
	google.golang.org/grpc v1.66.2 // indirect
	google.golang.org/protobuf v1.36.0 // indirect
)
