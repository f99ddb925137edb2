package falco

import (
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
)

// address is where a server listens: on a unix socket if it has a path.
type address struct {
	path string
	// A name or an IP address, an IPv6 one without its brackets.
	host string
	port uint16
}

var (
	hostAndPort = regexp.MustCompile(`^(?:\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|([^:\[\]\s?#@\\%<>^|]+)):(\d{1,5})$`)
	scheme      = regexp.MustCompile(`^[a-z]+://`)
)

// parseAddress reads an address as Falco and gRPC write it: unix:///path, unix:path, a plain path (anything with a
// slash), or host:port ([::1]:5060 for IPv6).
func parseAddress(text string) (address, error) {
	path, isUnix := strings.CutPrefix(text, "unix://")
	if !isUnix {
		path, isUnix = strings.CutPrefix(text, "unix:")
	}
	if isUnix || strings.Contains(text, "/") {
		if path != "" && !scheme.MatchString(path) {
			return address{path: path}, nil
		}
	} else if match := hostAndPort.FindStringSubmatch(text); match != nil {
		if port, err := strconv.ParseUint(match[3], 10, 16); err == nil {
			return address{host: match[1] + match[2], port: uint16(port)}, nil
		}
	}
	return address{}, invalid(fmt.Sprintf("address: %q, expected unix:///path, a path with a slash, or host:port", text))
}

func (a address) isUnix() bool {
	return a.path != ""
}

// String returns the address as parseAddress reads it.
func (a address) String() string {
	switch {
	case strings.HasPrefix(a.path, "/"):
		return "unix://" + a.path
	case a.isUnix():
		return "unix:" + a.path
	default:
		return a.hostPort(a.host)
	}
}

func (a address) hostPort(host string) string {
	return net.JoinHostPort(host, strconv.Itoa(int(a.port)))
}

// authority is what HTTP/2 calls the server. It has no place for a path, nor for the zone of an IPv6 address.
func (a address) authority() string {
	if a.isUnix() {
		return "localhost"
	}
	host, _, _ := strings.Cut(a.host, "%")
	return a.hostPort(host)
}
