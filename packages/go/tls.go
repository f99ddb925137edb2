package falco

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"

	"google.golang.org/grpc/codes"
)

// TLS is mutual TLS, as Falco demands it. CA, Cert and Key are each the path of a PEM file, or PEM itself.
type TLS struct {
	// CA holds the authorities that sign the server's certificate.
	CA string
	// Cert is the client's certificate.
	Cert string
	// Key is the client's private key.
	Key string
	// ServerName is the name that the server's certificate has to carry. Default: the host of the address.
	ServerName string
}

// config reads the files. Their errors name the field, and the file.
func (t TLS) config(host string) (*tls.Config, error) {
	ca, err := readPEM("TLS.CA", t.CA)
	if err != nil {
		return nil, err
	}
	cert, err := readPEM("TLS.Cert", t.Cert)
	if err != nil {
		return nil, err
	}
	key, err := readPEM("TLS.Key", t.Key)
	if err != nil {
		return nil, err
	}
	identity, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, tlsError(fmt.Sprintf("TLS: Cert and Key are no PEM that belongs together: %v", err), err)
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(ca) {
		return nil, tlsError("TLS.CA: no certificate in it, expected those of the authorities as PEM", nil)
	}
	name := t.ServerName
	if name == "" {
		name = host
	}
	return &tls.Config{
		RootCAs:      authorities,
		Certificates: []tls.Certificate{identity},
		ServerName:   name,
		MinVersion:   tls.VersionTLS12,
	}, nil
}

func readPEM(field, value string) ([]byte, error) {
	if value == "" {
		return nil, tlsError(field+": empty, expected the path of a PEM file, or PEM", nil)
	}
	if strings.Contains(value, "-----BEGIN ") {
		return []byte(value), nil
	}
	text, err := os.ReadFile(value)
	if err != nil {
		return nil, tlsError(fmt.Sprintf("%s: %q cannot be read: %v", field, value, err), err)
	}
	return text, nil
}

func tlsError(message string, cause error) *Error {
	return &Error{Code: codes.InvalidArgument, Message: message, Cause: cause}
}
