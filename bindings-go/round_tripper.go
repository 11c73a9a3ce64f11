package linktor

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/linktor/linktor-go/internal/ffi"
	"github.com/linktor/linktor-go/internal/missing"
)

// WithRoundTripper sends requests through a transport of your own: a recorder, a mock, an
// [http.Transport] with settings of its own. A request through it takes the whole way, with
// credentials, retries and rate limits; only the sending is the transport's, once for each
// attempt. Logins and renewals go through it, too. What [http.Transport] repeats by itself, on
// a kept connection that was closed meanwhile, is one attempt. Default: the client's own.
// [WithProxy] and [WithRootCertificates] are refused with it.
//
// The request's body and headers are whole, the credential among them. Its context has the
// values of the call's (a renewal is of no call), and is done when the attempt is over:
// [WithTimeout] limits also a transport that does not look. Calls made inside take it: they
// need no connection of [WithMaxConnections] of their own.
//
// A redirect is given as it is. A body is read to 64 MiB and closed, and is to come
// decompressed, as [http.Transport] gives it. Of the errors, those of the network are tried
// again as such: a timeout, a [net.OpError], a [net.DNSError], an [io.ErrUnexpectedEOF], and
// whatever ends an attempt that [httptrace] has seen begin. Anything else, and a panic, is
// wrapped by an error of the kind callback at once.
func WithRoundTripper(transport http.RoundTripper) Option {
	return func(s *settings) {
		if missing.Is(transport) {
			s.refuse("the round tripper is nil")
		}
		s.transport = transport
		s.values["transport"] = true
	}
}

// roundTrip sends what the core asks for, and answers with what comes back.
func roundTrip(ctx context.Context, transport http.RoundTripper, item ffi.Item) error {
	var progress progress
	request, err := newRequest(httptrace.WithClientTrace(ctx, progress.trace()), item)
	if err != nil {
		return err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		closeBody(response)
		return ofNetwork(networkFailure(err, &progress), err)
	}
	if response == nil {
		return errors.New("the round tripper gave neither a response nor an error")
	}
	if response.StatusCode < 100 || response.StatusCode > 599 {
		closeBody(response)
		return errors.New("the round tripper gave a status that is not from 100 to 599")
	}
	body, err := readBody(response, item.MaxBody)
	if err != nil && response.StatusCode < http.StatusBadRequest {
		return err
	}
	// An error is told by its status, whatever became of its body.
	var headers []byte
	for name, values := range response.Header {
		for _, value := range values {
			headers = ffi.Pack(ffi.Pack(headers, name), value)
		}
	}
	return ffi.AnswerResponse(item.ID, uint16(response.StatusCode), headers, body)
}

func closeBody(response *http.Response) {
	if response != nil && response.Body != nil {
		_ = response.Body.Close()
	}
}

func newRequest(ctx context.Context, item ffi.Item) (*http.Request, error) {
	var body io.Reader
	if len(item.Body) > 0 {
		body = bytes.NewReader(item.Body)
	}
	request, err := http.NewRequestWithContext(ctx, item.Method, item.URL, body)
	if err != nil {
		// Without its own words, which show the query.
		return nil, errors.New("the request is none of net/http's")
	}
	request.Header = readHeaders(item.Headers)
	return request, nil
}

// readBody reads to the limit. With an error it gives what came before.
func readBody(response *http.Response, limit int64) ([]byte, error) {
	defer closeBody(response)
	if response.Body == nil || response.StatusCode < http.StatusOK {
		// The body of a 101 is a connection, which may never end.
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	switch {
	case err != nil:
		if _, isCorrupt := errors.AsType[flate.CorruptInputError](err); isCorrupt ||
			errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) {
			return body, networkError{"decode", err}
		}
		failure := networkFailure(err, nil)
		if failure != "" && failure != "timeout" {
			failure = "truncated"
		}
		return body, ofNetwork(failure, err)
	case int64(len(body)) > limit:
		return body[:limit], networkError{"body_too_large", fmt.Errorf("the body is larger than %d bytes", limit)}
	default:
		return body, nil
	}
}

// networkError is an error of the network, and how that failed: connect, connect_timeout,
// timeout, interrupted, truncated, body_too_large or decode.
type networkError struct {
	failure string
	error
}

// ofNetwork says of an error how the network failed, unless it was not the network.
func ofNetwork(failure string, err error) error {
	if failure == "" {
		return err
	}
	return networkError{failure, err}
}

// progress is how far the sending of a request has come, as far as its transport traces it.
type progress struct{ isBegun, isWritten, isAnswered atomic.Bool }

func (p *progress) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn:              func(string) { p.isBegun.Store(true) },
		WroteHeaders:         func() { p.isWritten.Store(true) },
		GotFirstResponseByte: func() { p.isAnswered.Store(true) },
	}
}

// isUnsent tells whether a connection was asked for, and no request written to one.
func (p *progress) isUnsent() bool { return p != nil && p.isBegun.Load() && !p.isWritten.Load() }

// isUnanswered tells whether a request was written, and nothing came back.
func (p *progress) isUnanswered() bool { return p != nil && p.isWritten.Load() && !p.isAnswered.Load() }

// networkFailure says how the network failed; nothing, if it was not the network.
func networkFailure(err error, progress *progress) string {
	late, canBeLate := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	isLate := canBeLate && late.Timeout()
	switch isUnsent := isOfConnecting(err) || progress.isUnsent(); {
	case errors.Is(err, context.Canceled):
		// It is the transport's own doing, or nobody waits any more.
		return ""
	case isUnsent && isLate:
		return "connect_timeout"
	case isUnsent:
		return "connect"
	case isLate:
		return "timeout"
	case isOfConnection(err) || progress.isUnanswered():
		return "interrupted"
	default:
		return ""
	}
}

// isOfConnecting tells whether an error is one of connecting, before anything is sent.
func isOfConnecting(err error) bool {
	operation, ok := errors.AsType[*net.OpError](err)
	if ok && (operation.Op == "dial" || operation.Op == "proxyconnect") {
		return true
	}
	_, isResolving := errors.AsType[*net.DNSError](err)
	_, isUntrusted := errors.AsType[*tls.CertificateVerificationError](err)
	return isResolving || isUntrusted || isAny(err,
		syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EADDRNOTAVAIL)
}

// isOfConnection tells whether an error is one of a connection that was there.
func isOfConnection(err error) bool {
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	// Of what is answered against the rules net/http and its HTTP/2 have no types.
	for _, said := range []string{"net/http: HTTP/1.x transport connection broken", "http2: ", "stream error: "} {
		if strings.Contains(err.Error(), said) {
			return true
		}
	}
	return isAny(err, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE)
}

func isAny(err error, targets ...error) bool {
	for _, target := range targets {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}
