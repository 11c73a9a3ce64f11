package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"time"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/internal/failure"
	"github.com/linktor/linktor-go/internal/ffi"
)

const (
	// storeTime is how long a deduplicator may take.
	storeTime = 10 * time.Second
	// firstRoom is how much a body is given before any of it has come.
	firstRoom = 64 << 10
)

// What is logged.
const (
	deliveryRefused = "linktor: a webhook delivery was refused"
	notReceived     = "linktor: a webhook delivery cannot be received: the sender is asked to deliver again"
	beginFailed     = "linktor: the webhook deduplicator failed: the sender is asked to deliver again"
	endFailed       = "linktor: the webhook deduplicator failed to end a claim: the answer is the handler's nevertheless"
	handlerFailed   = "linktor: the webhook handler failed"
)

// refused is the code of a delivery that the core does not come to see.
type refused string

const (
	tooLarge  refused = "payload_too_large"
	truncated refused = "truncated"
)

func (r refused) Error() string { return string(r) }

var errRead = failure.New("invalid_request", "the webhook's body was read before its receiver could: let nothing "+
	"before the receiver read it, or put all of it back", nil)

// receive verifies a delivery, claims its event, and ends the claim as handle did, which
// gives the status that it answered with.
func (r *Receiver) receive(w http.ResponseWriter, request *http.Request, handle func(*Event) (status int)) {
	ctx := request.Context()
	event, key, err := r.read(w, request)
	if err != nil {
		r.refuse(ctx, w, err)
		return
	}
	if key == "" {
		handle(event)
		return
	}
	known, err := r.begin(ctx, key)
	if err != nil {
		say(ctx, r.logger, slog.LevelWarn, beginFailed, slog.Any("error", err), slog.Any("event", event))
		reply(w, refusal(nil))
		return
	}
	if known != nil {
		reply(w, *known)
		return
	}
	wasHandled := false
	defer func() {
		if err := r.end(ctx, key, wasHandled); err != nil {
			say(ctx, r.logger, slog.LevelWarn, endFailed, slog.Any("error", err), slog.Any("event", event))
		}
	}()
	wasHandled = isHandled(handle(event))
}

// read gives the event of a delivery, and its key.
func (r *Receiver) read(w http.ResponseWriter, request *http.Request) (*Event, string, error) {
	if err := r.verifier.admit(request); err != nil {
		return nil, "", err
	}
	if request.Body == nil {
		return r.verifier.receive(nil, request.Header)
	}
	var body bytes.Buffer
	body.Grow(int(min(max(request.ContentLength, 0), firstRoom)) + bytes.MinRead)
	_, err := body.ReadFrom(http.MaxBytesReader(w, request.Body, r.verifier.made.sizeLimit))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, "", tooLarge
	}
	if err != nil {
		return nil, "", truncated
	}
	if int64(body.Len()) < request.ContentLength {
		return nil, "", errRead
	}
	return r.verifier.receive(body.Bytes(), request.Header)
}

// refuse answers a delivery of which there is no event.
func (r *Receiver) refuse(ctx context.Context, w http.ResponseWriter, err error) {
	var code string
	if failed, ok := errors.AsType[*linktor.Error](err); ok && failed.Kind == linktor.KindWebhookVerification {
		code = failed.Code
	} else if unseen, ok := errors.AsType[refused](err); ok {
		code = string(unseen)
	} else {
		say(ctx, r.logger, slog.LevelError, notReceived, slog.Any("error", err))
		reply(w, refusal(nil))
		return
	}
	say(ctx, r.logger, slog.LevelDebug, deliveryRefused, slog.String("code", code))
	reply(w, refusal(&code))
}

// begin claims an event. Of one that is not new, it gives what the sender gets.
func (r *Receiver) begin(ctx context.Context, key string) (*ffi.WebhookAnswer, error) {
	var begun Begun
	err := ask(ctx, func(ctx context.Context) (err error) {
		begun, err = r.seen.Begin(ctx, key)
		return err
	})
	if err != nil || begun == BegunNew {
		return nil, err
	}
	answer, err := ffi.AnswerTo(string(begun))
	if err != nil {
		return nil, failure.From(err)
	}
	return &answer, nil
}

func (r *Receiver) end(ctx context.Context, key string, wasHandled bool) error {
	return ask(ctx, func(ctx context.Context) error {
		if wasHandled {
			return r.seen.Commit(ctx, key)
		}
		return r.seen.Release(ctx, key)
	})
}

// ask asks a deduplicator, whether or not the sender still waits.
func ask(ctx context.Context, question func(context.Context) error) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	defer func() {
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("it panicked: %v", panicked)
		}
	}()
	return question(ctx)
}

// isHandled says whether a handler that answered with this status handled the event.
func isHandled(status int) bool {
	if status < 0 || status > math.MaxUint16 {
		return false
	}
	is, err := ffi.IsHandled(uint16(status))
	return is && err == nil
}

// refusal is what the sender gets of a delivery that was refused with this code; nil, where
// that is not the sender's fault.
func refusal(code *string) ffi.WebhookAnswer {
	answer, err := ffi.Refusal(code)
	if err != nil {
		return failed
	}
	return answer
}

// failed is what the sender gets where a handler, or the SDK itself, failed.
var failed = ffi.WebhookAnswer{Status: http.StatusInternalServerError}

func reply(w http.ResponseWriter, answer ffi.WebhookAnswer) {
	for _, header := range answer.Headers {
		w.Header().Set(header[0], header[1])
	}
	if answer.Body != "" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	w.WriteHeader(answer.Status)
	// The sender may have hung up.
	_, _ = io.WriteString(w, answer.Body)
}

// say logs something; no logger by which it fails disturbs a delivery.
func say(ctx context.Context, logger *slog.Logger, level slog.Level, message string, attributes ...slog.Attr) {
	defer func() { _ = recover() }()
	if logger == nil {
		logger = slog.Default()
	}
	logger.LogAttrs(ctx, level, message, attributes...)
}
