package linktor

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/linktor/linktor-go/internal/exact"
)

// Request is a request as data, for [Client.Do]. Fields that are zero say nothing.
type Request struct {
	// Method is GET, HEAD, OPTIONS, POST, PUT, PATCH or DELETE, in any case.
	Method string
	// Path is the path under the base URL, with {name} where a path parameter goes; or an
	// absolute URL under the base URL.
	Path string
	// PathParams are the values of the path's placeholders; they are percent-encoded.
	PathParams map[string]string
	// Query parameters are sent in the order of their names.
	Query url.Values
	// Header has headers besides those that the client writes itself.
	Header http.Header
	// Body is sent as it is.
	Body []byte
	// ContentType is the body's media type.
	ContentType string
	// Organization is sent instead of the client's.
	Organization string
	// RequestID is sent instead of a fresh UUID.
	RequestID string
	// Timeout limits one attempt, instead of the client's.
	Timeout time.Duration
	// Deadline limits the whole call, instead of the client's; the context's counts too.
	Deadline time.Duration
	// MaxRetries limits how often it is tried again, instead of the client's.
	MaxRetries *int
	// MaxRetryWait limits the wait for a hint or in a queue, instead of the client's.
	MaxRetryWait *time.Duration
	// Idempotent says whether sending it twice is as good as once: see [Idempotent].
	Idempotent *bool
	// IdempotencyKey is sent as Idempotency-Key: see [IdempotencyKey].
	IdempotencyKey string
}

func (r *Request) call() *call {
	if r == nil {
		return &call{err: newError(KindInvalidRequest, "the request is nil")}
	}
	call := newCall(r.Method, r.Path, nil)
	for _, name := range slices.Sorted(maps.Keys(r.PathParams)) {
		PathParam(name, r.PathParams[name])(call)
	}
	QueryValues(r.Query)(call)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, value := range r.Header[name] {
			Header(name, value)(call)
		}
	}
	Body(r.Body, r.ContentType)(call)
	if r.Organization != "" {
		Organization(r.Organization)(call)
	}
	if r.RequestID != "" {
		RequestID(r.RequestID)(call)
	}
	if r.Timeout != 0 {
		Timeout(r.Timeout)(call)
	}
	if r.Deadline != 0 {
		Deadline(r.Deadline)(call)
	}
	if r.MaxRetries != nil {
		MaxRetries(*r.MaxRetries)(call)
	}
	if r.MaxRetryWait != nil {
		MaxRetryWait(*r.MaxRetryWait)(call)
	}
	if r.Idempotent != nil {
		Idempotent(*r.Idempotent)(call)
	}
	if r.IdempotencyKey != "" {
		IdempotencyKey(r.IdempotencyKey)(call)
	}
	return call
}

// RequestOption sets something of one request. What it may be is checked when the request
// is sent; the error is of the kind invalid_request, or config, and nothing was sent.
type RequestOption func(*call)

// call is a request in the form in which it crosses to the core.
type call struct {
	method, path string
	body         []byte
	options      callOptions
	err          error
}

type callOptions struct {
	PathParams     [][2]string `json:"path_params,omitempty"`
	Query          [][2]string `json:"query,omitempty"`
	Headers        [][2]string `json:"headers,omitempty"`
	ContentType    *string     `json:"content_type,omitempty"`
	Organization   *string     `json:"organization,omitempty"`
	Page           *uint64     `json:"page,omitempty"`
	RequestID      *string     `json:"request_id,omitempty"`
	Timeout        *float64    `json:"timeout,omitempty"`
	Deadline       *float64    `json:"deadline,omitempty"`
	MaxRetries     *int        `json:"max_retries,omitempty"`
	MaxRetryWait   *float64    `json:"max_retry_wait,omitempty"`
	Idempotent     *bool       `json:"idempotent,omitempty"`
	IdempotencyKey *string     `json:"idempotency_key,omitempty"`
	Within         *uint64     `json:"within,omitempty"`
}

func newCall(method, path string, options []RequestOption) *call {
	call := &call{method: method, path: path}
	for _, option := range options {
		if option != nil {
			option(call)
		}
	}
	return call
}

// refuse keeps the first thing that is wrong with the call.
func (c *call) refuse(message string, causes ...error) {
	c.err = cmp.Or(c.err, error(newError(KindInvalidRequest, message, causes...)))
}

// text is for values that cross inside JSON, whose encoder would silently replace what is
// no UTF-8.
func (c *call) text(what, value string) string {
	if !utf8.ValidString(value) {
		c.refuse(what + " is not valid UTF-8")
	}
	return value
}

func (c *call) pair(what, name, value string) [2]string {
	return [2]string{c.text(what, name), c.text(what, value)}
}

// PathParam gives the placeholder {name} of the path its value, percent-encoded: a text, a
// number, a boolean, or what is written as text.
func PathParam(name string, value any) RequestOption {
	return func(c *call) {
		texts, err := appendTexts(nil, value)
		if err != nil || len(texts) != 1 {
			c.refuse("the path parameter "+name+" must be one text, number or boolean", errorsOf(err)...)
			return
		}
		c.options.PathParams = append(c.options.PathParams, c.pair("a path parameter", name, texts[0]))
	}
}

// Query adds a query parameter: texts, numbers and booleans, or what is written as text (a
// time, a [fmt.Stringer]). Several values, or a slice, repeat the name; nil is left out.
func Query(name string, values ...any) RequestOption {
	return func(c *call) {
		for _, value := range values {
			texts, err := appendTexts(nil, value)
			if err != nil {
				c.refuse("the query parameter "+name+" must be a text, number, boolean or a list of these", err)
				return
			}
			for _, text := range texts {
				c.options.Query = append(c.options.Query, c.pair("a query parameter", name, text))
			}
		}
	}
}

// QueryValues adds query parameters in the order of their names.
func QueryValues(values url.Values) RequestOption {
	return func(c *call) {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			for _, value := range values[name] {
				c.options.Query = append(c.options.Query, c.pair("a query parameter", name, value))
			}
		}
	}
}

// Header adds a header. Headers that the client writes itself are refused.
func Header(name, value string) RequestOption {
	return func(c *call) {
		c.options.Headers = append(c.options.Headers, c.pair("a header", name, value))
	}
}

// JSON sends v as JSON. What [json.Marshal] refuses is an error of the kind
// invalid_request that wraps json's own, and so is a text that is not valid UTF-8.
func JSON(v any) RequestOption {
	return func(c *call) {
		body, err := exact.Marshal(v)
		if err != nil {
			c.refuse("the body cannot be written as JSON", err)
			return
		}
		Body(body, "application/json")(c)
	}
}

// Form sends values as application/x-www-form-urlencoded, in the order of their names.
func Form(values url.Values) RequestOption {
	return func(c *call) {
		for name, values := range values {
			c.text("the form", name)
			for _, value := range values {
				c.text("the form", value)
			}
		}
		Body([]byte(values.Encode()), "application/x-www-form-urlencoded")(c)
	}
}

// Body sends bytes of a media type; an empty one is not named.
func Body(body []byte, contentType string) RequestOption {
	return func(c *call) {
		c.body = body
		c.options.ContentType = nil
		if contentType != "" {
			c.options.ContentType = new(c.text("the content type", contentType))
		}
	}
}

// Organization is sent instead of the client's.
func Organization(id string) RequestOption {
	return func(c *call) { c.options.Organization = new(c.text("the organization", id)) }
}

// RequestID is sent instead of a fresh UUID.
func RequestID(id string) RequestOption {
	return func(c *call) { c.options.RequestID = new(c.text("the request id", id)) }
}

// Timeout limits one attempt, instead of the client's.
func Timeout(limit time.Duration) RequestOption {
	return func(c *call) { c.options.Timeout = new(limit.Seconds()) }
}

// Deadline limits the whole call, instead of the client's; the context's counts too.
func Deadline(limit time.Duration) RequestOption {
	return func(c *call) { c.options.Deadline = new(limit.Seconds()) }
}

// MaxRetries limits how often the request is tried again, instead of the client's; 0 sends
// it once. See [WithMaxRetries].
func MaxRetries(count int) RequestOption {
	return func(c *call) { c.options.MaxRetries = new(count) }
}

// MaxRetryWait limits the wait for a server's hint, or in the queue for a rate limit,
// instead of the client's. See [WithMaxRetryWait].
func MaxRetryWait(limit time.Duration) RequestOption {
	return func(c *call) { c.options.MaxRetryWait = new(limit.Seconds()) }
}

// Idempotent says whether sending the request twice is as good as once, so that it is tried
// again also where the server may have acted. GET, HEAD, OPTIONS, PUT and DELETE are so (RFC
// 9110, 9.2.2) unless this says false or the family knows better.
func Idempotent(is bool) RequestOption {
	return func(c *call) { c.options.Idempotent = new(is) }
}

// IdempotencyKey is sent as Idempotency-Key with every attempt, for servers that know a
// request again by it; it is then tried again also where the server may have acted.
func IdempotencyKey(key string) RequestOption {
	return func(c *call) { c.options.IdempotencyKey = new(c.text("the idempotency key", key)) }
}

// json is what the call says besides its method, path and body; empty for nothing.
func (o *callOptions) json() (string, error) {
	// Of most calls, whose way through the encoder is not worth while.
	if reflect.ValueOf(o).Elem().IsZero() {
		return "", nil
	}
	text, err := json.Marshal(o)
	return string(text), err
}

func (c *call) requestID() string {
	if c.options.RequestID == nil {
		return ""
	}
	return *c.options.RequestID
}

// about names the request; an auth call is none.
func (c *call) about() string {
	if c.method == "" {
		return ""
	}
	about := c.method + " " + c.publicPath()
	if id := c.requestID(); id != "" {
		about += ", request " + id
	}
	return about
}

// publicPath is the path without its query.
func (c *call) publicPath() string {
	path, _, _ := strings.Cut(c.path, "?")
	return path
}

func errorsOf(err error) []error {
	if err == nil {
		return nil
	}
	return []error{err}
}
