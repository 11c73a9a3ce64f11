package linktor_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/linktortest"
)

// sharedStore keeps the sessions of all clients of this process.
type sharedStore struct {
	records sync.Map
	lock    chan struct{} // full while a session is renewed
}

func (s *sharedStore) Load(_ context.Context, key string) (string, error) {
	record, _ := s.records.Load(key)
	text, _ := record.(string)
	return text, nil
}

func (s *sharedStore) Save(_ context.Context, key, text string) error {
	s.records.Store(key, text) // where others may read it, encrypt it: it is a session
	return nil
}

func (s *sharedStore) Lock(ctx context.Context, _ string) (func() error, error) {
	select {
	case s.lock <- struct{}{}:
		return func() error { <-s.lock; return nil }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func ExampleWithTokenStore() {
	ctx := context.Background()
	sandbox := startSandbox()
	defer sandbox.Stop()
	user := sandbox.Credentials(linktortest.Linktor)

	store := &sharedStore{lock: make(chan struct{}, 1)}
	for range 2 {
		client := sandbox.Client(linktortest.Linktor,
			linktor.WithPassword(user.Email, user.Password), linktor.WithTokenStore(store))
		if _, err := client.Get(ctx, "/me"); err != nil {
			log.Fatal(err)
		}
	}
	entries, err := sandbox.Journal(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, entry := range entries {
		fmt.Println(entry.Path)
	}
	// Output:
	// /api/v1/auth/login
	// /api/v1/me
	// /api/v1/me
}

func ExampleWithTokenStoreFile() {
	ctx := context.Background()
	sandbox := startSandbox()
	defer sandbox.Stop()
	folder, err := os.MkdirTemp("", "linktor-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)

	path := filepath.Join(folder, "session.json")
	user := sandbox.Credentials(linktortest.Linktor)
	client := sandbox.Client(linktortest.Linktor,
		linktor.WithPassword(user.Email, user.Password), linktor.WithTokenStoreFile(path))
	if _, err := client.Get(ctx, "/me"); err != nil {
		log.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Mode())
	// Output: -rw-------
}

// recorder notes what passes.
type recorder struct{ next http.RoundTripper }

func (r recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.next.RoundTrip(request)
	if err == nil {
		fmt.Println(request.Method, request.URL.Path, response.StatusCode)
	}
	return response, err
}

func ExampleWithRoundTripper() {
	ctx := context.Background()
	sandbox := startSandbox()
	defer sandbox.Stop()
	busy := linktortest.Answer{Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After-Ms": {"1"}}}
	if err := sandbox.Script(ctx, busy); err != nil {
		log.Fatal(err)
	}

	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	defer transport.CloseIdleConnections()
	client := sandbox.Client(linktortest.Linktor, linktor.WithRoundTripper(recorder{transport}))
	if _, err := client.Get(ctx, "/me"); err != nil {
		log.Fatal(err)
	}
	// Output:
	// GET /linktor/api/v1/me 503
	// GET /linktor/api/v1/me 200
}

func ExampleWithLogger() {
	sandbox := startSandbox()
	defer sandbox.Stop()

	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, attribute slog.Attr) slog.Attr {
			if attribute.Key == slog.TimeKey || attribute.Key == "elapsed" {
				return slog.Attr{} // not the same twice
			}
			return attribute
		},
	}))
	client := sandbox.Client(linktortest.Linktor, linktor.WithLogger(logger))
	if _, err := client.Get(context.Background(), "/me", linktor.RequestID("request-1")); err != nil {
		log.Fatal(err)
	}
	// Output:
	// level=INFO msg="linktor: call ended" provider=linktor method=GET path=/linktor/api/v1/me request_id=request-1 attempts=1 status=200
}
