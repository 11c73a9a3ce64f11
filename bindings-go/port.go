package linktor

import (
	"os"
	"sync"
	"weak"

	"github.com/linktor/linktor-go/internal/ffi"
)

// port is where completions and questions of all clients come out of the core. One
// goroutine waits on its descriptor in the netpoller, without a thread, and hands each to
// whom it concerns.
type port struct {
	// A call is submitted and its channel put into calls under a read lock. The dispatcher
	// passes through the write lock after it has drained, so that a completion whose
	// channel is not there is of a call that was given up.
	submitting sync.RWMutex

	mutex     sync.Mutex
	calls     map[uint64]chan<- ffi.Item
	clients   map[uint64]weak.Pointer[Client]
	questions map[uint64]func()
	broken    error
}

var openPort = sync.OnceValues(func() (*port, error) {
	fd, err := ffi.WakeFD()
	if err != nil {
		return nil, err
	}
	p := &port{
		calls:     map[uint64]chan<- ffi.Item{},
		clients:   map[uint64]weak.Pointer[Client]{},
		questions: map[uint64]func(){},
	}
	// The core owns the descriptor; the file is never collected, since run never ends.
	go p.run(os.NewFile(fd, "linktor"))
	return p, nil
})

func (p *port) run(bell *os.File) {
	var count [8]byte
	for {
		if _, err := bell.Read(count[:]); err != nil {
			p.fail(err)
			return
		}
		items, err := ffi.Drain()
		if err != nil {
			p.fail(err)
			return
		}
		p.submitting.Lock()
		//lint:ignore SA2001 all that was submitted before the drain has its channel now
		p.submitting.Unlock()
		for _, item := range items {
			p.dispatch(item)
		}
	}
}

func (p *port) dispatch(item ffi.Item) {
	switch item.Kind {
	case ffi.Response, ffi.Value, ffi.Failed:
		if call := p.forget(item.ID); call != nil {
			call <- item
		}
	case ffi.TokenWanted:
		p.ask(item.ID, item.Client)
	case ffi.Abandoned:
		p.answered(item.ID)
	}
}

// submit starts a call. Its completion comes out of the channel, which closes without one
// if the port breaks.
func (p *port) submit(start func() (uint64, error)) (uint64, <-chan ffi.Item, error) {
	done := make(chan ffi.Item, 1)
	p.submitting.RLock()
	defer p.submitting.RUnlock()
	id, err := start()
	if err != nil {
		return 0, nil, err
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.broken != nil {
		return 0, nil, p.broken
	}
	p.calls[id] = done
	return id, done, nil
}

// forget takes the channel of a call that is over or given up.
func (p *port) forget(id uint64) chan<- ffi.Item {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	call := p.calls[id]
	delete(p.calls, id)
	return call
}

// fail ends all calls and questions, those to come included, when nothing can be heard any
// more: a defect.
func (p *port) fail(err error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.broken = err
	for id, call := range p.calls {
		close(call)
		delete(p.calls, id)
	}
	for id, cancel := range p.questions {
		cancel()
		delete(p.questions, id)
	}
}
