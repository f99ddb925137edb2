package falcohttp

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf16"
)

const (
	// The largest body, as it comes and inflated. Falco posts one alert at a time.
	maxBodyBytes = 4 * 1024 * 1024
	// A body up to this size is never refused for the sake of others. An alert of Falco's has about 1,000 bytes.
	smallBodyBytes = 64 * 1024
	// How many larger ones there may be at once: 64 MiB.
	maxLargeBodies = 16
)

// refusal is why a body is not read, or not to its end.
type refusal struct {
	status int
	reason string
	// The rest of the body is not read.
	closes bool
}

var (
	tooLarge = &refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", maxBodyBytes), true}
	tooMany  = &refusal{http.StatusServiceUnavailable, "too many large bodies arrive at once", true}
)

// codingOf reports whether the content-encoding is known.
func codingOf(name string) (isGzip, isKnown bool) {
	switch strings.ToLower(name) {
	case "", "identity":
		return false, true
	case "gzip", "x-gzip":
		return true, true
	default:
		return false, false
	}
}

// read returns a whole body, whose memory is released after its use.
func (h *handler) read(from io.Reader, isGzip bool) (body []byte, release func(), refused *refusal) {
	release = func() {}
	// Of what inflates, only its end tells how large it is.
	if !isGzip {
		var small bytes.Buffer
		_, err := io.CopyN(&small, from, smallBodyBytes+1)
		if errors.Is(err, io.EOF) {
			return small.Bytes(), release, nil
		}
		if err != nil {
			return nil, release, brokenOff(err)
		}
		from = io.MultiReader(&small, from)
	}
	select {
	case h.large <- struct{}{}:
		release = func() { <-h.large }
	default:
		return nil, release, tooMany
	}
	if isGzip {
		body, refused = inflate(from)
		return body, release, refused
	}
	body, err := io.ReadAll(io.LimitReader(from, maxBodyBytes+1))
	if err != nil {
		return nil, release, brokenOff(err)
	}
	if len(body) > maxBodyBytes {
		return nil, release, tooLarge
	}
	return body, release, nil
}

func inflate(from io.Reader) ([]byte, *refusal) {
	compressed := &io.LimitedReader{R: from, N: maxBodyBytes + 1}
	reader, err := gzip.NewReader(compressed)
	var body []byte
	if err == nil {
		body, err = io.ReadAll(io.LimitReader(reader, maxBodyBytes+1))
	}
	switch {
	case compressed.N <= 0, len(body) > maxBodyBytes:
		return nil, tooLarge
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
		fallthrough
	case err != nil:
		return nil, &refusal{http.StatusBadRequest, "the body is not gzip: " + err.Error(), true}
	}
	return body, nil
}

func brokenOff(err error) *refusal {
	var limit *http.MaxBytesError
	if errors.As(err, &limit) {
		return tooLarge
	}
	return &refusal{http.StatusBadRequest, "the body broke off", true}
}

// toUTF8 returns a body without a byte order mark, and decodes UTF-16 that has one: PowerShell's > writes that.
func toUTF8(body []byte) []byte {
	switch {
	case bytes.HasPrefix(body, []byte{0xEF, 0xBB, 0xBF}):
		return body[3:]
	case bytes.HasPrefix(body, []byte{0xFF, 0xFE}):
		return fromUTF16(body[2:], binary.LittleEndian)
	case bytes.HasPrefix(body, []byte{0xFE, 0xFF}):
		return fromUTF16(body[2:], binary.BigEndian)
	default:
		return body
	}
}

func fromUTF16(body []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, 0, len(body)/2+1)
	for ; len(body) >= 2; body = body[2:] {
		units = append(units, order.Uint16(body))
	}
	if len(body) > 0 {
		units = append(units, '\uFFFD')
	}
	return []byte(string(utf16.Decode(units)))
}
