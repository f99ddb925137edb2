package falco

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
)

// goingAway speaks as much HTTP/2 as it takes to answer the first call with a GOAWAY.
func goingAway(code uint32, debug string) func(net.Conn) {
	const (
		preface       = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
		headersType   = 1
		settingsType  = 4
		goAwayType    = 7
		acknowledging = 1
	)
	frame := func(kind, flags byte, payload []byte) []byte {
		length := len(payload)
		head := []byte{byte(length >> 16), byte(length >> 8), byte(length), kind, flags, 0, 0, 0, 0}
		return append(head, payload...)
	}
	return func(conn net.Conn) {
		_, _ = conn.Write(frame(settingsType, 0, nil))
		in := bufio.NewReader(conn)
		_, _ = in.Discard(len(preface))
		for {
			var head [9]byte
			if _, err := io.ReadFull(in, head[:]); err != nil {
				return
			}
			_, _ = in.Discard(int(head[0])<<16 | int(head[1])<<8 | int(head[2]))
			switch {
			case head[3] == settingsType && head[4]&acknowledging == 0:
				_, _ = conn.Write(frame(settingsType, acknowledging, nil))
			case head[3] == headersType:
				// The call is one that the server has seen.
				payload := binary.BigEndian.AppendUint32(nil, 1)
				payload = append(binary.BigEndian.AppendUint32(payload, code), debug...)
				_, _ = conn.Write(frame(goAwayType, 0, payload))
				return
			}
		}
	}
}

func TestGoAway(t *testing.T) {
	for expected, goAway := range map[string]struct {
		code  uint32
		debug string
	}{
		"the server closed the connection: it got too many pings (WithKeepAlive)": {11, "too_many_pings"},
		"the server closed the connection: ENHANCE_YOUR_CALM":                     {11, ""},
		"the server closed the connection: PROTOCOL_ERROR":                        {1, "what is this?"},
		messageClosed: {0, "max_age"},
	} {
		address := answering(t, "unix", filepath.Join(folder(t), "away.sock"), goingAway(goAway.code, goAway.debug))
		err := read(t, clientOf(t, address)).error(t)
		if err.Code != codes.Unavailable || err.FromServer || err.Message != expected {
			t.Errorf("%d %q: got %v: %v", goAway.code, goAway.debug, err.Code, err)
		}
		if strings.Contains(err.Message, "slowly") {
			t.Errorf("it is told as something else: %v", err)
		}
	}
}
