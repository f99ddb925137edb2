// Package client has the names of github.com/falcosecurity/client-go/pkg/client, so that a program written for it
// needs only new import paths:
//
//	github.com/falcosecurity/client-go/pkg/client      -> github.com/falco-outputs/falco-outputs/packages/go/client
//	github.com/falcosecurity/client-go/pkg/api/outputs -> github.com/falco-outputs/falco-outputs/packages/go/api/outputs
//	github.com/falcosecurity/client-go/pkg/api/schema  -> github.com/falco-outputs/falco-outputs/packages/go/api/schema
//	github.com/falcosecurity/client-go/pkg/api/version -> github.com/falco-outputs/falco-outputs/packages/go/api/version
//
// These differences remain:
//   - Config.InsecureSkipMutualTLSAuth has an effect.
//   - OutputsWatch leaks no goroutine.
//   - version.Response follows Falco since 0.38: EngineVersion is text, and the number that it used to be is EngineMinor.
//
// A program may use this package beside package falco, which is for new programs, but not beside client-go: the same
// protobuf symbols would register twice.
package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"github.com/falco-outputs/falco-outputs/packages/go/api/outputs"
	"github.com/falco-outputs/falco-outputs/packages/go/api/version"
	"github.com/falco-outputs/falco-outputs/packages/go/internal/module"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// Client is a connection to a server of Falco's alerts. NewForConfig makes one.
type Client struct {
	conn *grpc.ClientConn
}

// Config says where the server is: on a unix socket, or else on a host and port with mutual TLS.
type Config struct {
	// Hostname is the server's host, and the name that its certificate must have.
	Hostname string
	// Port is 5060 by Falco's default.
	Port uint16
	// CertFile and KeyFile are the client's certificate and private key, as PEM.
	CertFile string
	KeyFile  string
	// CARootFile holds the authorities that sign the server's certificate, as PEM.
	CARootFile string
	// UnixSocketPath is the socket as gRPC writes it, unix:///path. With it, the fields above are not used.
	UnixSocketPath string
	// DialOptions go to gRPC, before those that this package sets.
	DialOptions []grpc.DialOption
	// InsecureSkipMutualTLSAuth turns off the check of the server's certificate; CARootFile is not read. CertFile and
	// KeyFile may then be empty, for a server that requires no client certificate.
	InsecureSkipMutualTLSAuth bool
}

// What one connection, and one stream of it, may have in flight; gRPC's own windows cost throughput.
const (
	connectionWindowBytes = 4 * 1024 * 1024
	streamWindowBytes     = 1024 * 1024
)

// NewForConfig makes a client. The connection is made in the background, unless DialOptions say grpc.WithBlock.
func NewForConfig(ctx context.Context, config *Config) (*Client, error) {
	target := config.UnixSocketPath
	transport := insecure.NewCredentials()
	if target == "" {
		tlsConfig, err := config.tls()
		if err != nil {
			return nil, err
		}
		target = net.JoinHostPort(config.Hostname, strconv.Itoa(int(config.Port)))
		transport = credentials.NewTLS(tlsConfig)
	}
	options := []grpc.DialOption{
		grpc.WithUserAgent(module.UserAgent),
		grpc.WithInitialConnWindowSize(connectionWindowBytes),
		grpc.WithInitialWindowSize(streamWindowBytes),
	}
	options = append(options, config.DialOptions...)
	options = append(options, grpc.WithTransportCredentials(transport))
	//lint:ignore SA1019 grpc.NewClient passes over WithBlock and its like, which programs give in DialOptions
	conn, err := grpc.DialContext(ctx, target, options...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", target, err)
	}
	return &Client{conn: conn}, nil
}

func (c *Config) tls() (*tls.Config, error) {
	config := &tls.Config{
		ServerName:         c.Hostname,
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: c.InsecureSkipMutualTLSAuth,
	}
	if !c.InsecureSkipMutualTLSAuth || c.CertFile != "" || c.KeyFile != "" {
		identity, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("CertFile %q, KeyFile %q: %w", c.CertFile, c.KeyFile, err)
		}
		config.Certificates = []tls.Certificate{identity}
	}
	if c.InsecureSkipMutualTLSAuth {
		return config, nil
	}
	authorities, err := os.ReadFile(c.CARootFile)
	if err != nil {
		return nil, fmt.Errorf("CARootFile: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(authorities) {
		return nil, fmt.Errorf("CARootFile %q: it holds no certificate, expected those of the authorities as PEM", c.CARootFile)
	}
	return config, nil
}

// Outputs returns the service of alerts: Sub and Get are streams of them.
func (c *Client) Outputs() (outputs.ServiceClient, error) {
	if c.conn == nil {
		return nil, errNoConnection
	}
	return outputs.NewServiceClient(c.conn), nil
}

// Version returns the service for Falco's version.
func (c *Client) Version() (version.ServiceClient, error) {
	if c.conn == nil {
		return nil, errNoConnection
	}
	return version.NewServiceClient(c.conn), nil
}

// Close ends the connection, and every stream on it.
func (c *Client) Close() error {
	if c.conn == nil {
		return errNoConnection
	}
	return c.conn.Close()
}

var errNoConnection = errors.New("this client has no connection: NewForConfig makes one")
