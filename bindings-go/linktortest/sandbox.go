// Package linktortest is the sandbox for tests of your own: the five API families over real
// HTTP, with faults on demand.
//
//	func TestABusyServerIsAskedAgain(t *testing.T) {
//		sandbox := linktortest.NewSandbox(t)
//		err := sandbox.Script(t.Context(), linktortest.Answer{Status: http.StatusServiceUnavailable})
//		if err != nil {
//			t.Fatal(err)
//		}
//		response, err := sandbox.Client(linktortest.Linktor).Get(t.Context(), "/me")
//		if err != nil || response.Attempts != 2 {
//			t.Errorf("%v, %v", response, err)
//		}
//	}
//
// It runs the program linktor-sandbox: that of LINKTOR_SANDBOX in the environment, else the
// one on the PATH. Proxies, and whatever replaces [net/http.DefaultTransport], do not reach it.
package linktortest

import (
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/linktor/linktor-go"
)

// Sandbox is a sandbox in a process of its own, on a free port of this machine. It ends with
// [Sandbox.Stop], or with this process, however that ends. What it keeps, it keeps until
// [Sandbox.Reset]. It is safe for concurrent use; errors of its methods are [*Error].
type Sandbox struct{ process *process }

// NewSandbox starts a sandbox for one test, which fails if that cannot be, and stops it when
// the test is over. Tests may have several, and run in parallel.
func NewSandbox(t testing.TB) *Sandbox {
	t.Helper()
	sandbox, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sandbox.Stop)
	return sandbox
}

// Start starts a sandbox for a program, or for all tests of a package in its TestMain, and
// waits until it is ready: 30 s at most. The context counts until then; whoever starts a
// sandbox stops it.
//
// Where the program is not installed, is of another version or does not start, the error says
// what to do.
func Start(ctx context.Context) (*Sandbox, error) {
	process, err := startProcess(ctx, startLimit)
	if err != nil {
		return nil, err
	}
	return &Sandbox{process}, nil
}

// Stop ends the sandbox, and waits until it has ended. Clients of it can connect no more. To
// stop it again does nothing.
func (s *Sandbox) Stop() {
	if s != nil && s.process != nil {
		s.process.stop()
	}
}

// Reset makes the sandbox as new: journal, script, limits, sessions, settings, clock, and what
// was written.
func (s *Sandbox) Reset(ctx context.Context) error {
	return s.call(ctx, "reset", struct{}{})
}

// URL is where the sandbox is: http://127.0.0.1:40001.
func (s *Sandbox) URL() string { return s.ready().URL }

// BaseURL is the base URL of a family, empty where there is no such family.
func (s *Sandbox) BaseURL(family Family) string { return s.ready().BaseURLs[family] }

// AuthURL is where the OAuth endpoints of a family are, empty where it has none.
func (s *Sandbox) AuthURL(family Family) string { return s.ready().AuthURLs[family] }

// Options are the options of a client of a family: the family, and where it is. The
// credential is not among them:
//
//	key := sandbox.Credentials(linktortest.Linkit).APIKey
//	client := linktor.NewLinkit(key, sandbox.Options(linktortest.Linkit)...)
func (s *Sandbox) Options(family Family) []linktor.Option {
	options := []linktor.Option{linktor.WithProvider(string(family)), linktor.WithBaseURL(s.BaseURL(family))}
	if url := s.AuthURL(family); url != "" {
		options = append(options, linktor.WithAuthURL(url))
	}
	return options
}

// Client makes a client of a family with its [Sandbox.Options], those given, and the family's
// API key, unless those given have another credential. What cannot be a client is the error of
// every call, and of its Err.
func (s *Sandbox) Client(family Family, options ...linktor.Option) *linktor.Client {
	options = append(s.Options(family), options...)
	client := linktor.New(s.Credentials(family).APIKey, options...)
	if client.Err() != nil {
		// Two credentials are an error; then the other one is enough.
		if other, err := linktor.NewClient(options...); err == nil {
			return other
		}
	}
	return client
}

func (s *Sandbox) ready() *ready {
	if s == nil || s.process == nil {
		return &ready{}
	}
	return &s.process.ready
}

// String names the sandbox by its URL.
func (s Sandbox) String() string { return fmt.Sprintf("linktortest.Sandbox(%s)", s.URL()) }

// GoString is [Sandbox.String].
func (s Sandbox) GoString() string { return s.String() }

// Format writes [Sandbox.String], whatever the verb.
func (s Sandbox) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }
