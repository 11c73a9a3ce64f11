package webhook

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/linktor/linktor-go/internal/failure"
	"github.com/linktor/linktor-go/internal/ffi"
	"github.com/linktor/linktor-go/internal/missing"
)

// Receiver receives the deliveries of one sender: it verifies each, and lets no event be
// handled twice. Keep it; it is safe for concurrent use. [Receiver.Handler] makes an
// [http.Handler] of a function, [Receiver.Middleware] of another handler.
//
// What the sender gets, where no handler of yours answers: 200 for an event that is done; 503
// with Retry-After for one that is being handled, and where the deduplicator fails; and with
// its code as the text 401 for a delivery that does not verify, 413 for one that is too long,
// 400 for one that ends too early, and 405 for anything but a POST.
//
// A 2xx means that the event was handled. After anything else, and after a panic, which goes
// on, it is new again when it is redelivered. An event without an id is handled whenever it
// is delivered.
//
// A body is verified as it was sent, compressed or not, so let nothing read or decode it
// before the receiver. One that comes slowly is waited for, as by any handler: see
// [http.Server].ReadTimeout.
type Receiver struct {
	verifier *Verifier
	seen     Deduplicator
	logger   *slog.Logger
}

// NewReceiver makes a receiver. A verifier that [NewVerifier] did not make, and a nil
// deduplicator or logger, are errors of the kind config.
func NewReceiver(verifier *Verifier, options ...ReceiverOption) (*Receiver, error) {
	return newReceiver(verifier, receivingWith(options))
}

func newReceiver(verifier *Verifier, told receiving) (*Receiver, error) {
	switch {
	case verifier == nil || verifier.made == nil:
		return nil, errUnmade
	case told.err != nil:
		return nil, told.err
	case told.seen == nil:
		seen, err := NewMemoryDeduplicator()
		if err != nil {
			return nil, err
		}
		told.seen = seen
	}
	return &Receiver{&Verifier{verifier.made}, told.seen, told.logger}, nil
}

// Handler receives deliveries with a function: [NewReceiver] and [Receiver.Handler] in one.
//
//	mux.Handle("POST /webhooks/linktor", webhook.Handler(verifier, func(ctx context.Context, event *webhook.Event) error {
//		…
//	}))
//
// Where NewReceiver fails, its error is logged at each delivery, which is answered 503: the
// sender comes again.
func Handler(verifier *Verifier, handle func(ctx context.Context, event *Event) error, options ...ReceiverOption) http.Handler {
	told := receivingWith(options)
	receiver, err := newReceiver(verifier, told)
	if err != nil {
		return unusable{told.logger, err}
	}
	return receiver.Handler(handle)
}

// Handler receives deliveries with a function. Where that returns nil, the sender gets a 200
// without a body; any error is logged, and answered 500. ctx is the request's: it ends when
// the sender hangs up. What goes on after the function has returned is not waited for.
//
// For another answer than these, and for what else a request tells, see
// [Receiver.Middleware]. A nil function is logged at each delivery, which is answered 503.
func (r *Receiver) Handler(handle func(ctx context.Context, event *Event) error) http.Handler {
	if unusable := r.unusableWith(handle); unusable != nil {
		return unusable
	}
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.receive(w, request, func(event *Event) int {
			ctx := request.Context()
			if err := handle(ctx, event); err != nil {
				say(ctx, r.logger, slog.LevelError, handlerFailed, slog.Any("error", err), slog.Any("event", event))
				reply(w, failed)
				return failed.Status
			}
			answer, err := ffi.AnswerTo(string(BegunNew))
			if err != nil {
				answer = failed
			}
			reply(w, answer)
			return answer.Status
		})
	})
}

// Middleware has next meet verified events only, and none twice. [FromContext] gives the
// event, and the request's body is there to be read. Whether the event was handled, the
// status says that next writes: 200, if none.
//
//	mux.Handle("POST /webhooks/{tenant}", receiver.Middleware(next))
//
// It is the middleware of any router of [http.Handler]. A handler for other methods belongs
// beside it, not behind it. A nil next is logged at each delivery, which is answered 503.
func (r *Receiver) Middleware(next http.Handler) http.Handler {
	if unusable := r.unusableWith(next); unusable != nil {
		return unusable
	}
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.receive(w, request, func(event *Event) int {
			inner := request.WithContext(context.WithValue(request.Context(), eventKey{}, event))
			inner.Body = io.NopCloser(bytes.NewReader(event.Body))
			inner.ContentLength, inner.TransferEncoding = int64(len(event.Body)), nil
			recorded := &recorder{ResponseWriter: w}
			next.ServeHTTP(recorded, inner)
			return recorded.answered()
		})
	})
}

// FromContext gives the event that [Receiver.Middleware] received, of a request's context.
func FromContext(ctx context.Context) (*Event, bool) {
	event, ok := ctx.Value(eventKey{}).(*Event)
	return event, ok
}

type eventKey struct{}

// String names the scheme alone.
func (r Receiver) String() string {
	if r.verifier == nil {
		return "webhook.Receiver(none)"
	}
	return fmt.Sprintf("webhook.Receiver(%s)", r.verifier.made.scheme)
}

// GoString is [Receiver.String].
func (r Receiver) GoString() string { return r.String() }

// Format writes [Receiver.String], whatever the verb.
func (r Receiver) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }

// unusable is a handler of what deliveries cannot be received with.
type unusable struct {
	logger *slog.Logger
	err    error
}

func (u unusable) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	say(request.Context(), u.logger, slog.LevelError, notReceived, slog.Any("error", u.err))
	reply(w, refusal(nil))
}

func (r *Receiver) unusableWith(handler any) http.Handler {
	switch {
	case r == nil || r.verifier == nil:
		return unusable{nil, failure.New("config", "the webhook receiver was not made by NewReceiver", nil)}
	case missing.Is(handler):
		return unusable{r.logger, failure.New("config", "the webhook handler is nil", nil)}
	default:
		return nil
	}
}
