package linktor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"github.com/linktor/linktor-go/internal/ffi"
)

// TokenSource gives tokens on demand: a secrets manager, a broker of short-lived
// credentials. It is called when there is no token, when the current one has expired, and
// once after an answer 401 that says so; by one renewal at a time, however many calls wait.
type TokenSource interface {
	// Token gives a token. The client's timeout bounds it: ctx is cancelled when nobody waits
	// for it any more. Calls made inside it take ctx, so that one to the same client is
	// refused, not waited for. Its error, or its panic, is wrapped by an error of the kind
	// callback of the calls that waited.
	Token(ctx context.Context) (Token, error)
}

// TokenSourceFunc is a function that is a [TokenSource].
type TokenSourceFunc func(ctx context.Context) (Token, error)

// Token calls the function.
func (f TokenSourceFunc) Token(ctx context.Context) (Token, error) { return f(ctx) }

// Token is an access token. It prints as ***.
type Token struct {
	// Value is the token.
	Value string
	// ExpiresIn is how long it lives. Zero is unknown: it is used until a 401 refuses it.
	ExpiresIn time.Duration
}

// String is ***.
func (Token) String() string { return "***" }

// GoString is ***.
func (Token) GoString() string { return "***" }

// Format writes ***, whatever the verb.
func (Token) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "***") }

// MarshalText gives ***: a token is not to end up in logs.
func (Token) MarshalText() ([]byte, error) { return []byte("***"), nil }

// answerFromSource asks a source, and writes its token as the core reads it.
func answerFromSource(ctx context.Context, source TokenSource, question uint64) error {
	token, err := source.Token(ctx)
	if err != nil {
		return err
	}
	if !utf8.ValidString(token.Value) {
		return errors.New("the token source gave a token that is not valid UTF-8")
	}
	record := struct {
		Token     string   `json:"token"`
		ExpiresIn *float64 `json:"expires_in,omitempty"`
	}{Token: token.Value}
	if token.ExpiresIn != 0 {
		record.ExpiresIn = new(token.ExpiresIn.Seconds())
	}
	text, err := json.Marshal(record)
	if err != nil {
		return err
	}
	return ffi.Answer(question, string(text))
}
