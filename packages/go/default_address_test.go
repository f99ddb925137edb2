//go:build unix

package falco

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/falco-outputs/falco-outputs/packages/go/internal/reference"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// socketFile makes a file in the place of a socket.
func socketFile(t *testing.T, folder string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, socketName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestSocketIn(t *testing.T) {
	falcos, own := folder(t), folder(t)
	expect := func(folder string) {
		t.Helper()
		if at, err := socketIn(falcos, own); err != nil || at.path != filepath.Join(folder, socketName) {
			t.Errorf("got %v, %v, expected the one in %s", at, err, folder)
		}
	}
	expect(falcos)
	socketFile(t, own)
	expect(own)
	for _, mode := range []os.FileMode{0o770, 0o707} {
		if err := os.Chmod(own, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := socketIn(falcos, own); status.Code(err) != codes.InvalidArgument || err.Error() != "address: missing, expected one, since"+
			" others own "+own+" or can write to it, and may have put the socket there" {
			t.Errorf("a folder of mode %o: got %v", mode, err)
		}
	}
	link := filepath.Join(folder(t), "link")
	if err := os.Symlink(own, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(own, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := socketIn(falcos, link); err == nil {
		t.Error("it takes a link to a folder")
	}
	expect(own)
	socketFile(t, falcos)
	expect(falcos)
}

func TestUserFolder(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", "/run/user/7")
	if got := userFolder(); got != "/run/user/7" {
		t.Errorf("got %s", got)
	}
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("TMPDIR", "/elsewhere")
	if got, uid := userFolder(), os.Getuid(); got != "/elsewhere/falco-outputs-"+strconv.Itoa(uid) {
		t.Errorf("got %s", got)
	}
}

// A client without an address finds the server of the same user, also one that is started later.
func TestServerOfTheSameUser(t *testing.T) {
	if exists(filepath.Join(falcoFolder, socketName)) {
		t.Skip("there is a Falco on this machine, which comes first")
	}
	noLeaks(t)
	place := folder(t)
	t.Setenv("XDG_RUNTIME_DIR", place)
	client, err := NewClient()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	subscriber := read(t, client, Broadcast(), soon, WaitOnFirstConnect())
	subscriber.waitForTypes(t, "disconnected", 1)
	first := subscriber.told()[1].(Disconnected).Err
	if first.Tried != "sub on "+DefaultAddress {
		t.Errorf("got %v", first)
	}
	server := reference.Serve(t, reference.Options{"listen": []string{filepath.Join(place, socketName)}})
	server.WaitForSubscribers(1)
	subscriber.waitForSequences(t, server.PublishNumbered(1, 1))
}
