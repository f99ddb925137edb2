package falco

import (
	"sync"
	"sync/atomic"
	"time"
)

// polling asks Falco's own server for alerts, as it expects, while none comes. Nil for a call that does not.
type polling struct {
	idle atomic.Bool
	done chan struct{}
	once sync.Once
}

func startPolling(interval time.Duration, ask func()) *polling {
	p := &polling{done: make(chan struct{})}
	p.idle.Store(true)
	go p.run(interval, ask)
	return p
}

func (p *polling) run(interval time.Duration, ask func()) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-ticker.C:
			if p.idle.Swap(true) {
				ask()
			}
		}
	}
}

func (p *polling) alertCame() {
	if p != nil && p.idle.Load() {
		p.idle.Store(false)
	}
}

func (p *polling) stop() {
	if p != nil {
		p.once.Do(func() { close(p.done) })
	}
}
