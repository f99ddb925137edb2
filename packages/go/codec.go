package falco

import (
	"fmt"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// response is a message from the server: an alert, or how far the log was scanned. err is set if the message could not
// be decoded; gRPC itself would report only the text of that error.
type response struct {
	alert Alert
	// The sequence number up to which the server has looked at its log; 0 for an alert.
	scanned uint64
	bytes   int
	err     error
}

// alertCodec encodes requests as usual, and decodes alerts.
type alertCodec struct{}

var _ encoding.CodecV2 = alertCodec{}

func (alertCodec) Marshal(v any) (mem.BufferSlice, error) {
	message, isMessage := v.(proto.Message)
	if !isMessage {
		return nil, fmt.Errorf("%T is not a message", v)
	}
	encoded, err := proto.Marshal(message)
	if err != nil {
		return nil, err
	}
	return mem.BufferSlice{mem.SliceBuffer(encoded)}, nil
}

func (alertCodec) Unmarshal(data mem.BufferSlice, v any) error {
	r, isResponse := v.(*response)
	if !isResponse {
		return fmt.Errorf("%T is not a response", v)
	}
	r.bytes = data.Len()
	if len(data) == 1 {
		r.scanned, r.err = r.alert.decode(data[0].ReadOnlyData())
	} else {
		r.scanned, r.err = r.alert.decode(data.Materialize())
	}
	return nil
}

// Name is empty, so that the content type is gRPC's plain one, as Falco knows it.
func (alertCodec) Name() string {
	return ""
}
