package linktor

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/linktor/linktor-go/internal/ffi"
)

const (
	// deadlineGrace is how long a call waits, after its context's deadline, for the core to
	// say the same: its error knows the attempts, the request id and the last answer.
	deadlineGrace = 25 * time.Millisecond
	// longestDeadline is the longest that the core takes; beyond it, only ctx counts.
	longestDeadline = 365 * 24 * time.Hour
)

func (c *Client) send(ctx context.Context, call *call) (*Response, error) {
	item, err := c.exchange(ctx, call)
	if err != nil {
		return nil, err
	}
	return newResponse(c, item), nil
}

// exchange sends a request and gives its completion, which is a response.
func (c *Client) exchange(ctx context.Context, call *call) (ffi.Item, error) {
	if err := c.ready(ctx); err != nil {
		return ffi.Item{}, err
	}
	if call.err != nil {
		return ffi.Item{}, call.err
	}
	call.options.Within = questionOf(ctx)
	c.limit(ctx, call)
	options, err := call.options.json()
	if err != nil {
		// Timeouts that are not numbers cannot be; a Duration has none.
		return ffi.Item{}, newError(KindInvalidRequest, "the call's options cannot be written as JSON")
	}
	return c.await(ctx, call, func() (uint64, error) {
		return c.handle.Submit(call.method, call.path, options, call.body)
	})
}

// ready tells whether calls can be made at all.
func (c *Client) ready(ctx context.Context) error {
	switch {
	case c.err != nil:
		return c.err
	case ctx == nil:
		return newError(KindInvalidRequest, "the context is nil")
	default:
		return nil
	}
}

// await starts a call and waits for its completion, or for ctx.
func (c *Client) await(ctx context.Context, call *call, start func() (uint64, error)) (ffi.Item, error) {
	if ctx.Err() != nil {
		return ffi.Item{}, givenUp(ctx, call, SentNo)
	}
	id, done, err := c.port.submit(start)
	defer runtime.KeepAlive(c)
	if err != nil {
		return ffi.Item{}, asError(err)
	}

	select {
	case item, ok := <-done:
		return finish(ctx, item, ok)
	case <-ctx.Done():
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		grace := time.NewTimer(deadlineGrace)
		defer grace.Stop()
		select {
		case item, ok := <-done:
			return finish(ctx, item, ok)
		case <-grace.C:
		}
	}
	c.port.forget(id)
	// It fails only by a defect, and the call is given up all the same.
	_ = c.handle.Cancel(id)
	return ffi.Item{}, givenUp(ctx, call, SentMaybe)
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

// finish gives a completion, or the error that it brings.
func finish(ctx context.Context, item ffi.Item, ok bool) (ffi.Item, error) {
	if !ok {
		return ffi.Item{}, newError(KindInternal, "a defect of the SDK: the core is not heard any more")
	}
	if item.Kind != ffi.Failed {
		return item, nil
	}
	err := readError(item.Record)
	mayBeLate := err.Kind == KindTimeout || err.Kind == KindRateLimited
	if at, ok := ctx.Deadline(); ok && mayBeLate && time.Until(at) < deadlineGrace {
		// The core was told the same moment and can be a little ahead of the context.
		grace := time.NewTimer(deadlineGrace)
		defer grace.Stop()
		select {
		case <-ctx.Done():
		case <-grace.C:
		}
	}
	if ctx.Err() != nil {
		err.causes = append(err.causes, contextErrors(ctx)...)
	}
	return ffi.Item{}, err
}

// givenUp is the error of a call whose context is done.
func givenUp(ctx context.Context, call *call, sent Sent) *Error {
	err := newError(KindCancelled, "the context was cancelled")
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = newError(KindTimeout, "the context's deadline passed")
	}
	err.RequestID, err.Method, err.Path, err.Sent = call.requestID(), call.method, call.publicPath(), sent
	if about := call.about(); about != "" {
		err.display += " (" + about + ")"
	}
	err.causes = contextErrors(ctx)
	return err
}

func contextErrors(ctx context.Context) []error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == nil || cause == err {
		return []error{err}
	}
	return []error{err, cause}
}
