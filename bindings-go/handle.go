package linktor

import (
	"runtime"

	"github.com/linktor/linktor-go/internal/ffi"
)

// WithOrganization gives a handle for another organization: the same connections and the
// same session. It is cheap enough to be made for one call.
//
// An empty or malformed id is the error of every call of the handle, and of its Err; it is
// of the kind config.
func (c *Client) WithOrganization(id string) *Client {
	return c.derive(WithOrganization(id), func(string) (ffi.Client, error) {
		return c.handle.WithOrganization(id)
	})
}

// WithCredentials gives a handle for somebody else, with a session of its own over the same
// connections, for servers that act for many users:
//
//	handle := client.WithCredentials(linktor.WithPassword(email, password))
//
// The credential is one of the options that give [NewClient] its own. All handles of one
// credential share its rate limits. The handle has this one's organization only if that was
// given as an option, never one that a login named. A
// credential that cannot be one is the error of every call of the handle, and of its Err.
func (c *Client) WithCredentials(credential Option) *Client {
	return c.derive(credential, func(document string) (ffi.Client, error) {
		return c.handle.WithCredentials(document)
	})
}

// derive makes a handle from an option, whose JSON make is given.
func (c *Client) derive(option Option, make func(string) (ffi.Client, error)) *Client {
	if c.Err() != nil {
		return c
	}
	settings, document, err := read(option)
	if err != nil {
		return &Client{provider: c.provider, err: err}
	}
	handle, err := make(document)
	runtime.KeepAlive(c)
	if err != nil {
		return &Client{provider: c.provider, err: asError(err)}
	}
	derived := &Client{provider: c.provider, deadline: c.deadline, source: settings.source, root: c.root, asked: c.asked}
	if settings.source != nil {
		derived.asked = derived
	}
	if err := derived.own(handle); err != nil {
		return &Client{provider: c.provider, err: err}
	}
	return derived
}
