//go:build unix

package reference

import "syscall"

// Freeze stops the process with SIGSTOP: its connections stay open, but nothing answers on them. The process is killed
// when the test ends, before its servers are stopped.
func (h *Host) Freeze(tb TB) {
	tb.Helper()
	tb.Cleanup(h.Kill)
	if err := h.process.Process.Signal(syscall.SIGSTOP); err != nil {
		tb.Fatalf("%v", err)
	}
}
