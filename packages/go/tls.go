package falco

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
)

// TLS is mutual TLS, as Falco requires it. CA, Cert and Key are each the path of a PEM file, or PEM itself. Files are
// read again for each connection, so renewed certificates are used.
type TLS struct {
	// CA holds the authorities that sign the server's certificate.
	CA string
	// Cert is the client's certificate.
	Cert string
	// Key is the client's private key.
	Key string
	// ServerName is the name that the server's certificate must have. Default: the host of the address.
	ServerName string
}

// config reads the files. Its errors name the field, and the file.
func (t TLS) config() (*tls.Config, error) {
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
		return nil, tlsError(fmt.Sprintf("TLS: Cert and Key are not PEM that belongs together: %v", err), err)
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(ca) {
		return nil, tlsError("TLS.CA: it holds no certificate, expected those of the authorities as PEM", nil)
	}
	return &tls.Config{
		RootCAs:      authorities,
		Certificates: []tls.Certificate{identity},
		ServerName:   t.ServerName,
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

// secure holds the credentials of a connection over TLS, which are loaded again for each handshake.
type secure struct {
	config func() (*tls.Config, error)
	// The host of the address.
	host string
}

var _ credentials.TransportCredentials = (*secure)(nil)

// newSecure returns nil without TLS.
func newSecure(config *clientConfig, host string) (*secure, error) {
	switch {
	case config.tls != nil && config.tlsConfig != nil:
		return nil, invalid("WithTLS, WithTLSConfig: expected one of them")
	case config.tls != nil:
		// Report at once what cannot work.
		if _, err := config.tls.config(); err != nil {
			return nil, err
		}
		return &secure{config.tls.config, host}, nil
	case config.tlsConfig != nil:
		given := config.tlsConfig.Clone()
		return &secure{func() (*tls.Config, error) { return given.Clone(), nil }, host}, nil
	default:
		return nil, nil
	}
}

// ClientHandshake checks the server's certificate for the name that the configuration has, or else for the host.
func (s *secure) ClientHandshake(
	ctx context.Context, _ string, raw net.Conn,
) (net.Conn, credentials.AuthInfo, error) {
	config, err := s.config()
	if err != nil {
		return nil, nil, err
	}
	if config.ServerName == "" {
		config.ServerName = s.host
	}
	return credentials.NewTLS(config).ClientHandshake(ctx, config.ServerName, raw)
}

func (s *secure) ServerHandshake(net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return nil, nil, invalid("these credentials are a client's")
}

// Info has no server name: gRPC would require it to equal the authority, but the certificate may be for another name.
func (s *secure) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "tls"}
}

func (s *secure) Clone() credentials.TransportCredentials { return s }

func (s *secure) OverrideServerName(name string) error {
	s.host = name
	return nil
}
