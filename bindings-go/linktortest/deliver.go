package linktortest

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/linktor/linktor-go/webhook"
)

// Event is an event, and how it is delivered to a receiver of webhooks. It prints, logs and is
// written as JSON as its type alone.
type Event struct {
	// Type is the event's type.
	Type webhook.EventType
	// Data is the event's data, as JSON can express it. Default: an invented object.
	// json.RawMessage("null") is a null, nil is the default.
	Data any
	// Scheme is how it is signed and written: one of package webhook but v1a, which has no
	// secret to share, and those of your own. Default: [webhook.Linktor].
	Scheme webhook.Scheme
	// Secret is the receiver's secret. Default: [Sandbox.WebhookSecret].
	Secret string
	// Tamper is how it is spoilt. Default: it is genuine.
	Tamper Tamper
	// Times is how often it is delivered, though it was received; at most 1,000. Default: once.
	Times int
}

// String shows the type, and neither data nor secret.
func (e Event) String() string { return fmt.Sprintf("linktortest.Event(%s)", e.Type) }

// GoString is [Event.String].
func (e Event) GoString() string { return e.String() }

// Format writes [Event.String], whatever the verb.
func (e Event) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.String()) }

// MarshalText gives [Event.String]: a secret is not to end up in logs.
func (e Event) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// Tamper is how a delivery is spoilt.
type Tamper string

// The values of Tamper.
const (
	// TamperBody: a byte of the body is another after signing; it is still JSON.
	TamperBody Tamper = "body"
	// TamperSignature: a digit of the signature is another.
	TamperSignature Tamper = "signature"
	// TamperTimestamp: the time is a second later than the signed one.
	TamperTimestamp Tamper = "timestamp"
	// TamperStale: it was signed an hour ago.
	TamperStale Tamper = "stale"
	// TamperSecret: it was signed with another secret.
	TamperSecret Tamper = "secret"
	// TamperUnsigned: it has no signature.
	TamperUnsigned Tamper = "unsigned"
)

// Report is what became of an event: its deliveries until one was answered with a 2xx, or the
// sender gave up.
type Report struct {
	// ID is the event's id; empty for libromi, whose events have none.
	ID string
	// Deliveries are the deliveries, in order.
	Deliveries []Delivery
}

// Delivery is one delivery of an event.
type Delivery struct {
	// After is how long the sender would have waited before it; the sandbox never waits.
	After time.Duration
	// Status is what the receiver answered; 0 if it did not.
	Status int
	// Body is the first 64 KiB of its answer.
	Body string
	// Error says why there was no answer.
	Error string
}

// Deliver delivers an event to a receiver at a URL of plain http, and waits until it is
// received, or given up: a delivery that is not answered with a 2xx in 10 s is made again at
// once, as often as the sender would. A receiver that is not there is no error.
//
//	report, err := sandbox.Deliver(ctx, server.URL, linktortest.Event{Type: webhook.MessageReceived})
//
// What is malformed is an error, and nothing is delivered then.
func (s *Sandbox) Deliver(ctx context.Context, url string, event Event) (*Report, error) {
	if event.Scheme == (webhook.Scheme{}) {
		event.Scheme = webhook.Linktor
	}
	told := struct {
		Scheme string            `json:"family"`
		URL    string            `json:"url"`
		Type   webhook.EventType `json:"event"`
		Data   any               `json:"data,omitempty"`
		Secret string            `json:"secret,omitempty"`
		Tamper Tamper            `json:"tamper,omitempty"`
		Times  int               `json:"times,omitempty"`
	}{event.Scheme.String(), url, event.Type, event.Data, event.Secret, event.Tamper, event.Times}
	var report Report
	if err := s.ask(ctx, "webhooks", told, 0, &report); err != nil {
		return nil, err
	}
	for i := range report.Deliveries {
		// They are told in seconds.
		report.Deliveries[i].After *= time.Second
	}
	return &report, nil
}
