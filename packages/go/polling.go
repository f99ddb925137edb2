package falco

import (
	"sync"
	"time"
)

// polling asks Falco's own server for alerts at a fixed interval, as it expects. It is nil for a call without polling.
type polling struct {
	done chan struct{}
	once sync.Once
}

func startPolling(interval time.Duration, ask func()) *polling {
	p := &polling{done: make(chan struct{})}
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
			ask()
		}
	}
}

func (p *polling) stop() {
	if p != nil {
		p.once.Do(func() { close(p.done) })
	}
}
