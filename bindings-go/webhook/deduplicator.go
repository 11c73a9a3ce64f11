package webhook

import "context"

// Deduplicator knows which events were handled, so that no redelivery is handled twice and
// none that failed is lost. Implement it over a store that your receivers share;
// [MemoryDeduplicator] is that of one process.
//
// It is for one sender: two may give the same id. A [Receiver] gives it each event's id, or
// the id and a hash of the body where the sender does not sign the id. Each ctx has the
// values of the request's and ends after 10 seconds, whether or not the sender still waits.
// What fails, or panics, is logged ([WithLogger]): where Begin does, the sender is asked to
// deliver again; the others change no answer.
type Deduplicator interface {
	// Begin claims an event, unless it is claimed or done; of several that ask at once, one
	// gets it. Let a claim end by itself some time after the longest handling, so that no
	// event is lost with its receiver.
	Begin(ctx context.Context, key string) (Begun, error)
	// Commit says that the event was handled: remember it for as long as its sender
	// redelivers.
	Commit(ctx context.Context, key string) error
	// Release says that handling the event failed: forget the claim, so that its redelivery
	// is handled. An event that is done stays so.
	Release(ctx context.Context, key string) error
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
