package webhook

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"

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
	facts  ffi.VerifierFacts
	scheme Scheme
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
	made := &madeVerifier{handle, facts, scheme}
	runtime.AddCleanup(made, ffi.Verifier.Free, handle)
	return &Verifier{made}, nil
}

// Verify gives the event of a delivery: see the function [Verify].
func (v *Verifier) Verify(body []byte, header http.Header) (*Event, error) {
	if v == nil || v.made == nil {
		return nil, errUnmade
	}
	defer runtime.KeepAlive(v.made)
	return verify(v.made.handle, v.made.facts.HeaderNames, body, header)
}

// VerifySignature is [Verifier.Verify] without an event: whether the delivery is signed, and
// of now.
func (v *Verifier) VerifySignature(body []byte, header http.Header) error {
	if v == nil || v.made == nil {
		return errUnmade
	}
	defer runtime.KeepAlive(v.made)
	return verifySignature(v.made.handle, v.made.facts.HeaderNames, body, header)
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

func verify(handle ffi.Verifier, names []string, body []byte, header http.Header) (*Event, error) {
	var space [usualHeader]byte
	event, err := handle.Verify(body, pack(space[:0], names, header))
	if err != nil {
		return nil, failure.From(err)
	}
	return newEvent(event, body)
}

func verifySignature(handle ffi.Verifier, names []string, body []byte, header http.Header) error {
	var space [usualHeader]byte
	if err := handle.VerifySignature(body, pack(space[:0], names, header)); err != nil {
		return failure.From(err)
	}
	return nil
}

// usualHeader is as long as most headers are when they are packed.
const usualHeader = 1024

// pack lays a header out as it crosses: what of it is read, or all if names are nil, and as
// often as it is there, since what is there twice is the core's to refuse.
func pack(packed []byte, names []string, header http.Header) []byte {
	for name, values := range header {
		if names != nil && !contains(names, name) {
			continue
		}
		for _, value := range values {
			packed = ffi.Pack(ffi.Pack(packed, name), value)
		}
	}
	return packed
}

// contains says whether a name is among those in lower case, in whatever case it is.
func contains(names []string, name string) bool {
	for _, one := range names {
		if len(one) == len(name) && strings.EqualFold(one, name) {
			return true
		}
	}
	return false
}
