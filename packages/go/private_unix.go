//go:build unix

package falco

import (
	"os"
	"syscall"
)

// isPrivate reports whether only this user can put a socket into a folder. Others would read alerts there, or forge
// them.
func isPrivate(folder string) bool {
	info, err := os.Lstat(folder)
	if err != nil || !info.IsDir() || info.Mode().Perm()&0o022 != 0 {
		return false
	}
	status, isKnown := info.Sys().(*syscall.Stat_t)
	return isKnown && int(status.Uid) == os.Getuid()
}
