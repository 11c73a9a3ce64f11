package linktor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/linktor/linktor-go/internal/failure"
	"github.com/linktor/linktor-go/internal/ffi"
)

// Kind is what went wrong, as one word that all languages share.
type Kind string

// The kinds of errors.
const (
	// KindConfig: the client cannot be made, or used, as it is configured.
	KindConfig Kind = "config"
	// KindInvalidRequest: the request cannot be sent as it is written; nothing was sent.
	KindInvalidRequest Kind = "invalid_request"
	// KindAuthentication: HTTP 401, the credential was refused.
	KindAuthentication Kind = "authentication"
	// KindQuotaExceeded: HTTP 402, the plan's quota is used up.
	KindQuotaExceeded Kind = "quota_exceeded"
	// KindPermission: HTTP 403, the credential may not do this.
	KindPermission Kind = "permission"
	// KindNotFound: HTTP 404, there is no such thing.
	KindNotFound Kind = "not_found"
	// KindConflict: HTTP 409, it contradicts what is stored.
	KindConflict Kind = "conflict"
	// KindValidation: HTTP 400 or 422, the server refused the request's content.
	KindValidation Kind = "validation"
	// KindRateLimited: HTTP 429, too many requests; or, with Attempts 0 and no Status, a
	// wait for a rate limit that was too long, and nothing was sent.
	KindRateLimited Kind = "rate_limited"
	// KindServer: HTTP 5xx.
	KindServer Kind = "server"
	// KindAPI: any other status, or a 2xx whose envelope reports a failure.
	KindAPI Kind = "api"
	// KindTimeout: an attempt's timeout, the call's deadline or the context's struck.
	KindTimeout Kind = "timeout"
	// KindConnection: the connection could not be made, or broke.
	KindConnection Kind = "connection"
	// KindProtocol: the server broke the rules of HTTP or of this client; see the code.
	KindProtocol Kind = "protocol"
	// KindDecode: the body is not what it was to be read as.
	KindDecode Kind = "decode"
	// KindTokenStore: tokens could not be read from where they are kept, or saved there.
	KindTokenStore Kind = "token_store"
	// KindCallback: your own function failed; its error is wrapped.
	KindCallback Kind = "callback"
	// KindCancelled: the context was cancelled.
	KindCancelled Kind = "cancelled"
	// KindClosed: the client was closed.
	KindClosed Kind = "closed"
	// KindWebhookVerification: a webhook delivery is not what its sender signed, or not of
	// now. Its code is payload_too_large, missing_signature, malformed_signature,
	// signature_mismatch or timestamp_out_of_tolerance: see package webhook.
	KindWebhookVerification Kind = "webhook_verification"
	// KindInternal: a defect of this library.
	KindInternal Kind = "internal"
)

// sentinel is what [errors.Is] finds an Error by.
type sentinel struct {
	kind    Kind
	matches func(Kind) bool
}

func (s *sentinel) Error() string { return "linktor: " + string(s.kind) }

func only(kind Kind) error {
	return &sentinel{kind, func(other Kind) bool { return other == kind }}
}

// An [*Error] is one of these, by its kind, for [errors.Is].
var (
	ErrConfig         = only(KindConfig)
	ErrInvalidRequest = only(KindInvalidRequest)
	ErrAuthentication = only(KindAuthentication)
	ErrQuotaExceeded  = only(KindQuotaExceeded)
	ErrPermission     = only(KindPermission)
	ErrNotFound       = only(KindNotFound)
	ErrConflict       = only(KindConflict)
	ErrValidation     = only(KindValidation)
	ErrRateLimited    = only(KindRateLimited)
	ErrServer         = only(KindServer)
	ErrTimeout        = only(KindTimeout)
	ErrConnection     = only(KindConnection)
	ErrProtocol       = only(KindProtocol)
	ErrDecode         = only(KindDecode)
	ErrTokenStore     = only(KindTokenStore)
	ErrCallback       = only(KindCallback)
	ErrCancelled      = only(KindCancelled)
	ErrClosed         = only(KindClosed)
	// ErrWebhookVerification is of package webhook.
	ErrWebhookVerification = only(KindWebhookVerification)
	ErrInternal            = only(KindInternal)
	// ErrAPI is every error that the API answered with, whatever its status, and a rate
	// limit that was waited for in vain.
	ErrAPI error = &sentinel{KindAPI, Kind.isAnswer}
)

func (k Kind) isAnswer() bool {
	switch k {
	case KindAuthentication, KindQuotaExceeded, KindPermission, KindNotFound, KindConflict, KindValidation,
		KindRateLimited, KindServer, KindAPI:
		return true
	}
	return false
}

// Sent says whether the server may have acted on a request.
type Sent string

// The values of Sent.
const (
	SentNo    Sent = "no"    // nothing of the request reached the server
	SentMaybe Sent = "maybe" // it cannot be known
	SentYes   Sent = "yes"   // the server answered
)

// Error is why a call failed, with all that is known of it. What is not known is zero.
type Error struct {
	// Kind is the kind of failure.
	Kind Kind
	// Status is the HTTP status, if the server answered.
	Status int
	// Code is the provider's code (TOKEN_INVALID), or the client's own (redirect_refused).
	Code string
	// Message is what happened, in words: the server's own where it gave any.
	Message string
	// Details is what the server says besides, as JSON: fields that failed, for example.
	Details json.RawMessage
	// RequestID is the server's where it returns one, else the client's own.
	RequestID string
	// RetryAfter is how long the server asks to wait before another try.
	RetryAfter time.Duration
	// Attempts is how many times the request was sent, or begun to be sent.
	Attempts int
	// Waited is how long the call waited in all: for rate limits, and between its attempts.
	Waited time.Duration
	// Sent says whether the server may have acted.
	Sent Sent
	// Method is the request's.
	Method string
	// Path is the request's, without its query.
	Path string
	// Body is the first 4 KiB of the answer's body, as text, with the client's credential
	// blotted out.
	Body string

	display string
	causes  []error
}

// Error gives one line with everything that helps to find the failure: neither credential
// nor query, and of the answer's body only message and code; a short plain text is the message.
func (e *Error) Error() string { return "linktor: " + e.display }

// Unwrap gives what the error comes from: the error of your own function, those of the
// context, or the server's answer before a deadline.
func (e *Error) Unwrap() []error { return e.causes }

// Is finds the error by its kind: errors.Is(err, linktor.ErrNotFound). A timeout is also a
// [context.DeadlineExceeded], as in net/http.
func (e *Error) Is(target error) bool {
	if target == context.DeadlineExceeded {
		return e.Kind == KindTimeout
	}
	is, ok := target.(*sentinel)
	return ok && is.matches(e.Kind)
}

// Timeout reports whether a timeout or deadline struck.
func (e *Error) Timeout() bool { return e.Kind == KindTimeout }

// GoString is [Error.Error]: Details and Body are not printed.
func (e *Error) GoString() string { return e.Error() }

// Format writes [Error.Error], whatever the verb, %q aside.
func (e Error) Format(f fmt.State, verb rune) {
	if verb == 'q' {
		_, _ = fmt.Fprintf(f, "%q", e.Error())
		return
	}
	_, _ = io.WriteString(f, e.Error())
}

// MarshalText gives [Error.Error]: as JSON, too, it does not show Details and Body.
func (e Error) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

func newError(kind Kind, message string, causes ...error) *Error {
	return &Error{Kind: kind, Message: message, Sent: SentNo, display: string(kind) + ": " + message, causes: causes}
}

// errorRecord is an error as it crosses from the core.
type errorRecord struct {
	Kind       Kind            `json:"kind"`
	Display    string          `json:"display"`
	Message    string          `json:"message"`
	Status     int             `json:"status"`
	Code       string          `json:"code"`
	Details    json.RawMessage `json:"details"`
	RequestID  string          `json:"request_id"`
	RetryAfter float64         `json:"retry_after"`
	Attempts   int             `json:"attempts"`
	Waited     float64         `json:"waited"`
	Sent       Sent            `json:"sent"`
	Method     string          `json:"method"`
	Path       string          `json:"path"`
	Body       string          `json:"body"`
	Cause      *errorRecord    `json:"cause"`
	Reason     string          `json:"reason"`
	Upcall     *uint64         `json:"upcall"`
}

// error gives it its public form; failed finds what a function of the user's failed with.
func (r *errorRecord) error(failed func(question uint64) error) *Error {
	err := &Error{
		Kind: r.Kind, Status: r.Status, Code: r.Code, Message: r.Message, Details: r.Details,
		RequestID: r.RequestID, RetryAfter: duration(r.RetryAfter), Attempts: r.Attempts,
		Waited: duration(r.Waited), Sent: r.Sent, Method: r.Method, Path: r.Path, Body: r.Body, display: r.Display,
	}
	if r.Cause != nil {
		err.causes = append(err.causes, r.Cause.error(failed))
	}
	var native error
	if r.Upcall != nil {
		native = failed(*r.Upcall)
	}
	if native == nil && r.Reason != "" {
		native = errors.New(r.Reason)
	}
	if native != nil {
		err.causes = append(err.causes, native)
	}
	return err
}

// duration is a number of seconds, as far as a Duration reaches.
func duration(seconds float64) time.Duration {
	return time.Duration(math.Round(min(seconds*float64(time.Second), math.MaxInt64/2)))
}

func readError(record string, failed func(question uint64) error) *Error {
	var read errorRecord
	if err := json.Unmarshal([]byte(record), &read); err != nil {
		return newError(KindInternal, "a defect of the SDK: an error cannot be read")
	}
	return read.error(failed)
}

// asError gives an error of the waist its public form.
func asError(err error) *Error {
	var failure *ffi.Failure
	var unfit *ffi.Unfit
	switch {
	case errors.As(err, &failure):
		return readError(failure.Record, func(uint64) error { return nil })
	case errors.As(err, &unfit):
		return newError(KindInvalidRequest, unfit.Message)
	default:
		return newError(KindInternal, err.Error())
	}
}

func init() {
	failure.From = func(err error) error { return asError(err) }
	failure.New = func(kind, message string, cause error) error {
		return newError(Kind(kind), message, errorsOf(cause)...)
	}
}
