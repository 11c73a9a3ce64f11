package linktor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/linktor/linktor-go/internal/ffi"
)

// Response is an answer with a 2xx status, whole.
type Response struct {
	// StatusCode is the HTTP status.
	StatusCode int
	// Header has the headers, by their canonical names.
	Header http.Header
	// Body is the body as it came, decompressed.
	Body []byte
	// RequestID is the server's where it returns one, else the client's own.
	RequestID string
	// Attempts is how many times the request was sent.
	Attempts int
	// Waited is how long the call waited in all: for rate limits, and between its attempts.
	Waited time.Duration
	// RateLimit is what the answer says of the rate limit; nil if it says nothing.
	RateLimit *RateLimit

	client *Client
}

func newResponse(client *Client, item *ffi.Item) *Response {
	return &Response{
		StatusCode: item.Status, Header: readHeaders(item.Headers), Body: item.Body,
		RequestID: item.RequestID, Attempts: item.Attempts, Waited: item.Waited,
		RateLimit: (*RateLimit)(item.RateLimit), client: client,
	}
}

// readHeaders reads names, in their canonical form, and values in turn.
func readHeaders(text string) http.Header {
	count := strings.Count(text, "\n") / 2
	header := make(http.Header, count)
	values := make([]string, count)
	for i := range values {
		var name string
		name, text, _ = strings.Cut(text, "\n")
		values[i], text, _ = strings.Cut(text, "\n")
		if earlier, isThere := header[name]; isThere {
			header[name] = append(earlier, values[i])
		} else {
			header[name] = values[i : i+1 : i+1]
		}
	}
	return header
}

// Decode reads the body as sent, as JSON, into v. An empty body (204) does not change v. A
// body that is not the JSON of a v is an error of the kind decode that wraps json's own.
func (r *Response) Decode(v any) error {
	body := bytes.TrimSpace(r.Body)
	if len(body) == 0 {
		return nil
	}
	return r.decode(body, v)
}

// Data reads the payload under the family's envelope into v. A list that the server sends
// as null is empty, no payload does not change v, and an envelope that reports a failure is
// an error of the kind api.
func (r *Response) Data(v any) error {
	if r.client.Err() != nil {
		return newError(KindInvalidRequest, "the response is of no client, which would know its envelope")
	}
	payload, err := r.client.handle.Payload(r.StatusCode, r.Body)
	runtime.KeepAlive(r.client)
	switch {
	case err != nil:
		failure := asError(err)
		failure.RequestID, failure.Attempts, failure.Waited = r.RequestID, r.Attempts, r.Waited
		return failure
	case payload.Nothing:
		return nil
	case payload.EmptyList:
		return r.decode([]byte("[]"), v)
	default:
		return r.decodeSpan(payload.Span, v)
	}
}

// Text gives the body as text. A body that is not UTF-8 is an error of the kind decode.
func (r *Response) Text() (string, error) {
	if !utf8.Valid(r.Body) {
		return "", r.undecodable("the body is not UTF-8")
	}
	return string(r.Body), nil
}

func (r *Response) decodeSpan(span ffi.Span, v any) error {
	if span.Start < 0 || span.Start > span.End || span.End > len(r.Body) {
		return newError(KindInternal, "a defect of the SDK: what is to be read is outside of the body")
	}
	return r.decode(r.Body[span.Start:span.End], v)
}

func (r *Response) decode(data []byte, v any) error {
	if err := json.Unmarshal(data, v); err != nil {
		return r.undecodable("the body is not the JSON that was expected", err)
	}
	return nil
}

func (r *Response) undecodable(message string, causes ...error) *Error {
	const shown = 4096
	err := newError(KindDecode, message, causes...)
	err.Status, err.RequestID, err.Sent = r.StatusCode, r.RequestID, SentYes
	err.Attempts, err.Waited = r.Attempts, r.Waited
	err.Body = strings.ToValidUTF8(string(r.Body[:min(len(r.Body), shown)]), "\uFFFD")
	err.display += fmt.Sprintf(" (HTTP %d, request %s)", r.StatusCode, r.RequestID)
	return err
}

// String shows neither headers nor body.
func (r *Response) String() string {
	if r == nil {
		return "linktor.Response(nil)"
	}
	return fmt.Sprintf("linktor.Response(HTTP %d, %d bytes, request %s, attempts %d)",
		r.StatusCode, len(r.Body), r.RequestID, r.Attempts)
}

// GoString is [Response.String].
func (r *Response) GoString() string { return r.String() }

// Format writes [Response.String], whatever the verb.
func (r Response) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }

// LogValue is [Response.String].
func (r *Response) LogValue() slog.Value { return slog.StringValue(r.String()) }

// MarshalJSON gives what [Response.String] shows: logs are written as JSON, too.
func (r Response) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Status    int    `json:"status"`
		Bytes     int    `json:"bytes"`
		RequestID string `json:"request_id"`
		Attempts  int    `json:"attempts"`
	}{r.StatusCode, len(r.Body), r.RequestID, r.Attempts})
}
