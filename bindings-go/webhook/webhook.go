// Package webhook receives webhooks: it verifies that a delivery is what its sender signed,
// tells what event it is, and lets no event be handled twice.
//
//	verifier, err := webhook.NewVerifier(webhook.Linktor, []string{secret})
//	…
//	mux.Handle("POST /webhooks/linktor", webhook.Handler(verifier, func(ctx context.Context, event *webhook.Event) error {
//		var message Message
//		if err := event.Data(&message); err != nil {
//			return err
//		}
//		return save(ctx, message)
//	}))
//
// [Handler] takes a function, [Receiver.Middleware] a handler that answers by itself. Senders
// redeliver: a [Deduplicator] knows which events were handled.
//
// Without net/http, a [Verifier] gives the event of a body and a header, and [Verify] makes
// the keys for one delivery. The body is the bytes as they were received: what was parsed and
// written again is another text, which nobody signed. Errors are *linktor.Error.
package webhook

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/linktor/linktor-go/internal/failure"
	"github.com/linktor/linktor-go/internal/ffi"
)

// Verify gives the event of a delivery, if it is signed with the secret as the scheme says,
// and of now. For several secrets, and to make the keys once, see [NewVerifier].
//
// A delivery that is not is an error of the kind webhook_verification, a
// linktor.ErrWebhookVerification, whose code says why. They are checked in this order:
//
//   - payload_too_large: the body is longer than [SizeLimit].
//   - missing_signature: a header that the scheme reads is not there, or empty.
//   - malformed_signature: it is there twice, or not written as the scheme says.
//   - signature_mismatch: the signature is not of this body and secret.
//   - timestamp_out_of_tolerance: it is signed for another time than now: see [Tolerance].
//
// A scheme that there is not, or that contradicts itself, a blank secret or one that is not
// of the form that the scheme wants, and options that the scheme has no use for, are errors
// of the kind config. No error shows a secret. A body of 2 GiB or more is invalid_request.
//
// Headers count in any case of their names. The event keeps a copy of body, which can be used
// again once Verify has returned.
func Verify(scheme Scheme, body []byte, header http.Header, secret string, options ...Option) (*Event, error) {
	handle, err := newVerifier(scheme, []string{secret}, options)
	if err != nil {
		return nil, err
	}
	defer handle.Free()
	event, err := handle.Verify(body, packAll(header))
	if err != nil {
		return nil, failure.From(err)
	}
	return newEvent(event, bytes.Clone(body))
}

// VerifySignature is [Verify] without an event: whether the delivery is signed, and of now.
func VerifySignature(scheme Scheme, body []byte, header http.Header, secret string, options ...Option) error {
	handle, err := newVerifier(scheme, []string{secret}, options)
	if err != nil {
		return err
	}
	defer handle.Free()
	if err := handle.VerifySignature(body, packAll(header)); err != nil {
		return failure.From(err)
	}
	return nil
}

// Sign gives the headers with which a sender would deliver this body: for tests, and for
// trying a receiver out. [StandardWebhooksV1a] signs with the private key, whsk_….
//
// Besides what [Verify] refuses, an id or a time for a scheme that signs none, and one that
// cannot be written, are errors of the kind config.
func Sign(scheme Scheme, body []byte, secret string, options ...SignOption) (http.Header, error) {
	document, err := scheme.json()
	if err != nil {
		return nil, err
	}
	signing := signing{Scheme: document}
	for _, option := range options {
		if option != nil {
			option(&signing)
		}
	}
	// What is no UTF-8 is no id, whatever stands for it.
	if signing.ID != nil {
		signing.ID = new(strings.ToValidUTF8(*signing.ID, "\uFFFD"))
	}
	text, err := write(signing)
	if err != nil {
		return nil, err
	}
	pairs, err := ffi.SignWebhook(text, body, secret)
	if err != nil {
		return nil, failure.From(err)
	}
	header := make(http.Header, len(pairs))
	for _, pair := range pairs {
		header.Set(pair[0], pair[1])
	}
	return header, nil
}
