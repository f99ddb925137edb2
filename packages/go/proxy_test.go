package falco

import (
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// proxy is what a network can do to the connections between a client and a server.
type proxy struct {
	address string
	target  string

	mu sync.Mutex
	// Ends new connections at once.
	refusing bool
	accepted int
	conns    map[net.Conn]*gate
}

// gate is open until it is closed for good; who writes then waits for the end of the connection.
type gate struct {
	to     io.Writer
	closed chan struct{}
	ended  chan struct{}
}

func (g *gate) Write(b []byte) (int, error) {
	select {
	case <-g.closed:
		<-g.ended
		return 0, net.ErrClosed
	default:
		return g.to.Write(b)
	}
}

// proxyTo is a proxy in front of a unix socket, until the test ends.
func proxyTo(t *testing.T, address string) *proxy {
	t.Helper()
	path := filepath.Join(folder(t), "proxy.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{address: "unix://" + path, target: strings.TrimPrefix(address, "unix://"), conns: map[net.Conn]*gate{}}
	var running sync.WaitGroup
	running.Add(1)
	go func() {
		defer running.Done()
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Add(1)
			go func() {
				defer running.Done()
				p.forward(conn)
			}()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		p.refuse(true)
		p.cut()
		running.Wait()
	})
	return p
}

func (p *proxy) forward(conn net.Conn) {
	defer conn.Close()
	p.mu.Lock()
	p.accepted++
	p.mu.Unlock()
	behind, err := net.Dial("unix", p.target)
	if err != nil {
		return
	}
	defer behind.Close()
	p.mu.Lock()
	if p.refusing {
		p.mu.Unlock()
		return
	}
	passing := &gate{closed: make(chan struct{}), ended: make(chan struct{})}
	p.conns[conn] = passing
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.conns, conn)
		p.mu.Unlock()
	}()
	done := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{conn, behind}, {behind, conn}} {
		go func() {
			_, _ = io.Copy(&gate{pair[0], passing.closed, passing.ended}, pair[1]) // ends with either side
			done <- struct{}{}
		}()
	}
	<-done
	_ = conn.Close()
	_ = behind.Close()
	<-done
}

// cut ends the open connections; new ones are let through.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn, passing := range p.conns {
		_ = conn.Close()
		delete(p.conns, conn)
		close(passing.ended)
	}
}

// silence passes nothing more on, and closes nothing, on the open connections; new ones are let through.
func (p *proxy) silence() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, passing := range p.conns {
		close(passing.closed)
	}
}

// connections is how many there were.
func (p *proxy) connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.accepted
}

func (p *proxy) refuse(refusing bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refusing = refusing
}
