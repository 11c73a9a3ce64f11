package linktor

import "sync"

// KeptCounts is how much the port keeps.
type KeptCounts struct{ Calls, Questions, Failures int }

// Kept counts what the port keeps.
func Kept() KeptCounts {
	p, err := openPort()
	if err != nil {
		return KeptCounts{}
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return KeptCounts{len(p.calls), len(p.questions), len(p.failures)}
}

// IsLogged tells whether all events of a client come up.
func IsLogged(client *Client) bool { return client.root.isLogged.Load() }

// LockAndAbandon gives a lock as a question's answer while the question is abandoned.
func LockAndAbandon(unlock func() error) {
	const id = 1
	asked := &question{client: &Client{}, cancel: func() {}}
	p := &port{questions: map[uint64]*question{id: asked}}
	var group sync.WaitGroup
	group.Go(func() { p.abandon(id) })
	group.Go(func() { p.answered(id, asked, unlock, true) })
	group.Wait()
}
