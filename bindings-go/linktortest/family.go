package linktortest

import (
	"fmt"
	"io"
	"strings"

	"github.com/linktor/linktor-go/webhook"
)

// Family is an API family, by the name that linktor.WithProvider takes.
type Family string

// The families.
const (
	Linktor Family = "linktor"
	Linkit  Family = "linkit"
	Libromi Family = "libromi"
	APIV2   Family = "api_v2"
	APIV1   Family = "api_v1"
)

// Credentials are what a family knows, invented and always the same. What it has not is
// empty. They print as ***.
type Credentials struct {
	// APIKey may do everything.
	APIKey string `json:"api_key"`
	// ReadOnlyKey is an API key that may not write.
	ReadOnlyKey string `json:"read_only_key"`
	// AccessToken is of the same session as RefreshToken.
	AccessToken string `json:"access_token"`
	// ExpiredToken is refused as one that has expired.
	ExpiredToken string `json:"expired_token"`
	// RefreshToken is of a session that exists after every reset.
	RefreshToken string `json:"refresh_token"`
	// Email and Password are those of the family's user.
	Email    string `json:"email"`
	Password string `json:"password"`
	// Organization is the only one that the family knows.
	Organization string `json:"organization"`
	// ClientID and ClientSecret are those of an OAuth client.
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	// RedirectURI is the one that is registered, on any port.
	RedirectURI string `json:"redirect_uri"`
	// JWTSecret is what api_v2 verifies JWTs with.
	JWTSecret string `json:"jwt_secret"`
}

// Credentials are what a family knows; all of them are empty where there is no such family.
func (s *Sandbox) Credentials(family Family) Credentials {
	return s.ready().Credentials[string(family)].Credentials
}

// WebhookSecret is what deliveries of a scheme are signed with, unless an [Event] has another;
// empty for a scheme that the sandbox cannot sign.
func (s *Sandbox) WebhookSecret(scheme webhook.Scheme) string {
	sender := strings.TrimSuffix(scheme.String(), "_body")
	return s.ready().Credentials[sender].WebhookSecret
}

// String is ***.
func (Credentials) String() string { return "***" }

// GoString is ***.
func (Credentials) GoString() string { return "***" }

// Format writes ***, whatever the verb.
func (Credentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "***") }

// MarshalText gives ***: credentials are not to end up in logs.
func (Credentials) MarshalText() ([]byte, error) { return []byte("***"), nil }
