package linktor_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/linktor/linktor-go"
)

// memory is a token store that notes what happened.
type memory struct {
	mutex    sync.Mutex
	texts    map[string]string
	happened []string
}

func (m *memory) note(what string) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.happened = append(m.happened, what)
}

func (m *memory) notes() []string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return slices.Clone(m.happened)
}

func (m *memory) count(what string) int {
	count := 0
	for _, one := range m.notes() {
		if one == what {
			count++
		}
	}
	return count
}

func (m *memory) Load(_ context.Context, key string) (string, error) {
	m.note("load")
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.texts[key], nil
}

func (m *memory) Save(_ context.Context, key, text string) error {
	m.note("save")
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.texts == nil {
		m.texts = map[string]string{}
	}
	m.texts[key] = text
	return nil
}

// locking is a memory with one lock for all keys.
type locking struct {
	memory
	lock sync.Mutex
}

func (l *locking) Lock(context.Context, string) (func() error, error) {
	l.lock.Lock()
	l.note("lock")
	return func() error {
		l.note("unlock")
		l.lock.Unlock()
		return nil
	}, nil
}

// faulty is a store with faults, where it has some.
type faulty struct {
	locking
	load func(ctx context.Context) (string, error)
	save func(ctx context.Context) error
	take func(ctx context.Context) (func() error, error)
}

func (f *faulty) Load(ctx context.Context, key string) (string, error) {
	if f.load != nil {
		return f.load(ctx)
	}
	return f.locking.Load(ctx, key)
}

func (f *faulty) Save(ctx context.Context, key, text string) error {
	if f.save != nil {
		return f.save(ctx)
	}
	return f.locking.Save(ctx, key, text)
}

func (f *faulty) Lock(ctx context.Context, key string) (func() error, error) {
	if f.take != nil {
		return f.take(ctx)
	}
	return f.locking.Lock(ctx, key)
}

// ending makes a store whose method ends as the function says.
func ending(method string, end func(context.Context) error) *faulty {
	return map[string]*faulty{
		"load": {load: func(ctx context.Context) (string, error) { return "", end(ctx) }},
		"save": {save: end},
		"lock": {take: func(ctx context.Context) (func() error, error) { return nil, end(ctx) }},
	}[method]
}

// storing are the options of a session of the sandbox's api_v2 family, which rotates its
// refresh tokens, in a store.
func storing(store linktor.TokenStore, options ...linktor.Option) []linktor.Option {
	known := sandbox.Credentials["api_v2"]
	return append([]linktor.Option{
		linktor.WithProvider("api_v2"), linktor.WithBaseURL(sandbox.BaseURLs["api_v2"]), linktor.WithAuthURL(sandbox.AuthURLs["api_v2"]),
		linktor.WithOAuth(linktor.OAuth{
			ClientID: known["client_id"], ClientSecret: known["client_secret"], RefreshToken: new(known["refresh_token"]),
		}),
		linktor.WithTokenStore(store),
	}, options...)
}

func storingClient(t testing.TB, store linktor.TokenStore, options ...linktor.Option) *linktor.Client {
	t.Helper()
	// What would be written to the default logger.
	options = append([]linktor.Option{logging(slog.DiscardHandler)}, options...)
	return newClient(t, storing(store, options...)...)
}

// asked are the last segments of the paths that the server was asked for.
func asked(t testing.TB) []string {
	t.Helper()
	var paths []string
	for _, entry := range journal(t) {
		paths = append(paths, entry.Path[strings.LastIndex(entry.Path, "/")+1:])
	}
	return paths
}

func mustGet(t testing.TB, client *linktor.Client, path string) {
	t.Helper()
	if _, err := client.Get(t.Context(), path); err != nil {
		t.Errorf("%s: %v", path, err)
	}
}

// ends are the ways in which a function of a store can end without an answer.
func ends(broken error) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"an error":               func(context.Context) error { return broken },
		"a wrapped error":        func(context.Context) error { return fmt.Errorf("in the vault: %w", broken) },
		"a panic with an error":  func(context.Context) error { panic(broken) },
		"a panic":                func(context.Context) error { panic("out of tokens") },
		"a nil dereference":      func(context.Context) error { var store *memory; return errors.New(store.happened[0]) },
		"the goroutine's end":    func(context.Context) error { runtime.Goexit(); return nil },
		"an unprintable error":   func(context.Context) error { return &brokenError{} },
		"an error that is odd":   func(context.Context) error { return oddError{} },
		"a panic with odd error": func(context.Context) error { panic(oddError{}) },
	}
}

// oddError panics whenever it is looked at.
type oddError struct{}

// tripping is a round tripper that notes what it sends.
func tripping(note func(string)) linktor.Option {
	return linktor.WithRoundTripper(roundTripper(func(request *http.Request) (*http.Response, error) {
		note(request.URL.Path[strings.LastIndex(request.URL.Path, "/")+1:])
		return http.DefaultTransport.RoundTrip(request)
	}))
}
