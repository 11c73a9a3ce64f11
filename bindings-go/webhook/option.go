package webhook

import (
	"encoding/json"
	"log/slog"
	"time"

	"github.com/linktor/linktor-go/internal/failure"
	"github.com/linktor/linktor-go/internal/missing"
)

// Option says more of how deliveries are verified. One given twice counts as given last.
type Option func(*verifying)

// verifying is what a verifier is told, as it crosses.
type verifying struct {
	Scheme    json.RawMessage `json:"scheme"`
	Tolerance *float64        `json:"tolerance,omitempty"`
	SizeLimit *int64          `json:"size_limit,omitempty"`
	Now       *int64          `json:"now,omitempty"`
}

// Tolerance is how far a delivery's signed time may be from this machine's, before it or
// after. Default: 5 minutes. Less than 0, and any for a scheme that signs no time, are
// errors.
func Tolerance(tolerance time.Duration) Option {
	return func(v *verifying) { v.Tolerance = new(tolerance.Seconds()) }
}

// SizeLimit is the longest body that is looked at. Default: 1 MiB. Less than a byte is an
// error.
func SizeLimit(bytes int64) Option {
	return func(v *verifying) { v.SizeLimit = &bytes }
}

// Now is the time to verify at, in whole seconds: for tests. Default: the time it is.
func Now(now time.Time) Option {
	return func(v *verifying) { v.Now = new(now.Unix()) }
}

// SignOption says more of what [Sign] signs.
type SignOption func(*signing)

// signing is what [Sign] is told, as it crosses.
type signing struct {
	Scheme    json.RawMessage `json:"scheme"`
	ID        *string         `json:"id,omitempty"`
	Timestamp *int64          `json:"timestamp,omitempty"`
}

// ID is the event's id, for schemes that sign one. Default: a new one.
func ID(id string) SignOption {
	return func(s *signing) { s.ID = &id }
}

// Timestamp is the time of the delivery, in whole seconds, for schemes that sign one.
// Default: the time it is.
func Timestamp(at time.Time) SignOption {
	return func(s *signing) { s.Timestamp = new(at.Unix()) }
}

// ReceiverOption says more of a [Receiver].
type ReceiverOption func(*receiving)

type receiving struct {
	seen   Deduplicator
	logger *slog.Logger
	err    error
}

// WithDeduplicator is where events are remembered: a store that your receivers of this sender
// share. Default: a [MemoryDeduplicator] of the receiver's own.
func WithDeduplicator(seen Deduplicator) ReceiverOption {
	return func(r *receiving) {
		if missing.Is(seen) {
			r.err = failure.New("config", "the webhook deduplicator is nil", nil)
		}
		r.seen = seen
	}
}

// WithLogger tells a logger why deliveries were refused at [slog.LevelDebug], what the
// deduplicator failed with at Warn, and at Error what a handler returned, and whatever else
// keeps deliveries from being received. No secret and no data are in it. Default:
// [slog.Default].
func WithLogger(logger *slog.Logger) ReceiverOption {
	return func(r *receiving) {
		if logger == nil {
			r.err = failure.New("config", "the webhook logger is nil", nil)
		}
		r.logger = logger
	}
}

func receivingWith(options []ReceiverOption) receiving {
	var receiving receiving
	for _, option := range options {
		if option != nil {
			option(&receiving)
		}
	}
	return receiving
}

func write(arguments any) (string, error) {
	text, err := json.Marshal(arguments)
	if err != nil {
		return "", failure.New("internal", "a defect of the SDK: the options cannot be written as JSON", err)
	}
	return string(text), nil
}
