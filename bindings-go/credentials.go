package linktor

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/linktor/linktor-go/internal/exact"
	"github.com/linktor/linktor-go/internal/missing"
)

// WithAPIKey authenticates by an API key. Without any credential the variable of the
// family is read from the environment, LINKTOR_API_KEY for linktor.
func WithAPIKey(key string) Option {
	return func(s *settings) { s.text("api_key", key) }
}

// WithAccessToken authenticates by an access token that is never renewed.
func WithAccessToken(token string) Option {
	return func(s *settings) { s.text("access_token", token) }
}

// WithPassword authenticates by the sessions that a login with this e-mail address and
// password gives: linktor and linkit. The first call logs in, and a session that has ended
// is renewed.
func WithPassword(email, password string) Option {
	return func(s *settings) {
		s.text("email", email)
		s.text("password", password)
	}
}

// OAuth is an OAuth client and the tokens it has, if it has any yet: api_v1 and api_v2. An
// optional field that is nil is not given; one that is empty is refused, so that a variable
// nobody has set does not go unseen. It prints without its secrets.
type OAuth struct {
	ClientID     string
	ClientSecret string
	// RefreshToken is of a session that exists. Without one, and without an access token,
	// [Auth.AuthorizeURL] begins.
	RefreshToken *string
	// AccessToken is used until a 401 refuses it.
	AccessToken *string
	// Account says whose tokens these are, as the token store keeps them: a name that each
	// user has alone. Default: told from the refresh token; without that too, a token store
	// is refused.
	Account *string
}

// oauthRecord is an [OAuth] as it crosses.
type oauthRecord struct {
	ClientID     string  `json:"client_id"`
	ClientSecret string  `json:"client_secret"`
	RefreshToken *string `json:"refresh_token,omitempty"`
	AccessToken  *string `json:"access_token,omitempty"`
	Account      *string `json:"account,omitempty"`
}

// WithOAuth authenticates by the tokens of an OAuth client, which are renewed by their
// refresh token.
func WithOAuth(oauth OAuth) Option {
	return func(s *settings) {
		s.check("oauth", &oauth.ClientID, &oauth.ClientSecret, oauth.RefreshToken, oauth.AccessToken, oauth.Account)
		s.values["oauth"] = oauthRecord(oauth)
	}
}

// String names the client id alone.
func (o OAuth) String() string { return fmt.Sprintf("linktor.OAuth(%s)", o.ClientID) }

// GoString is [OAuth.String].
func (o OAuth) GoString() string { return o.String() }

// Format writes [OAuth.String], whatever the verb.
func (o OAuth) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, o.String()) }

// MarshalText gives [OAuth.String]: secrets are not to end up in logs.
func (o OAuth) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// JWT is a secret shared with the API, with which the client signs its own tokens (HS256):
// api_v2. An optional field that is nil is not given; one that is empty, or no time at all,
// is refused. It prints without its secret.
type JWT struct {
	Secret string
	// Subject is the sub claim: for whom the client acts.
	Subject string
	// Issuer is the iss claim. Default: the family's own.
	Issuer *string
	// Claims are added, scopes for example.
	Claims map[string]any
	// TTL is how long a token lives, in whole seconds. Default: an hour.
	TTL *time.Duration
}

// WithJWT authenticates by tokens that the client mints, one for each lifetime.
func WithJWT(jwt JWT) Option {
	return func(s *settings) {
		s.check("jwt", &jwt.Secret, &jwt.Subject, jwt.Issuer)
		claims, err := exact.Marshal(jwt.Claims)
		if err != nil {
			s.refuse("the claims of jwt cannot be written as JSON", err)
		}
		record := struct {
			Secret  string          `json:"secret"`
			Subject string          `json:"subject"`
			Issuer  *string         `json:"issuer,omitempty"`
			Claims  json.RawMessage `json:"claims"`
			TTL     *float64        `json:"ttl,omitempty"`
		}{Secret: jwt.Secret, Subject: jwt.Subject, Issuer: jwt.Issuer, Claims: claims}
		if jwt.TTL != nil {
			record.TTL = new(jwt.TTL.Seconds())
		}
		s.values["jwt"] = record
	}
}

// String names the subject alone.
func (j JWT) String() string { return fmt.Sprintf("linktor.JWT(%s)", j.Subject) }

// GoString is [JWT.String].
func (j JWT) GoString() string { return j.String() }

// Format writes [JWT.String], whatever the verb.
func (j JWT) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, j.String()) }

// MarshalText gives [JWT.String]: secrets are not to end up in logs.
func (j JWT) MarshalText() ([]byte, error) { return []byte(j.String()), nil }

// WithTokenSource authenticates by the tokens that the source gives: see [TokenSource].
func WithTokenSource(source TokenSource) Option {
	return func(s *settings) {
		if missing.Is(source) {
			s.refuse("the token source is nil")
		}
		s.source = source
		s.values["token_source"] = true
	}
}

// WithAnonymous sends no credential.
func WithAnonymous() Option {
	return func(s *settings) { s.values["anonymous"] = true }
}
