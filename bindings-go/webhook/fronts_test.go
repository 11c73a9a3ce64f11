package webhook_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/linktor/linktor-go/webhook"
)

// handler is the user's: it keeps what it is given, and does as it is told, delivery by
// delivery.
type handler struct {
	mutex    sync.Mutex
	events   []*webhook.Event
	outcomes []int // statuses; 0 says nothing
	// hold keeps it until it is closed.
	hold chan struct{}
}

var errHandler = errors.New("the database is away")

func (h *handler) outcome(event *webhook.Event) int {
	h.mutex.Lock()
	h.events = append(h.events, event)
	outcome := 0
	if len(h.outcomes) > 0 {
		outcome, h.outcomes = h.outcomes[0], h.outcomes[1:]
	}
	h.mutex.Unlock()
	if h.hold != nil {
		<-h.hold
	}
	return outcome
}

// handle is a handler that returns an error.
func (h *handler) handle(_ context.Context, event *webhook.Event) error {
	if outcome := h.outcome(event); outcome >= 300 {
		return errHandler
	}
	return nil
}

// ServeHTTP is a handler that answers by itself.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	event, ok := webhook.FromContext(r.Context())
	if !ok {
		panic("there is no event")
	}
	if body, err := io.ReadAll(r.Body); err != nil || !bytes.Equal(body, event.Body) || r.ContentLength != int64(len(body)) {
		panic(fmt.Sprintf("%s, %v", body, err))
	}
	if outcome := h.outcome(event); outcome != 0 {
		w.WriteHeader(outcome)
	}
}

// handled waits until so many events were met.
func (h *handler) handled(t *testing.T, count int) []*webhook.Event {
	t.Helper()
	until(t, func() bool {
		h.mutex.Lock()
		defer h.mutex.Unlock()
		return len(h.events) >= count
	})
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if len(h.events) != count {
		t.Fatalf("%d events were handled, and not %d", len(h.events), count)
	}
	return slices.Clone(h.events)
}

// until waits for what is to come.
func until(t *testing.T, isSo func() bool) {
	t.Helper()
	for range 1000 {
		if isSo() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it never came to be so")
}

// front is one way to put a handler behind a receiver, and to serve it.
type front struct {
	serve func(*webhook.Receiver, *handler) *httptest.Server
	// returns says that the handler returns an error instead of a status.
	returns bool
}

func plain(wrap func(*webhook.Receiver, *handler) http.Handler) front {
	return front{serve: func(receiver *webhook.Receiver, handler *handler) *httptest.Server {
		return httptest.NewServer(wrap(receiver, handler))
	}}
}

func middleware(receiver *webhook.Receiver, handler *handler) http.Handler {
	return receiver.Middleware(handler)
}

var fronts = map[string]front{
	"a function": {func(receiver *webhook.Receiver, handler *handler) *httptest.Server {
		return httptest.NewServer(receiver.Handler(handler.handle))
	}, true},
	"a handler": plain(middleware),
	"HTTP/2": {serve: func(receiver *webhook.Receiver, handler *handler) *httptest.Server {
		server := httptest.NewUnstartedServer(receiver.Middleware(handler))
		server.EnableHTTP2 = true
		server.Config.ErrorLog = discarded // of connections that nobody came to use
		server.StartTLS()
		return server
	}},
	"HTTP/2 without TLS": {serve: func(receiver *webhook.Receiver, handler *handler) *httptest.Server {
		server := httptest.NewUnstartedServer(receiver.Middleware(handler))
		server.Config.Protocols = new(http.Protocols)
		server.Config.Protocols.SetUnencryptedHTTP2(true)
		server.Start()
		server.Client().Transport.(*http.Transport).Protocols = server.Config.Protocols
		return server
	}},
	"a router": plain(func(receiver *webhook.Receiver, handler *handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/hooks/", http.StripPrefix("/hooks", receiver.Middleware(handler)))
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.URL.Path = "/hooks/linktor"
			w.Header().Set("Content-Type", "application/json") // unless something else is said
			mux.ServeHTTP(w, r)
		})
	}),
	"a writer that wraps": plain(func(receiver *webhook.Receiver, handler *handler) http.Handler {
		inner := receiver.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			handler.ServeHTTP(bare{w}, r)
		}))
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { inner.ServeHTTP(bare{w}, r) })
	}),
	"a timeout around it": plain(func(receiver *webhook.Receiver, handler *handler) http.Handler {
		return http.TimeoutHandler(receiver.Middleware(handler), time.Minute, "")
	}),
	"a timeout within": plain(func(receiver *webhook.Receiver, handler *handler) http.Handler {
		return receiver.Middleware(http.TimeoutHandler(handler, time.Minute, ""))
	}),
	"a body that has a limit": plain(func(receiver *webhook.Receiver, handler *handler) http.Handler {
		return http.MaxBytesHandler(receiver.Middleware(handler), 1<<20)
	}),
}

// bare is a writer that can do nothing but write.
type bare struct{ http.ResponseWriter }

// over runs a test with each front.
func over(t *testing.T, run func(*testing.T, func(*webhook.Receiver, *handler) sender)) {
	for name, front := range fronts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, func(receiver *webhook.Receiver, handler *handler) sender {
				server := front.serve(receiver, handler)
				t.Cleanup(server.Close)
				return sender{t, server.Client(), server.URL, front.returns}
			})
		})
	}
}

// sender delivers to a receiver.
type sender struct {
	testing.TB
	client  *http.Client
	url     string
	returns bool
}

type delivery struct {
	body   string
	header http.Header
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (s sender) send(method string, delivery delivery) answer {
	s.Helper()
	request, err := http.NewRequest(method, s.url, strings.NewReader(delivery.body))
	if err != nil {
		s.Fatal(err)
	}
	maps.Copy(request.Header, delivery.header)
	// As a sender, it follows no redirect.
	response, err := s.client.Transport.RoundTrip(request)
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}

func (s sender) post(delivery delivery) answer {
	s.Helper()
	return s.send(http.MethodPost, delivery)
}

// expect posts a delivery as often as there are statuses.
func (s sender) expect(delivery delivery, statuses ...int) {
	s.Helper()
	for i, status := range statuses {
		if answer := s.post(delivery); answer.status != status {
			s.Errorf("delivery %d: HTTP %d %q, and not %d", i, answer.status, answer.body, status)
		}
	}
}

// linktors is a signed delivery of Linktor's; without an id, if that is empty.
func linktors(t testing.TB, id string, options ...webhook.SignOption) delivery {
	t.Helper()
	if id != "" {
		id = fmt.Sprintf(`"id":%q,`, id)
	}
	return signed(t, webhook.Linktor, fmt.Sprintf(`{%s"type":"message.received","data":{"text":"é"}}`, id), options...)
}

func signed(t testing.TB, scheme webhook.Scheme, body string, options ...webhook.SignOption) delivery {
	t.Helper()
	header, err := webhook.Sign(scheme, []byte(body), secret, options...)
	if err != nil {
		t.Fatal(err)
	}
	header.Set("Content-Type", "application/json")
	return delivery{body, header}
}

func (d delivery) with(name string, values ...string) delivery {
	header := d.header.Clone()
	header[name] = values
	return delivery{d.body, header}
}

func newVerifier(t testing.TB, scheme webhook.Scheme, options ...webhook.Option) *webhook.Verifier {
	t.Helper()
	verifier, err := webhook.NewVerifier(scheme, []string{secret}, options...)
	if err != nil {
		t.Fatal(err)
	}
	return verifier
}

func newReceiver(t testing.TB, verifier *webhook.Verifier, options ...webhook.ReceiverOption) *webhook.Receiver {
	t.Helper()
	receiver, err := webhook.NewReceiver(verifier, options...)
	if err != nil {
		t.Fatal(err)
	}
	return receiver
}

// logs are what a logger was told.
type logs struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *logs) Write(line []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(line)
}

func (l *logs) option() webhook.ReceiverOption {
	return webhook.WithLogger(slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug})))
}

type logged struct{ Level, Msg, Code, Error, Event string }

// taken gives what was told since, of which there is to be so much.
func (l *logs) taken(t testing.TB, count int) []logged {
	t.Helper()
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if strings.Contains(l.text.String(), secret) || strings.Contains(l.text.String(), "é") {
		t.Errorf("a secret, or data, is in the log: %s", &l.text)
	}
	var lines []logged
	for reader := json.NewDecoder(&l.text); reader.More(); {
		var line logged
		if err := reader.Decode(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	l.text.Reset()
	if len(lines) != count {
		t.Fatalf("%d lines were logged, and not %d: %+v", len(lines), count, lines)
	}
	return lines
}

// store is a deduplicator that keeps what it is asked.
type store struct {
	*webhook.MemoryDeduplicator
	mutex sync.Mutex
	asked []string
	// fail fails, or panics, at what is asked.
	fail func(asked string) error
	// meet looks at the context, before the answer.
	meet func(context.Context)
}

func newStore(t testing.TB) *store {
	t.Helper()
	seen, err := webhook.NewMemoryDeduplicator()
	if err != nil {
		t.Fatal(err)
	}
	return &store{MemoryDeduplicator: seen}
}

func (s *store) ask(ctx context.Context, what, key string) error {
	if s.meet != nil {
		s.meet(ctx)
	}
	s.mutex.Lock()
	s.asked = append(s.asked, what+" "+key)
	s.mutex.Unlock()
	if s.fail != nil {
		return s.fail(what)
	}
	return nil
}

func (s *store) Begin(ctx context.Context, key string) (webhook.Begun, error) {
	if err := s.ask(ctx, "begin", key); err != nil {
		return webhook.BegunNew, err
	}
	return s.MemoryDeduplicator.Begin(ctx, key)
}

func (s *store) Commit(ctx context.Context, key string) error {
	err := s.MemoryDeduplicator.Commit(ctx, key)
	return cmp.Or(s.ask(ctx, "commit", key), err)
}

func (s *store) Release(ctx context.Context, key string) error {
	err := s.MemoryDeduplicator.Release(ctx, key)
	return cmp.Or(s.ask(ctx, "release", key), err)
}

// awaits waits until so much was asked.
func (s *store) awaits(t *testing.T, count int) {
	t.Helper()
	until(t, func() bool {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		return len(s.asked) == count
	})
}

// expect compares what was asked since.
func (s *store) expect(t testing.TB, asked ...string) {
	t.Helper()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !slices.Equal(s.asked, asked) {
		t.Errorf("%q was asked, and not %q", s.asked, asked)
	}
	s.asked = nil
}
