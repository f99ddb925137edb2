package reference

import (
	"strconv"
)

// Options are those of startServer, under their names there.
type Options = map[string]any

// Server is a running reference server.
type Server struct {
	// Address is where it listens, as clients take it.
	Address string
	// HTTP is the URL of its http input; empty without one.
	HTTP string

	tb     TB
	host   *Host
	number int
}

// Alert is what an alert is made from, as the server takes it.
type Alert struct {
	Rule         string         `json:"rule"`
	Priority     string         `json:"priority"`
	Output       string         `json:"output,omitempty"`
	OutputFields map[string]any `json:"outputFields,omitempty"`
	Time         string         `json:"time,omitempty"`
	Hostname     string         `json:"hostname,omitempty"`
	Tags         []string       `json:"tags,omitempty"`
	Source       string         `json:"source,omitempty"`
}

// Stats is the part of a server's statistics that tests use.
type Stats struct {
	Appended    int
	Subscribers int
	Groups      map[string]GroupStats
}

// GroupStats is what became of a group's alerts; that of the shared queue is called "".
type GroupStats struct {
	Members, Delivered, Redelivered, Filtered, Lost, Waiting int
}

// Serve starts a server on a private unix socket, unless the options say otherwise, that stops when the test ends.
func Serve(tb TB, options Options) *Server {
	tb.Helper()
	return Shared(tb).Serve(tb, options)
}

// Serve starts a server in this process.
func (h *Host) Serve(tb TB, options Options) *Server {
	tb.Helper()
	var started struct {
		Server  int
		Address string
		HTTP    string
	}
	if err := h.call("start", map[string]any{"options": options}, &started); err != nil {
		tb.Fatalf("%v", err)
	}
	s := &Server{Address: started.Address, HTTP: started.HTTP, tb: tb, host: h, number: started.Server}
	tb.Cleanup(func() { _ = s.command("stop", nil, nil) }) // it may have been killed
	return s
}

// Stop stops it, as SIGTERM does.
func (s *Server) Stop() {
	s.tb.Helper()
	s.must("stop", nil, nil)
}

// Publish publishes alerts, each an Alert or a line of Falco's JSON. It returns their sequence numbers.
func (s *Server) Publish(alerts ...any) []uint64 {
	s.tb.Helper()
	return s.publish("publish", map[string]any{"alerts": alerts})
}

// PublishNumbered publishes alerts of the rules "Rule FROM" to "Rule TO".
func (s *Server) PublishNumbered(from, to int) []uint64 {
	s.tb.Helper()
	return s.publish("publishNumbered", map[string]any{"from": from, "to": to})
}

// WaitForSubscribers waits until exactly so many streams receive alerts.
func (s *Server) WaitForSubscribers(count int) {
	s.tb.Helper()
	s.must("waitForSubscribers", map[string]any{"count": count}, nil)
}

// Stats is how it is doing.
func (s *Server) Stats() Stats {
	s.tb.Helper()
	var result struct{ Stats Stats }
	s.must("stats", nil, &result)
	return result.Stats
}

func (s *Server) publish(command string, arguments map[string]any) []uint64 {
	s.tb.Helper()
	var result struct{ Sequences []string }
	s.must(command, arguments, &result)
	sequences := make([]uint64, len(result.Sequences))
	for i, text := range result.Sequences {
		sequences[i], _ = strconv.ParseUint(text, 10, 64)
	}
	return sequences
}

func (s *Server) must(command string, arguments map[string]any, result any) {
	s.tb.Helper()
	if err := s.command(command, arguments, result); err != nil {
		s.tb.Fatalf("%v", err)
	}
}

func (s *Server) command(command string, arguments map[string]any, result any) error {
	all := map[string]any{"server": s.number}
	for name, value := range arguments {
		all[name] = value
	}
	return s.host.call(command, all, result)
}

// FixtureLines are alerts as Falco writes them.
func FixtureLines(tb TB) []any {
	tb.Helper()
	var result struct{ Lines []any }
	if err := Shared(tb).call("fixtures", nil, &result); err != nil {
		tb.Fatalf("%v", err)
	}
	return result.Lines
}
