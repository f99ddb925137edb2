package falco

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestParseAddress(t *testing.T) {
	for text, expected := range map[string]string{
		"unix:///run/falco/falco.sock": "unix:///run/falco/falco.sock",
		"unix:/run/falco.sock":         "unix:///run/falco.sock",
		"unix:falco.sock":              "unix:falco.sock",
		"/run/falco.sock":              "unix:///run/falco.sock",
		"./falco.sock":                 "unix:./falco.sock",
		"localhost:5060":               "localhost:5060",
		"127.0.0.1:0":                  "127.0.0.1:0",
		"[::1]:65535":                  "[::1]:65535",
		"[fe80::1%eth0]:5060":          "[fe80::1%eth0]:5060",
	} {
		got, err := parseAddress(text)
		if err != nil || got.String() != expected {
			t.Errorf("%s: got %s, %v, expected %s", text, got, err, expected)
		}
	}
	for _, text := range []string{
		"", "unix:", "unix://", "localhost", "localhost:", ":5060", "localhost:65536", "localhost:-1", "::1:5060", "[::1]",
		"http://localhost:5060", "unix://tcp://x", "a b:1", "user@host:1",
	} {
		_, err := parseAddress(text)
		if status.Code(err) != codes.InvalidArgument {
			t.Errorf("%q: got %v, expected INVALID_ARGUMENT", text, err)
		}
	}
	if at, _ := parseAddress("[fe80::1%eth0]:5060"); at.authority() != "[fe80::1]:5060" {
		t.Errorf("the authority is %s", at.authority())
	}
}

func TestPriority(t *testing.T) {
	for name, expected := range map[string]Priority{
		"Emergency": 0, "ALERT": 1, "critical": 2, "Error": 3, "warning": 4, "NOTICE": 5, "Informational": 6, "info": 6, "Info": 6, "debug": 7,
	} {
		if got, err := ParsePriority(name); got != expected || err != nil {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	if _, err := ParsePriority("warn"); err == nil || err.Error() !=
		`priority: "warn", expected one of Emergency, Alert, Critical, Error, Warning, Notice, Informational, Debug` {
		t.Errorf("got %v", err)
	}
	if PriorityWarning.String() != "Warning" || Priority(9).String() != "9" || Priority(-1).String() != "-1" {
		t.Error("a name is wrong")
	}
	if !PriorityError.AtLeast(PriorityWarning) || !PriorityError.AtLeast(PriorityError) || PriorityDebug.AtLeast(PriorityError) {
		t.Error("the order is wrong")
	}
}

func TestInvalidClientOptions(t *testing.T) {
	pem := TLS{CA: "/nowhere/ca.crt", Cert: "/nowhere/client.crt", Key: "/nowhere/client.key"}
	for message, options := range map[string][]ClientOption{
		`address: "localhost", expected unix:///path, a path with a slash, or host:port`:             {WithAddress("localhost")},
		"address: localhost:5060 needs WithTLS (CA, Cert and Key) or WithTLSConfig, or WithInsecure": {WithAddress("localhost:5060")},
		"address: unix:///run/falco/falco.sock is a unix socket, which takes no TLS":                 {WithTLS(pem)},
		"WithConnectTimeout: 0s, expected more than 0":                                               {WithConnectTimeout(0)},
		"WithKeepAlive: 1ns, expected 10s or more":                                                   {WithKeepAlive(1)},
		"TLS.CA: empty, expected the path of a PEM file, or PEM":                                     {WithAddress("localhost:1"), WithTLS(TLS{})},
		`TLS.CA: "/nowhere/ca.crt" cannot be read: open /nowhere/ca.crt: no such file or directory`:  {WithAddress("localhost:1"), WithTLS(pem)},
	} {
		client, err := NewClient(options...)
		if client != nil || status.Code(err) != codes.InvalidArgument || err.Error() != message {
			t.Errorf("got %v, expected %s", err, message)
		}
	}
	client, err := NewClient()
	if err != nil {
		t.Fatal(err)
	}
	if client.tried("sub") != "sub on "+DefaultAddress {
		t.Errorf("the default is %s", client.tried("sub"))
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
}
