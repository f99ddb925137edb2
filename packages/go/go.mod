module github.com/falco-outputs/falco-outputs/packages/go

go 1.24.0

require (
	go.uber.org/goleak v1.3.0
	google.golang.org/grpc v1.66.2
	google.golang.org/protobuf v1.36.0
)

require (
	golang.org/x/net v0.26.0 // indirect
	golang.org/x/sys v0.21.0 // indirect
	golang.org/x/text v0.16.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20240604185151-ef581f913117 // indirect
)
