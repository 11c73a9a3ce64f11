package webhook

import (
	"context"
	"fmt"
	"io"
	"runtime"

	"github.com/linktor/linktor-go/internal/failure"
	"github.com/linktor/linktor-go/internal/ffi"
)

// MemoryDeduplicator is a [Deduplicator] of the last 24 hours in this process. It is safe for
// concurrent use, and needs no closing. It waits for nothing, so it looks at no ctx.
type MemoryDeduplicator struct{ made *madeDeduplicator }

// madeDeduplicator is shared by copies of a MemoryDeduplicator, and freed with the last of
// them.
type madeDeduplicator struct {
	handle ffi.Deduplicator
	// Go does not promise to clean up after less than 16 bytes without a pointer.
	_ *byte
}

// MemoryOption says more of a [MemoryDeduplicator].
type MemoryOption func(*remembering)

type remembering struct{ capacity *int64 }

// Capacity is how many events are remembered; of more, the oldest are forgotten. An event
// takes about 300 bytes. Default: 100,000. Less than one is an error.
func Capacity(events int64) MemoryOption {
	return func(r *remembering) { r.capacity = &events }
}

// NewMemoryDeduplicator makes one that remembers nothing yet. Its error is of the kind config.
func NewMemoryDeduplicator(options ...MemoryOption) (*MemoryDeduplicator, error) {
	var remembering remembering
	for _, option := range options {
		if option != nil {
			option(&remembering)
		}
	}
	handle, err := ffi.NewDeduplicator(remembering.capacity)
	if err != nil {
		return nil, failure.From(err)
	}
	made := &madeDeduplicator{handle: handle}
	runtime.AddCleanup(made, ffi.Deduplicator.Free, handle)
	return &MemoryDeduplicator{made}, nil
}

// Begin claims an event: see [Deduplicator]. A claim ends by itself after 24 hours. A key that
// is empty or blank is an error of the kind invalid_request: every event without an id would
// be a redelivery. So ask for none whose [Event.ID] is empty: each is new.
func (d *MemoryDeduplicator) Begin(_ context.Context, key string) (Begun, error) {
	if d == nil || d.made == nil {
		return "", errUnmadeDeduplicator
	}
	defer runtime.KeepAlive(d.made)
	begun, err := d.made.handle.Begin(key)
	if err != nil {
		return "", failure.From(err)
	}
	return Begun(begun), nil
}

// Commit says that an event was handled: for 24 hours from now it is done, also if nobody
// began it.
func (d *MemoryDeduplicator) Commit(_ context.Context, key string) error {
	return d.end(key, ffi.Deduplicator.Commit)
}

// Release says that handling an event failed: its redelivery is new again. An event that is
// done stays so.
func (d *MemoryDeduplicator) Release(_ context.Context, key string) error {
	return d.end(key, ffi.Deduplicator.Release)
}

func (d *MemoryDeduplicator) end(key string, end func(ffi.Deduplicator, string) error) error {
	if d == nil || d.made == nil {
		return errUnmadeDeduplicator
	}
	defer runtime.KeepAlive(d.made)
	if err := end(d.made.handle, key); err != nil {
		return failure.From(err)
	}
	return nil
}

// String shows no keys.
func (d MemoryDeduplicator) String() string { return "webhook.MemoryDeduplicator" }

// GoString is [MemoryDeduplicator.String].
func (d MemoryDeduplicator) GoString() string { return d.String() }

// Format writes [MemoryDeduplicator.String], whatever the verb.
func (d MemoryDeduplicator) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, d.String()) }

var errUnmadeDeduplicator = failure.New("config", "the webhook deduplicator was not made by NewMemoryDeduplicator", nil)
