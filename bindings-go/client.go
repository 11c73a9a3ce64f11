package linktor

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/linktor/linktor-go/internal/ffi"
)

// Client is a client of one API with one credential. It is safe for concurrent use, and
// best made once and shared.
type Client struct {
	handle    ffi.Client
	port      *port
	id        uint64
	provider  string
	source    TokenSource
	store     TokenStore
	transport http.RoundTripper
	logger    *slog.Logger
	isLogged  atomic.Bool
	deadline  time.Duration
	// root is what a handle was made of: its functions are the ones that are asked. A root's
	// is itself.
	root *Client
	// asked is the one whose source is asked for this one's tokens: itself, its root, or the
	// handle that it was made of.
	asked *Client
	// weight stands for what the core holds, of which Go's collector sees nothing: clients that
	// are no longer reachable would stay.
	weight []byte
	err    error
}

// weight is about what a client takes in the core, in bytes: its connector, above all.
const weight = 36 << 10

// New makes a client of the linktor family from an API key. A key or option that cannot be
// one is the error of every call, and of [Client.Err].
func New(key string, options ...Option) *Client {
	return preset("linktor", key, options)
}

// NewLinkit is [New] for the linkit family.
func NewLinkit(key string, options ...Option) *Client {
	return preset("linkit", key, options)
}

// NewLibromiConnect is [New] for the libromi family, from its API token.
func NewLibromiConnect(token string, options ...Option) *Client {
	return preset("libromi", token, options)
}

// NewAPIClient is [New] for the api_v2 family; WithProvider("api_v1") is the other.
func NewAPIClient(key string, options ...Option) *Client {
	return preset("api_v2", key, options)
}

func preset(provider, key string, options []Option) *Client {
	client, err := NewClient(append([]Option{WithProvider(provider), WithAPIKey(key)}, options...)...)
	if err != nil {
		return &Client{provider: provider, err: err}
	}
	return client
}

// NewClient makes a client from options alone. Its error is a [*Error], mostly of the kind
// config.
func NewClient(options ...Option) (*Client, error) {
	settings, document, err := read(options...)
	if err != nil {
		return nil, err
	}
	handle, err := ffi.NewClient(document)
	if err != nil {
		return nil, asError(err)
	}
	client := &Client{
		provider: cmp.Or(settings.provider, "linktor"), source: settings.source, store: settings.store,
		transport: settings.transport, logger: settings.logger,
	}
	client.root, client.asked, client.weight = client, client, make([]byte, weight)
	if seconds, ok := settings.values["deadline"].(float64); ok {
		client.deadline = time.Duration(seconds * float64(time.Second))
	}
	if err := client.own(handle); err != nil {
		return nil, err
	}
	return client, nil
}

// own gives the client its handle, which is freed when the client is no longer reachable.
func (c *Client) own(handle ffi.Client) error {
	port, err := openPort()
	if err != nil {
		handle.Free()
		return asError(err)
	}
	id, err := handle.ID()
	if err != nil {
		handle.Free()
		return asError(err)
	}
	c.handle, c.port, c.id = handle, port, id
	port.add(c)
	runtime.AddCleanup(c, func(handle ffi.Client) {
		port.drop(id)
		handle.Free()
	}, handle)
	return nil
}

// Err is the error with which [New] or a sibling of it, or [Client.WithOrganization] or
// [Client.WithCredentials], failed to make the client, or nil.
func (c *Client) Err() error {
	switch {
	case c == nil:
		return newError(KindConfig, "the client is nil")
	case c.err == nil && c.port == nil:
		return newError(KindConfig, "the client was made neither by New nor by a sibling of it")
	default:
		return c.err
	}
}

// Close ends all calls in flight, and later ones, with [ErrClosed], those of its handles
// too. On a handle it does nothing. It is optional: a client that is no longer reachable
// frees what it holds.
func (c *Client) Close() {
	if c.Err() == nil {
		// It fails only by a defect of the core, and then calls do, too.
		_ = c.handle.Close()
		runtime.KeepAlive(c)
	}
}

// Get sends a GET request: see [Client.Do].
func (c *Client) Get(ctx context.Context, path string, options ...RequestOption) (*Response, error) {
	return c.send(ctx, newCall(http.MethodGet, path, options))
}

// Post sends a POST request: see [Client.Do].
func (c *Client) Post(ctx context.Context, path string, options ...RequestOption) (*Response, error) {
	return c.send(ctx, newCall(http.MethodPost, path, options))
}

// Put sends a PUT request: see [Client.Do].
func (c *Client) Put(ctx context.Context, path string, options ...RequestOption) (*Response, error) {
	return c.send(ctx, newCall(http.MethodPut, path, options))
}

// Patch sends a PATCH request: see [Client.Do].
func (c *Client) Patch(ctx context.Context, path string, options ...RequestOption) (*Response, error) {
	return c.send(ctx, newCall(http.MethodPatch, path, options))
}

// Delete sends a DELETE request: see [Client.Do].
func (c *Client) Delete(ctx context.Context, path string, options ...RequestOption) (*Response, error) {
	return c.send(ctx, newCall(http.MethodDelete, path, options))
}

// Do sends a request and gives the response, if its status is 2xx. Everything else is a
// [*Error]. The body is read whole; there is nothing to close.
//
// When ctx is done the call ends at once with an error of the kind cancelled, or timeout
// where it was its deadline, that wraps ctx.Err() and context.Cause(ctx). An error that
// comes in the same moment keeps its own kind (rate_limited, say), and wraps them too.
func (c *Client) Do(ctx context.Context, request *Request) (*Response, error) {
	return c.send(ctx, request.call())
}

// Format writes the client without anything secret, whatever the verb.
func (c *Client) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, c.String())
}

// String names the client and its family.
func (c *Client) String() string {
	if c == nil {
		return "linktor.Client(nil)"
	}
	return fmt.Sprintf("linktor.Client(%s)", c.provider)
}

// GoString is [Client.String].
func (c *Client) GoString() string { return c.String() }
