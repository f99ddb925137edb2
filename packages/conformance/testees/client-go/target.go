package main

import (
	"context"
	"fmt"
	"net"
	"reflect"
	"strconv"
	"strings"

	"github.com/falcosecurity/client-go/pkg/client"
)

// target is where and how to connect.
type target struct {
	Address string    `json:"address"`
	TLS     *tlsFiles `json:"tls"`
}

type tlsFiles struct {
	CA   string `json:"ca"`
	Cert string `json:"cert"`
	Key  string `json:"key"`
}

// connect keeps the client for as long as the lines name the same target.
func (t *testee) connect(where target) error {
	if t.client != nil && reflect.DeepEqual(where, t.current) {
		return nil
	}
	if t.client != nil {
		if err := t.client.Close(); err != nil {
			return err
		}
		t.client = nil
	}
	config, err := configOf(where)
	if err != nil {
		return err
	}
	t.client, err = client.NewForConfig(context.Background(), config)
	t.current = where
	return err
}

func configOf(where target) (*client.Config, error) {
	if strings.HasPrefix(where.Address, "unix:") {
		return &client.Config{UnixSocketPath: where.Address}, nil
	}
	host, port, err := net.SplitHostPort(where.Address)
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, err
	}
	if where.TLS == nil {
		return nil, fmt.Errorf("%s: client-go has no TCP without TLS", where.Address)
	}
	return &client.Config{
		Hostname:   host,
		Port:       uint16(number),
		CARootFile: where.TLS.CA,
		CertFile:   where.TLS.Cert,
		KeyFile:    where.TLS.Key,
	}, nil
}
