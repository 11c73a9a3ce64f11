package linktor

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// Provider is an API family as data: an API of your own for [WithCustomProvider], or a
// built-in one from [NamedProvider], to be changed. Its fields and their JSON are the same in
// every language.
//
//	parcels := &linktor.Provider{
//		Name:        "parcels",
//		BaseURL:     "https://api.parcels.example/v3",
//		Credentials: []linktor.CredentialKind{linktor.CredentialAPIKey, linktor.CredentialPassword},
//		Headers:     linktor.ProviderHeaders{APIKey: linktor.AuthSchemeRaw, Organization: "x-depot"},
//		Auth: linktor.ProviderAuth{
//			Login: "/login",
//			Grant: linktor.ProviderGrant{AccessToken: []string{"/session/token"}},
//		},
//		Paging: linktor.ProviderPaging{SizeParameter: "limit", HasNext: []string{"/more"}},
//	}
//
// Name and Credentials must be there. What is zero has its default: a list that is nil has,
// too, while one that is empty says that there is nothing. Places in an answer are JSON
// pointers (RFC 6901), of which the first that finds something is taken. What is wrong is an
// error of the kind config, that names the field, where the provider is used.
//
// As JSON it is read by [json.Unmarshal], which replaces all of it, fills in the defaults, and
// refuses what is unknown or contradicts itself. The name of a built-in family, as a JSON
// text, is that family. It prints by its name.
type Provider struct {
	// Name is the family's name, in errors, logs and the token store: printable ASCII without
	// spaces.
	Name string `json:"name"`
	// BaseURL is where the API is. Default: [WithBaseURL] must say.
	BaseURL string `json:"base_url,omitzero"`
	// Environment names variables that are read for options left out. Default: none.
	Environment ProviderEnvironment `json:"environment,omitzero"`
	// Credentials are the kinds of credential that it knows.
	Credentials []CredentialKind `json:"credentials,omitzero"`
	// Headers says how a request is marked and signed.
	Headers ProviderHeaders `json:"headers,omitzero"`
	// Refreshable says which 401 is worth one renewal of a renewable token. Default: none.
	Refreshable ProviderRefreshable `json:"refreshable,omitzero"`
	// Auth says where sessions come from.
	Auth ProviderAuth `json:"auth,omitzero"`
	// UnsafeRoutes are requests that are not tried again though their method is: reads that
	// write, and writes that fail when done twice. Default: none.
	UnsafeRoutes []ProviderRoute `json:"unsafe_routes,omitzero"`
	// Rate says how requests are counted and limited.
	Rate ProviderRate `json:"rate,omitzero"`
	// Paging says how lists are paged.
	Paging ProviderPaging `json:"paging,omitzero"`
	// Envelope says how a success carries its payload.
	Envelope ProviderEnvelope `json:"envelope,omitzero"`
	// Errors says where an error's body says what.
	Errors ProviderErrors `json:"errors,omitzero"`
	// Webhook says how its deliveries are signed, as package webhook reads it: see
	// webhook.SchemeJSON. Default: it is not known, and there is nothing to verify.
	Webhook json.RawMessage `json:"webhook,omitzero"`
}

// CredentialKind is a kind of credential, by the option that gives it.
type CredentialKind string

// The kinds of credential.
const (
	CredentialAPIKey   CredentialKind = "api_key"  // [WithAPIKey]
	CredentialBearer   CredentialKind = "bearer"   // [WithAccessToken]
	CredentialPassword CredentialKind = "password" // [WithPassword]
	CredentialOAuth    CredentialKind = "oauth"    // [WithOAuth]
	CredentialJWT      CredentialKind = "jwt"      // [WithJWT]
	CredentialSource   CredentialKind = "source"   // [WithTokenSource]
)

// AuthScheme is how a credential is written into Authorization.
type AuthScheme string

// The values of AuthScheme.
const (
	AuthSchemeBearer AuthScheme = "bearer" // after Bearer (RFC 6750)
	AuthSchemeRaw    AuthScheme = "raw"    // alone
)

// ProviderEnvironment names environment variables that are read for options left out. Without
// a name none is read.
type ProviderEnvironment struct {
	// APIKey is that of the API key.
	APIKey string `json:"api_key,omitzero"`
	// BaseURL is that of the base URL.
	BaseURL string `json:"base_url,omitzero"`
	// Organization is that of the organization.
	Organization string `json:"organization,omitzero"`
	// AllowInsecureHTTP is that which allows plain http to hosts that are not loopback, if its
	// value is 1.
	AllowInsecureHTTP string `json:"allow_insecure_http,omitzero"`
}

// ProviderHeaders are the headers of every request that carries a credential.
type ProviderHeaders struct {
	// APIKey is how an API key is written. Default: [AuthSchemeBearer].
	APIKey AuthScheme `json:"api_key,omitzero"`
	// Token is how every other credential is written. Default: [AuthSchemeBearer].
	Token AuthScheme `json:"token,omitzero"`
	// Organization is the header that names the organization. Default: none.
	Organization string `json:"organization,omitzero"`
	// RequestID is the header that carries the request id, both ways. Default: none.
	RequestID string `json:"request_id,omitzero"`
	// ClientVersion is the header that carries the client's version. Default: none.
	ClientVersion string `json:"client_version,omitzero"`
	// Fixed are headers that are always the same, by name. Default: none.
	Fixed map[string]string `json:"fixed,omitzero"`
	// AlwaysJSON says that requests without a body have Content-Type: application/json, too.
	AlwaysJSON bool `json:"always_json,omitzero"`
}

// ProviderRefreshable says which 401 is worth a renewal: always, by codes, or, if it is zero,
// never. To say two of these is an error.
type ProviderRefreshable struct {
	// Always is every 401.
	Always bool
	// Codes are those of which the 401's error has one.
	Codes []string
}

// ProviderAuth are the endpoints that give and test credentials. Without them there are API
// keys and ready-made tokens only.
type ProviderAuth struct {
	// Login takes {"email", "password"} by POST; a path under the base URL. Default: there is
	// no login.
	Login string `json:"login,omitzero"`
	// Refresh takes {"refresh_token"} by POST; a path under the base URL. Default: there is no
	// refresh.
	Refresh string `json:"refresh,omitzero"`
	// OAuth are the OAuth 2.0 endpoints; an empty one has those of most. Default: there are
	// none.
	OAuth *ProviderOAuth `json:"oauth,omitzero"`
	// JWTIssuer is the iss of tokens that the client mints. Default: [JWT] must say.
	JWTIssuer string `json:"jwt_issuer,omitzero"`
	// Test is the call of [Auth.Test]. Default: there is none.
	Test *ProviderTest `json:"test,omitzero"`
	// Grant says where an answer of these endpoints keeps what.
	Grant ProviderGrant `json:"grant,omitzero"`
}

// ProviderOAuth are the OAuth 2.0 endpoints (RFC 6749). The token endpoint takes JSON.
type ProviderOAuth struct {
	// URL is what the paths are under. Default: the root of the base URL's host.
	URL string `json:"url,omitzero"`
	// Authorize is where a user agrees. Default: /oauth/authorize.
	Authorize string `json:"authorize,omitzero"`
	// Token is where codes and refresh tokens are exchanged. Default: /oauth/token.
	Token string `json:"token,omitzero"`
}

// ProviderTest is a GET that succeeds if the credential is good, and answers 401 if it is not.
type ProviderTest struct {
	// Path is the path under the base URL.
	Path string `json:"path"`
	// Query are query parameters, as names and values. Default: none.
	Query [][2]string `json:"query,omitzero"`
	// Valid are places of a boolean in the answer that says the same. Default: none.
	Valid []string `json:"valid,omitzero"`
}

// ProviderGrant are places in a token endpoint's answer.
type ProviderGrant struct {
	// AccessToken is the access token. Default: /access_token.
	AccessToken []string `json:"access_token,omitzero"`
	// RefreshToken is the refresh token. Default: /refresh_token.
	RefreshToken []string `json:"refresh_token,omitzero"`
	// ExpiresIn is how many seconds the access token lives. Default: /expires_in.
	ExpiresIn []string `json:"expires_in,omitzero"`
	// ExpiresAt is when the access token ends: RFC 3339, or seconds since 1970. Default:
	// /expires_at.
	ExpiresAt []string `json:"expires_at,omitzero"`
	// Organization is the user's organization. Default: nowhere.
	Organization []string `json:"organization,omitzero"`
	// User is the user. Default: /user.
	User []string `json:"user,omitzero"`
}

// ProviderRoute is requests by method and path.
type ProviderRoute struct {
	// Method is the method, in upper case. Default: every one.
	Method string `json:"method,omitzero"`
	// Path is the path under the base URL. * stands for one segment, ** at the end for one or
	// more.
	Path string `json:"path"`
}

// ProviderRate says how requests are counted, and what is published of their limits.
type ProviderRate struct {
	// Classes are the classes, of which the first that has the request takes it. Default: one
	// class, other.
	Classes []ProviderRateClass `json:"classes,omitzero"`
	// Tiers are published limits by the name of their tier, for [WithLimitTier]. Default: none.
	Tiers map[string][]Limit `json:"tiers,omitzero"`
	// DefaultTier is the tier of a client that names none. Default: it must name one, or give
	// limits of its own, to be paced proactively.
	DefaultTier ProviderTier `json:"default_tier,omitzero"`
}

// ProviderRateClass is requests that the server counts together.
type ProviderRateClass struct {
	// Name is its name; other is that of all requests that no class has.
	Name string `json:"name"`
	// Routes are its requests.
	Routes []ProviderRoute `json:"routes,omitzero"`
}

// ProviderTier is a tier by its name or by the credential, or, if it is zero, none. To say two
// of these is an error.
type ProviderTier struct {
	// Named is the name of one of the tiers.
	Named string
	// ByCredential is the tier called as the credential's kind: api_key, jwt, anonymous, and
	// oauth for every other token.
	ByCredential bool
}

// ProviderPaging says how lists are asked for by pages, and where an answer says that there
// are more. There is a next page if any of HasNext, Pages and Total says so, the page is not
// empty, and is the one that was asked for.
type ProviderPaging struct {
	// PageParameter is the query parameter that counts pages, from 1. Default: page.
	PageParameter string `json:"page_parameter,omitzero"`
	// SizeParameter is the query parameter for a page's size. Default: per_page.
	SizeParameter string `json:"size_parameter,omitzero"`
	// MaxSize is the largest size that is asked for. Default: 100.
	MaxSize int `json:"max_size,omitzero"`
	// Items is the list. Default: /data, or the whole body, which is the empty pointer.
	Items []string `json:"items,omitzero"`
	// Current is the number of this page. Default: nowhere.
	Current []string `json:"current,omitzero"`
	// Size is the size of a page. Default: nowhere.
	Size []string `json:"size,omitzero"`
	// HasNext is a boolean: is there a next page? Default: nowhere.
	HasNext []string `json:"has_next,omitzero"`
	// Pages is the number of pages. Default: nowhere.
	Pages []string `json:"pages,omitzero"`
	// Total is the number of items in all pages. Default: nowhere.
	Total []string `json:"total,omitzero"`
}

// ProviderEnvelope says how a success carries its payload. An object whose keys are all among
// Keys, and that has data or a boolean success, is an envelope around data.
type ProviderEnvelope struct {
	// Keys are the keys that an envelope may have. Default: there are no envelopes.
	Keys []string `json:"keys,omitzero"`
	// ListKeys are those of them that mark a list, so that "data": null beside one is an empty
	// list. Default: none.
	ListKeys []string `json:"list_keys,omitzero"`
	// FailedStatus are values of a text field status that mean failure, in lower case.
	// Default: none.
	FailedStatus []string `json:"failed_status,omitzero"`
}

// ProviderErrors are places in an error's body. Default: nowhere, and the status and the text
// say what there is to say.
type ProviderErrors struct {
	// Code is the machine's word for it.
	Code []string `json:"code,omitzero"`
	// Message is the sentence for people.
	Message []string `json:"message,omitzero"`
	// Details is any JSON besides.
	Details []string `json:"details,omitzero"`
	// RetryAfter is how many seconds to wait, on a 429.
	RetryAfter []string `json:"retry_after,omitzero"`
}

// String names the provider.
func (p Provider) String() string { return fmt.Sprintf("linktor.Provider(%s)", p.Name) }

// GoString is [Provider.String].
func (p Provider) GoString() string { return p.String() }

// Format writes [Provider.String], whatever the verb.
func (p Provider) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }

// LogValue is [Provider.String].
func (p Provider) LogValue() slog.Value { return slog.StringValue(p.String()) }
