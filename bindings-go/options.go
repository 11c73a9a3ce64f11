package linktor

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"
)

// Option sets something of a [Client]. An option given twice counts as given last, but two
// different credentials are an error. What an option may be is checked when the client is
// made; the error is of the kind config and never shows a value.
type Option func(*settings)

// settings are the options in the names and units in which they cross to the core.
type settings struct {
	values  map[string]any
	headers [][2]string
	source  TokenSource
	err     error
}

func (s *settings) text(name, value string) {
	if !utf8.ValidString(value) {
		s.err = cmp.Or(s.err, error(newError(KindConfig, name+" is not valid UTF-8")))
	}
	s.values[name] = value
}

// WithAPIKey authenticates by an API key. Without any credential the variable of the
// family is read from the environment, LINKTOR_API_KEY for linktor.
func WithAPIKey(key string) Option {
	return func(s *settings) { s.text("api_key", key) }
}

// WithAccessToken authenticates by an access token that is never renewed.
func WithAccessToken(token string) Option {
	return func(s *settings) { s.text("access_token", token) }
}

// WithAnonymous sends no credential.
func WithAnonymous() Option {
	return func(s *settings) { s.values["anonymous"] = true }
}

// WithTokenSource authenticates by the tokens that the source gives: see [TokenSource].
func WithTokenSource(source TokenSource) Option {
	return func(s *settings) {
		if source == nil {
			s.err = cmp.Or(s.err, error(newError(KindConfig, "token_source must be a function")))
		}
		s.source = source
		s.values["token_source"] = true
	}
}

// WithProvider names the API family: linktor (the default), linkit, libromi, api_v1 or
// api_v2.
func WithProvider(name string) Option {
	return func(s *settings) { s.text("provider", name) }
}

// WithCustomProvider describes an API of your own: a provider document as JSON.
func WithCustomProvider(document json.RawMessage) Option {
	return func(s *settings) {
		if !json.Valid(document) {
			s.err = cmp.Or(s.err, error(newError(KindConfig, "provider is not valid JSON")))
		}
		s.values["provider"] = document
	}
}

// WithBaseURL says where the API is. Default: <FAMILY>_BASE_URL from the environment, else
// the family's own. Plain http is refused unless the host is loopback.
func WithBaseURL(url string) Option {
	return func(s *settings) { s.text("base_url", url) }
}

// WithOrganization is the organization of all requests that name none. Default:
// <FAMILY>_ORGANIZATION_ID from the environment, else none.
func WithOrganization(id string) Option {
	return func(s *settings) { s.text("organization", id) }
}

// WithTimeout limits one attempt. Default: 30 s.
func WithTimeout(limit time.Duration) Option {
	return func(s *settings) { s.values["timeout"] = limit.Seconds() }
}

// WithConnectTimeout limits the making of a connection. Default: 10 s.
func WithConnectTimeout(limit time.Duration) Option {
	return func(s *settings) { s.values["connect_timeout"] = limit.Seconds() }
}

// WithDeadline limits a whole call, renewals and waits included. Default: no limit but the
// context's. Of the two the earlier one counts.
func WithDeadline(limit time.Duration) Option {
	return func(s *settings) { s.values["deadline"] = limit.Seconds() }
}

// WithMaxConnections limits the attempts under way at once; the rest queue in order.
// Default: 128.
func WithMaxConnections(count int) Option {
	return func(s *settings) { s.values["max_connections"] = count }
}

// WithHeader adds a header to all requests. Headers that the client writes itself are
// refused.
func WithHeader(name, value string) Option {
	return func(s *settings) {
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			s.err = cmp.Or(s.err, error(newError(KindConfig, "headers are not valid UTF-8")))
		}
		s.headers = append(s.headers, [2]string{name, value})
	}
}

// WithHeaders adds headers to all requests: see [WithHeader].
func WithHeaders(headers http.Header) Option {
	return func(s *settings) {
		for _, name := range slices.Sorted(maps.Keys(headers)) {
			for _, value := range headers[name] {
				WithHeader(name, value)(s)
			}
		}
	}
}

// WithClientVersion is what families that ask for the client's version are told. Default:
// this library's.
func WithClientVersion(version string) Option {
	return func(s *settings) { s.text("client_version", version) }
}

// WithProxy sends everything but loopback through a proxy. Default: HTTPS_PROXY and its
// siblings from the environment, for https only.
func WithProxy(url string) Option {
	return func(s *settings) { s.text("proxy", url) }
}

// WithRootCertificates trusts these certificates, in PEM, besides those of the machine.
func WithRootCertificates(pem []byte) Option {
	return func(s *settings) { s.text("root_certificates", string(pem)) }
}

// WithAllowInsecureHTTP allows plain http to hosts that are not loopback, in a network of
// your own. Default: only with <FAMILY>_ALLOW_INSECURE_HTTP=1 in the environment.
func WithAllowInsecureHTTP() Option {
	return func(s *settings) { s.values["allow_insecure_http"] = true }
}
