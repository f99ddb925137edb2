package falco

import (
	"fmt"
	"os"
	"path/filepath"
)

// DefaultAddress is where Falco's own server listens by default, and falco-outputs serve when root starts it.
const DefaultAddress = "unix:///run/falco/falco.sock"

const (
	falcoFolder = "/run/falco"
	socketName  = "falco.sock"
)

// defaultAddress looks for the socket of a server that runs. falco-outputs serve and the other clients look in the same
// places, in the same order.
func defaultAddress() (address, error) {
	return socketIn(falcoFolder, userFolder())
}

// socketIn returns the socket in the first folder, unless only the second one, which is the user's, has it.
func socketIn(first, second string) (address, error) {
	at := address{path: filepath.Join(first, socketName)}
	own := filepath.Join(second, socketName)
	if exists(at.path) || !exists(own) {
		return at, nil
	}
	if !isPrivate(second) {
		return address{}, invalid(fmt.Sprintf("address: missing, expected one, since others own %s or can write to it,"+
			" and may have put the socket there", second))
	}
	return address{path: own}, nil
}

// userFolder is the folder for sockets of servers that this user starts.
func userFolder() string {
	if runtime := os.Getenv("XDG_RUNTIME_DIR"); runtime != "" {
		return runtime
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("falco-outputs-%d", os.Getuid()))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
