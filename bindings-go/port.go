package linktor

import (
	"context"
	"runtime"
	"sync"
	"weak"

	"github.com/linktor/linktor-go/internal/ffi"
)

// port is where completions, questions and events of all clients come out of the core. One
// goroutine waits for them, and hands each to whom it concerns.
type port struct {
	// gate lets as many goroutines into the core at once as run Go's own code: of those that
	// wait there, each would take a thread.
	gate chan struct{}

	mutex     sync.Mutex
	calls     map[uint64]*waiter
	nextID    uint64
	lastID    uint64
	clients   map[uint64]weak.Pointer[Client]
	questions map[uint64]*question
	failures  map[uint64]error
	// forgotten are those failures of which the core had no error when it was asked last.
	forgotten map[uint64]bool
	// renewing are clients of whose sessions so many are being renewed that a store is to keep.
	renewing map[*Client]int
	broken   error

	unattended unattended
}

// waiter is a call that a goroutine waits for.
type waiter struct {
	ctx  context.Context
	news chan struct{}

	// Under the port's mutex.
	told []string
	done bool
	item ffi.Item
	err  *Error
}

var waiters = sync.Pool{New: func() any { return &waiter{news: make(chan struct{}, 1)} }}

var openPort = sync.OnceValues(func() (*port, error) {
	wait, err := openBell()
	if err != nil {
		return nil, err
	}
	p := &port{
		gate:      make(chan struct{}, runtime.GOMAXPROCS(0)),
		calls:     map[uint64]*waiter{},
		clients:   map[uint64]weak.Pointer[Client]{},
		questions: map[uint64]*question{},
		failures:  map[uint64]error{},
		renewing:  map[*Client]int{},
	}
	go p.run(wait)
	return p, nil
})

func (p *port) run(wait func() error) {
	for {
		if err := wait(); err != nil {
			p.fail(err)
			return
		}
		// Who can run goes first, so that more comes up at once.
		runtime.Gosched()
		items, err := ffi.Drain()
		if err != nil {
			p.fail(err)
			return
		}
		for i := range items {
			p.dispatch(&items[i])
		}
	}
}

func (p *port) dispatch(item *ffi.Item) {
	switch item.Kind {
	case ffi.Response, ffi.Value:
		p.end(item.ID, item, nil)
	case ffi.Failed:
		p.end(item.ID, nil, p.readError(item.Record))
	case ffi.Abandoned:
		p.abandon(item.ID)
	case ffi.Told:
		p.tell(item)
	default:
		p.ask(item)
	}
}

// begin makes a call known, and gives its id and whether no other is.
func (p *port) begin(ctx context.Context) (id uint64, w *waiter, isAlone bool, err error) {
	const reserved = 1024
	w = waiters.Get().(*waiter)
	w.ctx = ctx
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.broken != nil {
		return 0, nil, false, p.broken
	}
	if p.nextID == p.lastID {
		if p.nextID, err = ffi.IDs(reserved); err != nil {
			return 0, nil, false, err
		}
		p.lastID = p.nextID + reserved
	}
	id = p.nextID
	p.nextID++
	p.calls[id] = w
	return id, w, len(p.calls) == 1, nil
}

// enter calls the core, in turn.
func (p *port) enter(call func() error) error {
	p.gate <- struct{}{}
	defer func() { <-p.gate }()
	return call()
}

// end gives a call its completion: an item, or an error.
func (p *port) end(id uint64, item *ffi.Item, err *Error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if w := p.calls[id]; w != nil {
		delete(p.calls, id)
		if w.done, w.err = true, err; item != nil {
			w.item = *item
		}
		w.wake()
	}
}

func (w *waiter) wake() {
	select {
	case w.news <- struct{}{}:
	default:
	}
}

// reset makes a waiter that nobody else knows ready for another call.
func (w *waiter) reset() *waiter {
	select {
	case <-w.news:
	default:
	}
	*w = waiter{news: w.news}
	return w
}

// forget gives up a call, and tells whether it was not over yet.
func (p *port) forget(id uint64) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	_, is := p.calls[id]
	delete(p.calls, id)
	return is
}

// take gives what was told of a call since, and whether it is over.
func (p *port) take(w *waiter) (told []string, done bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	told, w.told = w.told, nil
	return told, w.done
}

// fail ends all calls and questions, those to come included, when nothing can be heard any
// more: a defect.
func (p *port) fail(err error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.broken = err
	for id, w := range p.calls {
		w.done, w.err = true, newError(KindInternal, "a defect of the SDK: the core is not heard any more")
		w.wake()
		delete(p.calls, id)
	}
	for id, asked := range p.questions {
		asked.cancel()
		delete(p.questions, id)
	}
}

// add makes a client known, whose questions and events come up.
func (p *port) add(client *Client) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.clients[client.id] = weak.Make(client)
}

func (p *port) drop(client uint64) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	delete(p.clients, client)
}

// client finds one that somebody still holds, or nil.
func (p *port) client(id uint64) *Client {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.clients[id].Value()
}
