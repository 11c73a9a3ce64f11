package webhook

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"net/http"
	"runtime"
	"strconv"

	"github.com/linktor/linktor-go/internal/failure"
	"github.com/linktor/linktor-go/internal/ffi"
)

// Verifier verifies deliveries of one sender. Its keys are made once, so keep it. It is safe
// for concurrent use, prints without its secrets, and needs no closing; but its keys are
// outside of the memory that Go's collector sees, and wait for it to run for other reasons.
type Verifier struct{ made *madeVerifier }

// madeVerifier is shared by copies of a Verifier, and freed with the last of them.
type madeVerifier struct {
	handle ffi.Verifier
	names  headerNames
	// sizeLimit is that of bodies, as far as any can cross.
	sizeLimit int64
	scheme    Scheme
}

// NewVerifier makes a verifier for a scheme and one secret or several, of which any may have
// signed: while a secret is being changed, deliveries are signed with the old or the new
// one. A secret may hold any bytes. Errors are those of the kind config of [Verify]; no
// secret at all is one, too.
func NewVerifier(scheme Scheme, secrets []string, options ...Option) (*Verifier, error) {
	handle, err := newVerifier(scheme, secrets, options)
	if err != nil {
		return nil, err
	}
	facts, err := handle.Facts()
	if err != nil {
		handle.Free()
		return nil, failure.From(err)
	}
	made := &madeVerifier{handle, headerNamesOf(facts.HeaderNames), min(facts.SizeLimit, math.MaxInt32), scheme}
	runtime.AddCleanup(made, ffi.Verifier.Free, handle)
	return &Verifier{made}, nil
}

// Verify gives the event of a delivery: see the function [Verify].
func (v *Verifier) Verify(body []byte, header http.Header) (*Event, error) {
	if v == nil || v.made == nil {
		return nil, errUnmade
	}
	defer runtime.KeepAlive(v.made)
	var space [usualHeader]byte
	event, err := v.made.handle.Verify(body, v.made.names.pack(space[:0], header))
	if err != nil {
		return nil, failure.From(err)
	}
	return newEvent(event, bytes.Clone(body))
}

// VerifySignature is [Verifier.Verify] without an event: whether the delivery is signed, and
// of now.
func (v *Verifier) VerifySignature(body []byte, header http.Header) error {
	if v == nil || v.made == nil {
		return errUnmade
	}
	defer runtime.KeepAlive(v.made)
	var space [usualHeader]byte
	if err := v.made.handle.VerifySignature(body, v.made.names.pack(space[:0], header)); err != nil {
		return failure.From(err)
	}
	return nil
}

// String names the scheme alone.
func (v Verifier) String() string {
	if v.made == nil {
		return "webhook.Verifier(none)"
	}
	return fmt.Sprintf("webhook.Verifier(%s)", v.made.scheme)
}

// GoString is [Verifier.String].
func (v Verifier) GoString() string { return v.String() }

// Format writes [Verifier.String], whatever the verb.
func (v Verifier) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, v.String()) }

var errUnmade = failure.New("config", "the webhook verifier was not made by NewVerifier", nil)

func newVerifier(scheme Scheme, secrets []string, options []Option) (ffi.Verifier, error) {
	document, err := scheme.json()
	if err != nil {
		return ffi.Verifier{}, err
	}
	verifying := verifying{Scheme: document}
	for _, option := range options {
		if option != nil {
			option(&verifying)
		}
	}
	text, err := write(verifying)
	if err != nil {
		return ffi.Verifier{}, err
	}
	handle, err := ffi.NewVerifier(text, secrets...)
	if err != nil {
		return ffi.Verifier{}, failure.From(err)
	}
	return handle, nil
}

// admit refuses what need not be read.
func (v *Verifier) admit(request *http.Request) error {
	defer runtime.KeepAlive(v.made)
	var space [usualHeader]byte
	packed := v.made.names.pack(space[:0], request.Header)
	if request.ContentLength >= 0 {
		packed = ffi.Pack(ffi.Pack(packed, "content-length"), strconv.FormatInt(request.ContentLength, 10))
	}
	if err := v.made.handle.Admit(request.Method, packed); err != nil {
		return failure.From(err)
	}
	return nil
}

// receive gives the event of a delivery, which keeps the body, and what a deduplicator knows
// it by, if it can be known.
func (v *Verifier) receive(body []byte, header http.Header) (*Event, string, error) {
	defer runtime.KeepAlive(v.made)
	var space [usualHeader]byte
	told, err := v.made.handle.Receive(body, v.made.names.pack(space[:0], header))
	if err != nil {
		return nil, "", failure.From(err)
	}
	event, err := newEvent(told, body)
	return event, told.Key, err
}
