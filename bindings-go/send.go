package linktor

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"time"

	"github.com/linktor/linktor-go/internal/ffi"
)

const (
	// grace is how long a call waits, after its context is done, for the core to say the same:
	// its error knows the attempts, the request id and the last answer.
	grace = 20 * time.Millisecond
	// longestDeadline is the longest that the core takes; beyond it, only ctx counts.
	longestDeadline = 365 * 24 * time.Hour
)

func (c *Client) send(ctx context.Context, call *call) (*Response, error) {
	var response *Response
	err := c.exchange(ctx, call, func(item *ffi.Item) { response = newResponse(c, item) })
	return response, err
}

// exchange sends a request, and reads its completion, which is a response.
func (c *Client) exchange(ctx context.Context, call *call, read func(*ffi.Item)) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	if call.err != nil {
		return call.err
	}
	call.options.Within = questionOf(ctx)
	c.limit(ctx, call)
	options, err := call.options.json()
	if err != nil {
		// Timeouts that are not numbers cannot be; a Duration has none.
		return newError(KindInvalidRequest, "the call's options cannot be written as JSON")
	}
	return c.await(ctx, call, read, func(id uint64, isAlone bool) (*ffi.Item, error) {
		if isAlone && !c.root.isLogged.Load() {
			return c.handle.Call(id, call.method, call.path, options, call.body)
		}
		return nil, c.port.enter(func() error {
			return c.handle.Submit(id, call.method, call.path, options, call.body)
		})
	})
}

// ready tells whether calls can be made at all.
func (c *Client) ready(ctx context.Context) error {
	if err := c.Err(); err != nil {
		return err
	}
	if ctx == nil {
		return newError(KindInvalidRequest, "the context is nil")
	}
	return nil
}

// starting hands a call to the core, and gives its completion if it is over then. What is
// logged of a call comes up, and so does the completion of one that is logged.
type starting func(id uint64, isAlone bool) (*ffi.Item, error)

// await starts a call, and reads its completion, unless ctx is done before.
func (c *Client) await(ctx context.Context, call *call, read func(*ffi.Item), start starting) error {
	if ctx.Err() != nil {
		return givenUp(ctx, call, SentNo)
	}
	defer runtime.KeepAlive(c)
	c.root.listen(ctx)
	id, w, isAlone, err := c.port.begin(ctx)
	if err != nil {
		return asError(err)
	}
	item, err := start(id, isAlone)
	switch {
	case err != nil:
		c.port.forget(id)
		waiters.Put(w.reset())
		return asError(err)
	case item != nil:
		c.port.dispatch(item)
	}
	if !c.hear(ctx, w, ctx.Done(), nil) && !c.hearLate(ctx, w, id) && c.port.forget(id) {
		waiters.Put(w.reset())
		return givenUp(ctx, call, SentMaybe)
	}
	failure := w.err
	if failure == nil {
		read(&w.item)
	}
	waiters.Put(w.reset())
	if failure == nil {
		return nil
	}
	return c.ended(ctx, failure)
}

// hear waits until the call is over, and logs what is told of it meanwhile; it tells whether
// the call was over before ctx was done, or the time was up.
func (c *Client) hear(ctx context.Context, w *waiter, done <-chan struct{}, late <-chan time.Time) bool {
	for {
		select {
		case <-w.news:
			told, isOver := c.port.take(w)
			for _, event := range told {
				c.root.log(ctx, event)
			}
			if isOver {
				return true
			}
		case <-done:
			return false
		case <-late:
			return false
		}
	}
}

// hearLate waits on for a call whose context is done: a little, for its own deadline, and a
// little, once it is cancelled.
func (c *Client) hearLate(ctx context.Context, w *waiter, id uint64) bool {
	if _, isTold := ctx.Deadline(); isTold && errors.Is(ctx.Err(), context.DeadlineExceeded) &&
		c.hear(ctx, w, nil, time.After(grace)) {
		return true
	}
	// It fails only by a defect, and the call is given up all the same.
	_ = c.port.enter(func() error { return c.handle.Cancel(id) })
	return c.hear(ctx, w, nil, time.After(grace))
}

// limit passes the context's deadline down, where it is earlier than the call's or the
// client's own.
func (c *Client) limit(ctx context.Context, call *call) {
	at, ok := ctx.Deadline()
	if !ok {
		return
	}
	own := longestDeadline.Seconds()
	if call.options.Deadline != nil {
		own = *call.options.Deadline
	} else if c.deadline > 0 {
		own = c.deadline.Seconds()
	}
	if left := time.Until(at).Seconds(); 0 < left && left < own {
		call.options.Deadline = &left
	}
}

// ended gives an error of the core what is known of ctx.
func (c *Client) ended(ctx context.Context, err *Error) *Error {
	mayBeLate := err.Kind == KindTimeout || err.Kind == KindRateLimited
	if at, ok := ctx.Deadline(); ok && mayBeLate && time.Until(at) < grace {
		// The core was told the same moment and can be a little ahead of the context.
		select {
		case <-ctx.Done():
		case <-time.After(grace):
		}
	}
	if ctx.Err() == nil {
		return err
	}
	err.causes = append(err.causes, contextErrors(ctx)...)
	if err.Kind == KindCancelled && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		// It was too far off for the core to be told.
		message := "the context's deadline passed"
		err.display = strings.Replace(err.display, "cancelled: "+err.Message, "timeout: "+message, 1)
		err.Kind, err.Message = KindTimeout, message
	}
	return err
}

// givenUp is the error of a call whose context is done.
func givenUp(ctx context.Context, call *call, sent Sent) *Error {
	kind, message := KindCancelled, "the context was cancelled"
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		kind, message = KindTimeout, "the context's deadline passed"
	}
	err := newError(kind, message, contextErrors(ctx)...)
	err.RequestID, err.Method, err.Path, err.Sent = call.requestID(), call.method, call.publicPath(), sent
	if about := call.about(); about != "" {
		err.display += " (" + about + ")"
	}
	return err
}

func contextErrors(ctx context.Context) []error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == nil || cause == err {
		return []error{err}
	}
	return []error{err, cause}
}
