package falco

import (
	"fmt"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// alertCodec encodes requests as ever, and decodes alerts.
type alertCodec struct{}

var _ encoding.CodecV2 = alertCodec{}

func (alertCodec) Marshal(v any) (mem.BufferSlice, error) {
	message, isMessage := v.(proto.Message)
	if !isMessage {
		return nil, fmt.Errorf("%T is no message", v)
	}
	encoded, err := proto.Marshal(message)
	if err != nil {
		return nil, err
	}
	return mem.BufferSlice{mem.SliceBuffer(encoded)}, nil
}

func (alertCodec) Unmarshal(data mem.BufferSlice, v any) error {
	alert, isAlert := v.(*Alert)
	if !isAlert {
		return fmt.Errorf("%T is no alert", v)
	}
	if len(data) == 1 {
		return alert.decode(data[0].ReadOnlyData())
	}
	return alert.decode(data.Materialize())
}

// Name is empty, so that the content type is gRPC's plain one, as Falco knows it.
func (alertCodec) Name() string {
	return ""
}
