package linktor

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"

	"github.com/linktor/linktor-go/internal/ffi"
)

// WithRoundTripper sends requests through a transport of your own: a recorder, a mock, an
// [http.Transport] with settings of its own. A request through it takes the whole way, with
// credentials, retries and rate limits; only the sending is the transport's, once for each
// attempt. Default: the client's own.
//
// The request's context has the values of the call's, and is done when the attempt is over.
// Its body and headers are whole, the credential among them. A redirect is given as it is; a
// body is read to 64 MiB and closed, and is to come decompressed, as [http.Transport] gives
// it. Of its errors, those of the network are tried again as such: a [net.Error], an
// [io.ErrUnexpectedEOF], an errno. Anything else, and a panic, is wrapped by an error of the
// kind callback at once.
func WithRoundTripper(transport http.RoundTripper) Option {
	return func(s *settings) {
		if isNil(transport) {
			s.refuse("the round tripper is nil")
		}
		s.transport = transport
		s.values["transport"] = true
	}
}

var errBodyTooLarge = errors.New("the body is larger than what is read of one")

// truncatedError is a body that ended too early.
type truncatedError struct{ error }

func (e truncatedError) Unwrap() error { return e.error }

// roundTrip sends what the core asks for, and answers with what comes back.
func roundTrip(ctx context.Context, transport http.RoundTripper, item ffi.Item) error {
	var body io.Reader
	if len(item.Body) > 0 {
		body = bytes.NewReader(item.Body)
	}
	request, err := http.NewRequestWithContext(ctx, item.Method, item.URL, body)
	if err != nil {
		return err
	}
	request.Header = readHeaders(item.Headers)
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	if response == nil {
		return errors.New("the round tripper gave neither a response nor an error")
	}
	received, err := readBody(response, item.MaxBody)
	if err != nil && response.StatusCode < http.StatusBadRequest {
		return err
	}
	var headers []byte
	for name, values := range response.Header {
		for _, value := range values {
			headers = ffi.Pack(ffi.Pack(headers, name), value)
		}
	}
	if response.StatusCode < 100 || response.StatusCode > 599 {
		return errors.New("the round tripper gave a status that is not from 100 to 599")
	}
	return ffi.AnswerResponse(item.ID, uint16(response.StatusCode), headers, received)
}

// readBody reads to the limit, and closes.
func readBody(response *http.Response, limit int64) ([]byte, error) {
	if response.Body == nil {
		return nil, nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	switch {
	case err != nil && networkFailure(err) != "":
		return body, truncatedError{err}
	case err != nil:
		return body, err
	case int64(len(body)) > limit:
		return nil, errBodyTooLarge
	default:
		return body, nil
	}
}

// networkFailure says how the network failed; nothing, if it was not the network.
func networkFailure(err error) string {
	var (
		truncated truncatedError
		operation *net.OpError
		resolving *net.DNSError
		network   net.Error
		errno     syscall.Errno
	)
	isDial := errors.As(err, &operation) && operation.Op == "dial" || errors.As(err, &resolving)
	switch {
	case errors.Is(err, errBodyTooLarge):
		return "body_too_large"
	case errors.As(err, &truncated):
		return "truncated"
	case errors.As(err, &network) && network.Timeout():
		if isDial {
			return "connect_timeout"
		}
		return "timeout"
	case isDial:
		return "connect"
	case network != nil, errors.As(err, &errno), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "interrupted"
	default:
		return ""
	}
}
