// Package falcohttp receives Falco's alerts over HTTP, as Falco's http_output posts them. A program that subscribed over
// gRPC, which Falco 0.44 removed, can receive them this way without another process:
//
//	http.Handle("/falco", falcohttp.Handler(func(alert *falco.Alert) error {
//		fmt.Println(alert.Priority, alert.Rule)
//		return nil
//	}))
//
// and in falco.yaml:
//
//	json_output: true
//	http_output: { enabled: true, url: "http://127.0.0.1:8080/falco" }
package falcohttp

import (
	"io"
	"net/http"
	"regexp"
	"strconv"

	falco "github.com/falco-outputs/falco-outputs/packages/go"
)

// rejectedHeader, on an answer that alerts were handled, is how much else in the body was not an alert.
const rejectedHeader = "falco-outputs-rejected"

// Handler calls handle with each alert that is posted, in the order of the body, and answers when all of them are
// handled. Falco and all of its outputs wait for that, so handle must not do slow work itself. It is called
// concurrently, by one goroutine for each request.
//
// It accepts the same JSON as the http input of falco-outputs serve: by POST or PUT, plain or with gzip, one alert or
// many. They may be in an array, one on a line or over several lines, separated by commas or white space; in UTF-8, or
// in UTF-16 with a byte order mark. Anything in the body that is not an alert is skipped. Falco's text form is refused,
// since it has no rule, source or fields: set json_output: true.
//
// The answer is 200 if the body contained at least one alert; the header falco-outputs-rejected says how many parts of
// it were not alerts. It is 400 if there was no alert, and 503 if handle returned an error for one of them; handle is
// still called with the others. Falco ignores the status. A sender that repeats a failed request repeats all of its
// alerts.
//
// A body is at most 4 MiB, as it comes and inflated, and large ones hold at most 64 MiB together. How long a request
// may take is up to the http.Server (ReadTimeout). Requests from web pages are refused. Anyone else who can reach the
// handler can raise alerts.
func Handler(handle func(*falco.Alert) error) http.Handler {
	return &handler{handle: handle, large: make(chan struct{}, maxLargeBodies)}
}

type handler struct {
	handle func(*falco.Alert) error
	// Holds an entry for each large body.
	large chan struct{}
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	coding, isKnown := codingOf(r.Header.Get("content-encoding"))
	switch {
	case r.Method != http.MethodPost && r.Method != http.MethodPut:
		w.Header().Set("allow", "POST, PUT")
		answer(w, http.StatusMethodNotAllowed, "POST or PUT alerts here")
		return
	case r.Header.Get("origin") != "" || r.Header.Get("sec-fetch-site") != "":
		answer(w, http.StatusForbidden, "requests of web pages are refused")
		return
	case !isKnown:
		w.Header().Set("accept-encoding", "gzip")
		answer(w, http.StatusUnsupportedMediaType, "content-encoding: expected gzip, or none")
		return
	}
	body, release, refusal := h.read(r.Body, coding)
	defer release()
	if refusal != nil {
		if refusal.closes {
			w.Header().Set("connection", "close")
		}
		answer(w, refusal.status, refusal.reason)
		return
	}
	t := &taker{body: toUTF8(body), handle: h.handle}
	splitBody(t.body, isText.MatchString(r.Header.Get("content-type")), t.take)
	switch {
	case t.failed:
		answer(w, http.StatusServiceUnavailable, "an alert could not be handled")
	case t.taken == 0 && t.rejected == 0:
		answer(w, http.StatusBadRequest, "not an alert: the body holds none")
	case t.taken == 0:
		answer(w, http.StatusBadRequest, t.reason)
	case t.rejected > 0:
		w.Header().Set(rejectedHeader, strconv.Itoa(t.rejected))
	}
}

// Falco posts its text form as text/plain.
var isText = regexp.MustCompile(`(?i)^text/plain\b`)

// taker makes alerts of the pieces of a body.
type taker struct {
	body   []byte
	handle func(*falco.Alert) error

	taken, rejected int
	// Why the last piece was rejected.
	reason string
	failed bool
}

// Anything shorter is not an alert, and need not be read: a body may consist of millions of such pieces.
const shortestAlertBytes = len(`{"rule":"","priority":"Info"}`)

func (t *taker) take(start, end int) {
	piece := t.body[start:end]
	if t.rejected > 0 && len(piece) < shortestAlertBytes {
		t.rejected++
		return
	}
	alert := &falco.Alert{}
	err := alert.UnmarshalJSON(piece)
	switch {
	case err == nil:
		t.taken++
		t.failed = t.handle(alert) != nil || t.failed
	case beginsText(piece, 0):
		t.rejected++
		t.reason = "not an alert: Falco's text form is not taken here: set json_output: true in falco.yaml"
	default:
		t.rejected++
		t.reason = err.Error()
	}
}

func answer(w http.ResponseWriter, status int, reason string) {
	w.Header().Set("content-type", "text/plain; charset=utf-8")
	w.Header().Set("x-content-type-options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, reason+"\n") // the client may be gone
}
