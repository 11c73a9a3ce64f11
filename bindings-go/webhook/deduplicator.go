package webhook

import (
	"fmt"
	"io"
	"runtime"

	"github.com/linktor/linktor-go/internal/failure"
	"github.com/linktor/linktor-go/internal/ffi"
)

// Deduplicator knows which events were handled in the last 24 hours, so that no redelivery
// is handled twice and none that failed is lost. It remembers them in this process, is safe
// for concurrent use, and needs no closing.
type Deduplicator struct{ made *madeDeduplicator }

// madeDeduplicator is shared by copies of a Deduplicator, and freed with the last of them.
type madeDeduplicator struct {
	handle ffi.Deduplicator
	// Go does not promise to clean up after less than 16 bytes without a pointer.
	_ *byte
}

// Begun is what is known of an event when a delivery of it arrives.
type Begun string

// The values of Begun.
const (
	// BegunNew: it is new, and now claimed: handle it, then commit or release it.
	BegunNew Begun = "new"
	// BegunInProgress: another delivery of it is being handled: answer 503 with Retry-After.
	BegunInProgress Begun = "in_progress"
	// BegunDone: it was handled: answer 200.
	BegunDone Begun = "done"
)

// DeduplicatorOption says more of a [Deduplicator].
type DeduplicatorOption func(*remembering)

type remembering struct{ capacity *int64 }

// Capacity is how many events are remembered; of more, the oldest are forgotten. An event
// takes about 150 bytes. Default: 100,000. Less than one is an error.
func Capacity(events int64) DeduplicatorOption {
	return func(r *remembering) { r.capacity = &events }
}

// NewDeduplicator makes one that remembers nothing yet. Its error is of the kind config.
func NewDeduplicator(options ...DeduplicatorOption) (*Deduplicator, error) {
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
	return &Deduplicator{made}, nil
}

// Begin claims an event, unless it is claimed or done; of several that ask at once, one gets
// it. A claim ends by itself after 24 hours. An id that is empty or blank is an error of the
// kind invalid_request: every event without one would be a redelivery. So ask for none whose
// [Event.ID] is empty: each is new.
func (d *Deduplicator) Begin(id string) (Begun, error) {
	if d == nil || d.made == nil {
		return "", errUnmadeDeduplicator
	}
	defer runtime.KeepAlive(d.made)
	begun, err := d.made.handle.Begin(id)
	if err != nil {
		return "", failure.From(err)
	}
	return Begun(begun), nil
}

// Commit says that an event was handled: for 24 hours from now it is done, also if nobody
// began it.
func (d *Deduplicator) Commit(id string) error {
	return d.end(id, ffi.Deduplicator.Commit)
}

// Release says that handling an event failed: its redelivery is new again. An event that is
// done stays so.
func (d *Deduplicator) Release(id string) error {
	return d.end(id, ffi.Deduplicator.Release)
}

func (d *Deduplicator) end(id string, end func(ffi.Deduplicator, string) error) error {
	if d == nil || d.made == nil {
		return errUnmadeDeduplicator
	}
	defer runtime.KeepAlive(d.made)
	if err := end(d.made.handle, id); err != nil {
		return failure.From(err)
	}
	return nil
}

// String shows no ids.
func (d Deduplicator) String() string { return "webhook.Deduplicator" }

// GoString is [Deduplicator.String].
func (d Deduplicator) GoString() string { return d.String() }

// Format writes [Deduplicator.String], whatever the verb.
func (d Deduplicator) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, d.String()) }

var errUnmadeDeduplicator = failure.New("config", "the webhook deduplicator was not made by NewDeduplicator", nil)
