package linktor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"time"

	"github.com/linktor/linktor-go/internal/exact"
	"github.com/linktor/linktor-go/internal/ffi"
)

// Auth is what a user does about a client's session: see [Client.Auth].
type Auth struct{ client *Client }

// Auth gives the session's own calls: log in, refresh, forget, test, consent. Calls log in
// and renew by themselves; these are for those who want to know before.
func (c *Client) Auth() Auth { return Auth{c} }

// Session is what is known of a session.
type Session struct {
	// User is the user, as the login's answer has it; nil if it named none.
	User json.RawMessage
	// Organization is the one that the first login named, or empty.
	Organization string
	// ExpiresIn is how long the access token is still good; nil if that is not known.
	ExpiresIn *time.Duration
}

// AuthTest says whether a credential is good. It prints, and logs, without what the server
// said.
type AuthTest struct {
	// Valid tells whether the server accepts it.
	Valid bool
	// Data is what the server said besides; nil if it refused, or said nothing.
	Data json.RawMessage
}

// AuthorizationRequest is a request for a user's consent: where to send the user, and what
// to keep until they come back. As JSON it is whole, the verifier too, so that another
// process can take it up: keep it where the user cannot read it, in a server-side session or
// an encrypted cookie. It prints, and logs, without what is secret.
type AuthorizationRequest struct {
	// URL is where the user agrees.
	URL string `json:"url"`
	// State is what the user must bring back (RFC 6749, 10.12).
	State string `json:"state"`
	// Verifier is the PKCE code verifier (RFC 7636, 4.1).
	Verifier string `json:"verifier"`
	// RedirectURI is where the user comes back to.
	RedirectURI string `json:"redirect_uri"`
}

// Login logs in now, also after a login that was refused.
//
// A credential without a login is an error of the kind config, a refused one authentication
// with the server's code. Tokens that cannot be saved are a token_store error, though calls
// go on with them.
func (a Auth) Login(ctx context.Context) (*Session, error) {
	return a.session(ctx, map[string]any{"call": "login"})
}

// Refresh renews the access token now, by the refresh token or whatever else gives one. It
// joins a renewal that is under way.
//
// A credential that is never renewed is an error of the kind config, and a session that has
// ended is authentication with the code session_expired. Tokens that cannot be saved are a
// token_store error, though calls go on with them.
func (a Auth) Refresh(ctx context.Context) (*Session, error) {
	return a.session(ctx, map[string]any{"call": "refresh"})
}

// Test asks the family's test endpoint whether the credential is good. Valid is false on a
// 401; every other failure is an error, and a family without such an endpoint is one of the
// kind config.
func (a Auth) Test(ctx context.Context) (*AuthTest, error) {
	var test struct {
		Valid bool            `json:"valid"`
		Data  json.RawMessage `json:"data"`
	}
	if err := a.call(ctx, map[string]any{"call": "test"}, &test); err != nil {
		return nil, err
	}
	return &AuthTest{Valid: test.Valid, Data: something(test.Data)}, nil
}

// Session is what is known of the session: nil before its first token, and for a credential
// that has none. It sends nothing.
func (a Auth) Session() *Session {
	if a.client.Err() != nil {
		return nil
	}
	text, err := a.client.handle.Session()
	runtime.KeepAlive(a.client)
	if err != nil {
		// It fails only by a defect, and then calls do, too.
		return nil
	}
	var record *sessionRecord
	if err := readValue(text, &record); err != nil || record == nil {
		return nil
	}
	return record.session()
}

// Invalidate forgets the access token, so that the next call renews it. A renewal under way
// does not bring it back. The refresh token stays.
func (a Auth) Invalidate() {
	if a.client.Err() == nil {
		// It fails only by a defect, and then calls do, too.
		_ = a.client.handle.Invalidate()
		runtime.KeepAlive(a.client)
	}
}

// AuthorizeURL makes the URL where a user agrees: OAuth 2.0 with PKCE (RFC 7636, S256) and a
// fresh state. It sends nothing. A credential other than [OAuth] is an error of the kind
// config; a redirect URI that is no absolute URL, or a scope that is empty or holds white
// space, is invalid_request.
func (a Auth) AuthorizeURL(scopes []string, redirectURI string) (*AuthorizationRequest, error) {
	if err := a.client.Err(); err != nil {
		return nil, err
	}
	text, err := a.client.handle.AuthorizeURL(scopes, redirectURI)
	runtime.KeepAlive(a.client)
	if err != nil {
		return nil, asError(err)
	}
	var request AuthorizationRequest
	if err := readValue(text, &request); err != nil {
		return nil, err
	}
	return &request, nil
}

// ExchangeCode exchanges the code that a user came back with for tokens, which calls use
// from here on. The callback is the URL that the user came to, or its path and query.
//
// A callback that does not answer the request, or brings no code, is an error of the kind
// authentication with the code state_mismatch, missing_code, or the server's own
// (access_denied); nothing is sent then. The exchange is never repeated.
func (a Auth) ExchangeCode(ctx context.Context, callback string, request *AuthorizationRequest) (*Session, error) {
	return a.session(ctx, map[string]any{"call": "exchange_code", "callback": callback, "request": request})
}

func (a Auth) session(ctx context.Context, call map[string]any) (*Session, error) {
	var record sessionRecord
	if err := a.call(ctx, call, &record); err != nil {
		return nil, err
	}
	return record.session(), nil
}

// call makes an auth call and reads what it gives.
func (a Auth) call(ctx context.Context, fields map[string]any, value any) error {
	c := a.client
	if err := c.ready(ctx); err != nil {
		return err
	}
	fields["within"] = questionOf(ctx)
	text, err := exact.Marshal(fields)
	if err != nil {
		return newError(KindInvalidRequest, "the call cannot be written as JSON", err)
	}
	var given string
	read := func(item *ffi.Item) { given = item.Record }
	submit := func(id uint64, _ bool) (*ffi.Item, error) {
		return nil, c.port.enter(func() error { return c.handle.SubmitAuth(id, string(text)) })
	}
	if err := c.await(ctx, &call{}, read, submit); err != nil {
		return err
	}
	return readValue(given, value)
}

// sessionRecord is a session as it crosses.
type sessionRecord struct {
	User         json.RawMessage `json:"user"`
	Organization string          `json:"organization"`
	ExpiresIn    *float64        `json:"expires_in"`
}

func (r *sessionRecord) session() *Session {
	session := &Session{User: something(r.User), Organization: r.Organization}
	if r.ExpiresIn != nil {
		session.ExpiresIn = new(duration(*r.ExpiresIn))
	}
	return session
}

// something is a value, unless it is null.
func something(value json.RawMessage) json.RawMessage {
	if string(value) == "null" {
		return nil
	}
	return value
}

func readValue(text string, value any) error {
	if err := json.Unmarshal([]byte(text), value); err != nil {
		return newError(KindInternal, "a defect of the SDK: a value cannot be read")
	}
	return nil
}

// String shows the organization and the time left, and not the user.
func (s Session) String() string {
	left := "unknown"
	if s.ExpiresIn != nil {
		left = s.ExpiresIn.Round(time.Second).String()
	}
	return fmt.Sprintf("linktor.Session(organization %q, expires in %s)", s.Organization, left)
}

// GoString is [Session.String].
func (s Session) GoString() string { return s.String() }

// Format writes [Session.String], whatever the verb.
func (s Session) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue is [Session.String]: the user is not for logs.
func (s Session) LogValue() slog.Value { return slog.StringValue(s.String()) }

// String shows whether the credential is good, and not what the server said.
func (t AuthTest) String() string { return fmt.Sprintf("linktor.AuthTest(valid %t)", t.Valid) }

// GoString is [AuthTest.String].
func (t AuthTest) GoString() string { return t.String() }

// Format writes [AuthTest.String], whatever the verb.
func (t AuthTest) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.String()) }

// LogValue is [AuthTest.String]: the user's data are not for logs.
func (t AuthTest) LogValue() slog.Value { return slog.StringValue(t.String()) }

// String shows the redirect URI alone.
func (r AuthorizationRequest) String() string {
	return fmt.Sprintf("linktor.AuthorizationRequest(%s)", r.RedirectURI)
}

// GoString is [AuthorizationRequest.String].
func (r AuthorizationRequest) GoString() string { return r.String() }

// Format writes [AuthorizationRequest.String], whatever the verb.
func (r AuthorizationRequest) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }

// LogValue is [AuthorizationRequest.String]: its JSON is not for logs.
func (r AuthorizationRequest) LogValue() slog.Value { return slog.StringValue(r.String()) }
