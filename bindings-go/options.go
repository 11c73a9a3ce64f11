package linktor

import (
	"cmp"
	"encoding/json"
	"log/slog"
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
	values    map[string]any
	headers   [][2]string
	provider  string
	source    TokenSource
	store     TokenStore
	transport http.RoundTripper
	logger    *slog.Logger
	err       error
}

// read gives what options say, and their JSON.
func read(options ...Option) (*settings, string, error) {
	settings := &settings{values: map[string]any{}}
	for _, option := range options {
		if option != nil {
			option(settings)
		}
	}
	if settings.err != nil {
		return nil, "", settings.err
	}
	if settings.headers != nil {
		settings.values["headers"] = settings.headers
	}
	document, err := json.Marshal(settings.values)
	if err != nil {
		return nil, "", newError(KindConfig, "the options cannot be written as JSON", err)
	}
	return settings, string(document), nil
}

// refuse keeps the first thing that is wrong with the options.
func (s *settings) refuse(message string, causes ...error) {
	s.err = cmp.Or(s.err, error(newError(KindConfig, message, causes...)))
}

func (s *settings) text(name, value string) {
	s.check(name, &value)
	s.values[name] = value
}

// check refuses what JSON's encoder would silently replace. A nil is not there.
func (s *settings) check(name string, texts ...*string) {
	for _, text := range texts {
		if text != nil && !utf8.ValidString(*text) {
			s.refuse(name + " is not valid UTF-8")
		}
	}
}

// WithProvider names the API family: linktor (the default), linkit, libromi, api_v1 or
// api_v2.
func WithProvider(name string) Option {
	return func(s *settings) {
		s.text("provider", name)
		s.provider = name
	}
}

// WithCustomProvider describes an API of your own: see [Provider]. It counts as it is when the
// client is made.
func WithCustomProvider(provider *Provider) Option {
	return func(s *settings) {
		if provider == nil {
			s.refuse("the provider is nil")
			return
		}
		document, err := provider.document()
		if err != nil {
			s.err = cmp.Or(s.err, err)
			return
		}
		s.values["provider"] = json.RawMessage(document)
		s.provider = provider.Name
	}
}

// WithBaseURL says where the API is. Default: <FAMILY>_BASE_URL from the environment, else
// the family's own. Plain http is refused unless the host is loopback.
func WithBaseURL(url string) Option {
	return func(s *settings) { s.text("base_url", url) }
}

// WithAuthURL says where the OAuth endpoints are, and is needed for OAuth at a base URL of
// your own. Default: the family's own. Plain http is refused as in [WithBaseURL].
func WithAuthURL(url string) Option {
	return func(s *settings) { s.text("auth_url", url) }
}

// WithTokenStoreFile keeps a session's tokens in a file, so that a process started anew
// goes on with them and several share one session: JSON, readable by its owner only (on
// Windows, by whom its folder allows), in a folder that exists. Default: they are kept in
// memory. A credential that has no session is refused with it.
func WithTokenStoreFile(path string) Option {
	return func(s *settings) { s.text("token_store", path) }
}

// WithOrganization is the organization of all requests that name none. Default:
// <FAMILY>_ORGANIZATION_ID from the environment, else the one that the first login names,
// else none.
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

// WithMaxRetries limits how often a call is tried again. Default: 3, so that there are at
// most 4 attempts; 0 sends every request exactly once. Less is an error.
//
// GET, HEAD, OPTIONS, PUT and DELETE are tried again after a failed connection, a timeout,
// and a 408, 429, 500, 502, 503 or 504; POST and PATCH only where the server cannot have
// acted, unless the request says that it is [Idempotent].
func WithMaxRetries(count int) Option {
	return func(s *settings) { s.values["max_retries"] = count }
}

// WithMaxRetryWait limits the wait for a server's hint, or in the queue for a rate limit, to
// a year at most. Default: 60 s; 0 waits for neither. What asks for longer is an error at
// once, whose RetryAfter says for how long. A wait without a hint is no longer either.
func WithMaxRetryWait(limit time.Duration) Option {
	return func(s *settings) { s.values["max_retry_wait"] = limit.Seconds() }
}

// WithRetryBudget is how many tokens there are for trying again: a retry costs 14, but for
// one after a 429 that said when to come; a success gives back 1, or what its retry cost.
// When they are used up nothing is tried again, so that an outage is not multiplied.
// Default: 500, shared with all handles. Less than 0 is an error.
func WithRetryBudget(tokens int) Option {
	return func(s *settings) { s.values["retry_budget"] = tokens }
}

// WithPacing says whether requests wait for a rate limit before they meet it. Default:
// [PacingReactive]. [PacingProactive] is an error where no limits are known.
func WithPacing(pacing Pacing) Option {
	return func(s *settings) { s.text("pacing", string(pacing)) }
}

// WithLimits are limits of your own: at least one, and all of them hold at once. They are
// kept to with [PacingProactive] only. Default: the family's default tier, see
// [WithLimitTier].
func WithLimits(limits ...Limit) Option {
	return func(s *settings) {
		for _, limit := range limits {
			s.check("limits", &limit.Class)
		}
		s.values["limits"] = append([]Limit{}, limits...)
	}
}

// WithLimitTier is like [WithLimits], but by the name of limits that the family publishes:
// published (linktor), free or paid (libromi), free, pro or enterprise (api_v1), api_key,
// oauth, jwt or anonymous (api_v2); linkit publishes none. Default: published, free, free,
// and for api_v2 that of the credential. It is kept to with [PacingProactive] only.
func WithLimitTier(name string) Option {
	return func(s *settings) { s.text("limits", name) }
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
		s.check("headers", &name, &value)
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
