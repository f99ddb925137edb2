//go:build unix

package reference

import "syscall"

// Freeze stops the process as SIGSTOP does: its connections stay open, and nothing is answered on them.
func (h *Host) Freeze(tb TB) {
	tb.Helper()
	if err := h.process.Process.Signal(syscall.SIGSTOP); err != nil {
		tb.Fatalf("%v", err)
	}
}
