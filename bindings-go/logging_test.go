package linktor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

var silentLog = log.New(io.Discard, "", 0)

// record is one with the context that it was logged with.
type record struct {
	slog.Record
	ctx context.Context
}

// records is a handler that keeps what it gets.
type records struct {
	level slog.LevelVar
	mutex sync.Mutex
	kept  []record
}

// recording is a handler of a level.
func recording(level slog.Level) *records {
	var handler records
	handler.level.Set(level)
	return &handler
}

func (r *records) Enabled(_ context.Context, level slog.Level) bool { return level >= r.level.Level() }

func (r *records) Handle(ctx context.Context, one slog.Record) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.kept = append(r.kept, record{one.Clone(), ctx})
	return nil
}

func (r *records) WithAttrs([]slog.Attr) slog.Handler { return r }
func (r *records) WithGroup(string) slog.Handler      { return r }

func (r *records) all() []record {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return slices.Clone(r.kept)
}

// at are the records of a level.
func (r *records) at(level slog.Level) []record {
	return slices.DeleteFunc(r.all(), func(one record) bool { return one.Level != level })
}

func (r *records) forget() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.kept = nil
}

// attribute gives an attribute, which is null if there is none.
func (r record) attribute(name string) any {
	var value any
	r.Attrs(func(attribute slog.Attr) bool {
		if attribute.Key == name {
			value = attribute.Value.Any()
		}
		return true
	})
	return value
}

// isOf tells whether it is about a path.
func (r record) isOf(path string) bool {
	known, _ := r.attribute("path").(string)
	return strings.HasSuffix(known, path)
}

// attributes are the names of all, but for those that are of every call.
func (r record) attributes() string {
	var names []string
	r.Attrs(func(attribute slog.Attr) bool {
		if !slices.Contains([]string{"provider", "method", "path", "request_id"}, attribute.Key) {
			names = append(names, attribute.Key)
		}
		return true
	})
	return strings.Join(names, " ")
}

// lines are levels and messages in short: DEBUG call started.
func lines(records []record) []string {
	var lines []string
	for _, one := range records {
		lines = append(lines, one.Level.String()+" "+strings.TrimPrefix(one.Message, "linktor: "))
	}
	return lines
}

func logging(handler slog.Handler) linktor.Option { return linktor.WithLogger(slog.New(handler)) }

func ExampleWithLogger_json() {
	handler := slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, attribute slog.Attr) slog.Attr {
			if attribute.Key == slog.TimeKey || attribute.Key == "elapsed" {
				return slog.Attr{} // they are never the same
			}
			return attribute
		},
	})
	client := linktor.New("YOUR_API_KEY", linktor.WithLogger(slog.New(handler)),
		linktor.WithBaseURL("https://api.example.com/v1"), linktor.WithRoundTripper(notFound{}))
	_, _ = client.Get(context.Background(), "/contacts/{id}", linktor.PathParam("id", 42),
		linktor.Query("fields", "name"), linktor.RequestID("req-1"))
	// Output:
	// {"level":"DEBUG","msg":"linktor: call started","provider":"linktor","method":"GET","path":"/v1/contacts/42","request_id":"req-1"}
	// {"level":"DEBUG","msg":"linktor: attempt started","provider":"linktor","method":"GET","path":"/v1/contacts/42","request_id":"req-1","attempt":1}
	// {"level":"DEBUG","msg":"linktor: attempt ended","provider":"linktor","method":"GET","path":"/v1/contacts/42","request_id":"req-1","attempt":1,"status":404}
	// {"level":"INFO","msg":"linktor: call ended","provider":"linktor","method":"GET","path":"/v1/contacts/42","request_id":"req-1","attempts":1,"status":404,"error":"not_found"}
}

// notFound is a round tripper of an API that has nothing.
type notFound struct{}

func (notFound) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody}, nil
}

func TestACallIsLoggedInOrder(t *testing.T) {
	reset(t, object{"status": 503, "headers": object{"Retry-After": "0.1"}})
	handler := recording(slog.LevelDebug)
	client := newClient(t, withKey(), logging(handler))
	if _, err := client.Get(t.Context(), "/me", linktor.Query("secret", "invented"), linktor.RequestID("req-1")); err != nil {
		t.Fatal(err)
	}
	all := handler.all()
	if expected := []string{
		"DEBUG call started", "DEBUG attempt started", "DEBUG attempt ended", "INFO wait started", "DEBUG wait ended",
		"DEBUG attempt started", "DEBUG attempt ended", "INFO call ended",
	}; !slices.Equal(lines(all), expected) {
		t.Fatalf("%q", lines(all))
	}
	for i, attributes := range []string{
		"", "attempt", "attempt status elapsed", "reason expected", "reason elapsed", "attempt", "attempt status elapsed",
		"attempts status elapsed",
	} {
		if all[i].attributes() != attributes || all[i].attribute("provider") != "linktor" || all[i].attribute("method") != "GET" ||
			all[i].attribute("request_id") != "req-1" || !all[i].isOf("/me") {
			t.Errorf("%d: %v: %s", i, all[i].Message, all[i].attributes())
		}
	}
	expected, _ := all[3].attribute("expected").(time.Duration)
	waited, _ := all[4].attribute("elapsed").(time.Duration)
	took, _ := all[7].attribute("elapsed").(time.Duration)
	if expected < 100*time.Millisecond || expected > time.Second || waited < 100*time.Millisecond || took < waited ||
		took > 5*time.Second {
		t.Errorf("%v, %v, %v", expected, waited, took)
	}
	for name, value := range map[string]any{"attempts": int64(2), "status": int64(200)} {
		if all[7].attribute(name) != value {
			t.Errorf("%s: %v", name, all[7].attribute(name))
		}
	}
	if all[2].attribute("status") != int64(503) || all[2].attribute("attempt") != int64(1) ||
		all[5].attribute("attempt") != int64(2) || all[3].attribute("reason") != "retry_after" {
		t.Errorf("%v", lines(all))
	}
}

func TestAFailureIsLoggedWithItsKind(t *testing.T) {
	reset(t, object{"status": 404}, object{"reset": true}, object{"delay_ms": 5000})
	handler := recording(slog.LevelInfo)
	client := newClient(t, withKey(), logging(handler), linktor.WithMaxRetries(0))
	for _, one := range []struct {
		status any
		kind   string
	}{{int64(404), "not_found"}, {nil, "connection"}, {nil, "timeout"}} {
		handler.forget()
		_, _ = client.Get(t.Context(), "/contacts/42", linktor.Timeout(200*time.Millisecond))
		all := handler.all()
		if len(all) != 1 || all[0].attribute("status") != one.status || all[0].attribute("error") != one.kind ||
			all[0].attribute("attempts") != int64(1) {
			t.Errorf("%s: %q", one.kind, lines(all))
		}
	}
}

func TestAWaitSaysWhatItIsFor(t *testing.T) {
	reset(t, object{"status": 503}, object{"json": object{}}, object{"json": object{}, "headers": object{
		"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1",
	}})
	handler := recording(slog.LevelInfo)
	client := newClient(t, withKey(), logging(handler))
	mustGet(t, client, "/me")
	mustGet(t, client, "/me")
	mustGet(t, client, "/me")
	var reasons []any
	for _, one := range handler.all() {
		if reason := one.attribute("reason"); reason != nil {
			reasons = append(reasons, reason)
		}
	}
	if !slices.Equal(reasons, []any{"backoff", "rate_limit"}) {
		t.Error(reasons)
	}
}

func TestALoginIsACallOfItsOwn(t *testing.T) {
	reset(t)
	known := sandbox.Credentials["linktor"]
	handler := recording(slog.LevelDebug)
	mustGet(t, newClient(t, linktor.WithPassword(known["email"], known["password"]), logging(handler)), "/me")
	parts := func(path string) []string {
		return lines(slices.DeleteFunc(handler.all(), func(one record) bool { return !one.isOf(path) }))
	}
	started, attempt := "DEBUG call started", []string{"DEBUG attempt started", "DEBUG attempt ended", "INFO call ended"}
	eventually(t, "the login has ended", func() bool { return len(parts("/login")) == 4 })
	if login := parts("/login"); !slices.Equal(login, append([]string{started}, attempt...)) {
		t.Errorf("%q", login)
	}
	renewal := []string{started, "DEBUG renewal started", "DEBUG renewal ended"}
	if call := parts("/me"); !slices.Equal(call, append(renewal, attempt...)) {
		t.Errorf("%q", call)
	}

	handler.forget()
	reset(t, object{"status": 401, "json": object{}})
	_, err := newClient(t, linktor.WithPassword(known["email"], "wrong"), logging(handler)).Get(t.Context(), "/me")
	ended := slices.DeleteFunc(handler.all(), func(one record) bool { return one.Message != "linktor: renewal ended" })
	if err == nil || len(ended) != 1 || ended[0].attribute("error") != "authentication" {
		t.Errorf("%v, %v", err, ended)
	}
}

func TestNoMoreIsLoggedThanTheLoggerWants(t *testing.T) {
	reset(t)
	for level, expected := range map[slog.Level]int{slog.LevelDebug: 4, slog.LevelInfo: 1, slog.LevelWarn: 0, slog.LevelError: 0} {
		handler := recording(level)
		mustGet(t, newClient(t, withKey(), logging(handler)), "/me")
		if all := handler.all(); len(all) != expected {
			t.Errorf("%v: %q", level, lines(all))
		}
	}
}

func TestEventsCrossOnlyWhereTheyAreLogged(t *testing.T) {
	reset(t)
	handler := recording(slog.LevelWarn)
	client := newClient(t, withKey(), logging(handler))
	handle := client.WithOrganization("org_1")
	mustGet(t, client, "/me")
	mustGet(t, handle, "/me")
	if linktor.IsLogged(client) || linktor.IsLogged(newClient(t, withKey())) {
		t.Error("events cross that nobody logs")
	}
	// A level may be set later, and by whomever.
	handler.level.Set(slog.LevelInfo)
	mustGet(t, handle, "/me")
	mustGet(t, client, "/me")
	if all := handler.all(); len(all) != 2 || !linktor.IsLogged(client) {
		t.Errorf("%q", lines(all))
	}
	handler.level.Set(slog.LevelError)
	mustGet(t, client, "/me")
	if all := handler.all(); len(all) != 2 {
		t.Errorf("%q", lines(all))
	}
}

func TestHandlesLogToTheLoggerOfTheirClient(t *testing.T) {
	reset(t)
	handler := recording(slog.LevelInfo)
	client := newClient(t, withKey(), logging(handler))
	for _, handle := range []*linktor.Client{client.WithOrganization("org_1"), client.WithCredentials(withKey())} {
		mustGet(t, handle, "/me")
	}
	if all := handler.all(); len(all) != 2 {
		t.Errorf("%q", lines(all))
	}
}

func TestACallIsLoggedByItsGoroutineWithItsContext(t *testing.T) {
	reset(t)
	type key struct{}
	handler := recording(slog.LevelDebug)
	client := newClient(t, withKey(), logging(handler))
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			id := fmt.Sprint("req-", i)
			if _, err := client.Get(context.WithValue(t.Context(), key{}, id), "/me", linktor.RequestID(id)); err != nil {
				t.Error(err)
			}
			// All of it, before the call returns.
			own := slices.DeleteFunc(handler.all(), func(one record) bool { return one.ctx.Value(key{}) != id })
			expected := []string{"DEBUG call started", "DEBUG attempt started", "DEBUG attempt ended", "INFO call ended"}
			if !slices.Equal(lines(own), expected) {
				t.Errorf("%s: %q", id, lines(own))
			}
			for _, one := range own {
				if one.attribute("request_id") != id {
					t.Errorf("%s: %v", id, one.attribute("request_id"))
				}
			}
		})
	}
	group.Wait()
}

func TestACallThatIsGivenUpIsLoggedToItsEnd(t *testing.T) {
	reset(t, object{"delay_ms": 10000})
	handler := recording(slog.LevelInfo)
	client := newClient(t, withKey(), logging(handler))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := client.Get(ctx, "/me"); err == nil {
		t.Error("it was answered")
	}
	eventually(t, "its end is logged", func() bool {
		all := handler.all()
		return len(all) == 1 && (all[0].attribute("error") == "cancelled" || all[0].attribute("error") == "timeout")
	})
}

// blocking is a handler that blocks at records of one request, or of none.
type blocking struct {
	*records
	request any
	release chan struct{}
}

func (b *blocking) Handle(ctx context.Context, one slog.Record) error {
	if (record{one, ctx}).attribute("request_id") == b.request {
		<-b.release
	}
	return b.records.Handle(ctx, one)
}

func TestAHandlerThatBlocksHoldsUpItsOwnCallAlone(t *testing.T) {
	reset(t)
	handler := &blocking{recording(slog.LevelDebug), "req-blocked", make(chan struct{})}
	client := newClient(t, withKey(), logging(handler))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = client.Get(t.Context(), "/me", linktor.RequestID("req-blocked"))
	}()
	eventually(t, "it is sent all the same", func() bool { return len(journal(t)) == 1 })
	mustGet(t, client, "/me")
	mustGet(t, newClient(t, withKey()), "/me")
	select {
	case <-ended:
		t.Error("it did not wait for its handler")
	default:
	}
	close(handler.release)
	<-ended
}

func TestAHandlerThatBlocksAtWhatIsOfNoCallHoldsUpNobodyElse(t *testing.T) {
	reset(t)
	blocked := &blocking{recording(slog.LevelWarn), nil, make(chan struct{})}
	free := recording(slog.LevelWarn)
	mustGet(t, storingClient(t, &memory{}, logging(blocked)), "/users")
	reset(t)
	mustGet(t, storingClient(t, &memory{}, logging(free)), "/users")
	eventually(t, "the other is warned", func() bool { return len(free.all()) == 1 })
	close(blocked.release)
	eventually(t, "this one is, too", func() bool { return len(blocked.all()) == 1 })
}

// odd is a handler that does something instead.
type odd struct {
	enabled func(slog.Level) bool
	handle  func(slog.Record) error
}

func (o odd) Enabled(_ context.Context, level slog.Level) bool {
	return o.enabled == nil || o.enabled(level)
}
func (o odd) Handle(_ context.Context, record slog.Record) error { return o.handle(record) }
func (o odd) WithAttrs([]slog.Attr) slog.Handler                 { return o }
func (o odd) WithGroup(string) slog.Handler                      { return o }

// setDefault has the default logger be another one while a test runs.
func setDefault(t testing.TB, handler slog.Handler) {
	before := slog.Default()
	slog.SetDefault(slog.New(handler))
	t.Cleanup(func() { slog.SetDefault(before) })
}

func TestAHandlerThatPanicsDisturbsNoCallAndIsToldOfOnce(t *testing.T) {
	broken := errors.New("the handler's own")
	for name, handler := range map[string]odd{
		"at a record": {handle: func(slog.Record) error { panic(broken) }},
		"at a level":  {enabled: func(slog.Level) bool { panic(broken) }, handle: func(slog.Record) error { return nil }},
	} {
		reset(t)
		told := recording(slog.LevelDebug)
		setDefault(t, told)
		client := newClient(t, withKey(), logging(handler))
		mustGet(t, client, "/me")
		mustGet(t, client, "/me")
		all := told.all()
		if len(all) != 1 || all[0].Level != slog.LevelWarn || !strings.Contains(all[0].Message, "panicked") {
			t.Fatalf("%s: %q", name, lines(all))
		}
		cause, _ := all[0].attribute("cause").(error)
		if !errors.Is(cause, broken) || !strings.Contains(cause.Error(), "at logging_test.go:") {
			t.Errorf("%s: %v", name, cause)
		}
	}
}

func TestADefaultHandlerThatPanicsDisturbsNoCall(t *testing.T) {
	reset(t)
	var handled atomic.Int32
	setDefault(t, odd{handle: func(slog.Record) error {
		handled.Add(1)
		panic("the handler's own")
	}})
	known := sandbox.Credentials["linktor"]
	mustGet(t, newClient(t, linktor.WithPassword(known["email"], known["password"]), linktor.WithTokenStore(&memory{})), "/me")
	eventually(t, "it is handled", func() bool { return handled.Load() > 0 })
	mustGet(t, newClient(t, withKey(), logging(slog.Default().Handler())), "/me")
}

func TestAHandlerThatFailsDisturbsNoCall(t *testing.T) {
	reset(t)
	mustGet(t, newClient(t, withKey(), logging(odd{handle: func(slog.Record) error { return errors.New("the disk is full") }})), "/me")
}

func TestAHandlerThatEndsItsGoroutineEndsNoWarningsButItsOwn(t *testing.T) {
	reset(t)
	kept := recording(slog.LevelDebug)
	var ended atomic.Bool
	handler := odd{handle: func(one slog.Record) error {
		// Those of a login are of no goroutine of the user's.
		if (record{Record: one}).isOf("/login") && ended.CompareAndSwap(false, true) {
			runtime.Goexit()
		}
		return kept.Handle(t.Context(), one)
	}}
	known := sandbox.Credentials["linktor"]
	mustGet(t, newClient(t, linktor.WithPassword(known["email"], known["password"]), logging(handler)), "/me")
	eventually(t, "the others are logged", func() bool { return len(kept.all()) == 4+6-1 })
	if !ended.Load() {
		t.Error("nothing ended")
	}
}

func TestAHandlerMayMakeCallsOfItsOwnClientAndCloseIt(t *testing.T) {
	reset(t)
	var client *linktor.Client
	inner := make(chan error, 1)
	client = newClient(t, withKey(), logging(odd{handle: func(one slog.Record) error {
		if one.Message == "linktor: call ended" && (record{Record: one}).isOf("/me") {
			_, err := client.Get(t.Context(), "/contacts")
			inner <- err
		}
		return nil
	}}))
	mustGet(t, client, "/me")
	if err := <-inner; err != nil {
		t.Error(err)
	}
	reset(t, object{"delay_ms": 10000})
	var closing *linktor.Client
	closing = newClient(t, withKey(), logging(odd{handle: func(one slog.Record) error {
		if one.Message == "linktor: attempt started" {
			closing.Close()
		}
		return nil
	}}))
	if _, err := closing.Get(t.Context(), "/me"); !errors.Is(err, linktor.ErrClosed) {
		t.Error(err)
	}
}

func TestWarningsAloneGoToTheDefaultLogger(t *testing.T) {
	reset(t)
	told := recording(slog.LevelDebug)
	setDefault(t, told)
	broken := errors.New("the disk is full")
	store := &faulty{save: func(context.Context) error { return broken }, take: func(context.Context) (func() error, error) {
		return func() error { return broken }, nil
	}}
	client, err := linktor.NewClient(storing(store)...)
	if err != nil {
		t.Fatal(err)
	}
	mustGet(t, client, "/users")
	eventually(t, "it is warned twice", func() bool { return len(told.all()) == 2 })
	for _, line := range lines(told.all()) {
		if !strings.HasPrefix(line, "WARN ") {
			t.Error(line)
		}
	}
}

// giving is a source that always gives the same.
func giving(token linktor.Token, err error) linktor.TokenSource {
	return linktor.TokenSourceFunc(func(context.Context) (linktor.Token, error) { return token, err })
}

func TestNoRecordHasACredentialAQueryOrABody(t *testing.T) {
	var written bytes.Buffer
	var mutex sync.Mutex
	handler := odd{handle: func(one slog.Record) error {
		mutex.Lock()
		defer mutex.Unlock()
		return slog.NewJSONHandler(&written, &slog.HandlerOptions{Level: slog.LevelDebug}).Handle(t.Context(), one)
	}}
	reset(t,
		object{"status": 500, "body": marker},
		object{"status": 400, "json": object{"error": object{"code": marker, "message": marker}}},
		object{"json": object{"token": marker}, "headers": object{"X-Token": marker}},
		object{"reset": true},
		object{"redirect": "https://elsewhere.example/?token=" + marker},
	)
	client := newClient(t, linktor.WithAPIKey(marker), logging(handler), linktor.WithMaxRetries(1),
		linktor.WithMaxRetryWait(time.Millisecond))
	for range 3 {
		_, _ = client.Post(t.Context(), "/contacts", linktor.Query("token", marker), linktor.JSON(object{"token": marker}),
			linktor.Header("X-Key", marker), linktor.Idempotent(true))
	}
	broken := errors.New(marker)
	for _, options := range [][]linktor.Option{
		{linktor.WithPassword("ada@example.com", marker)},
		{linktor.WithTokenSource(giving(linktor.Token{}, broken))},
		{linktor.WithTokenSource(giving(linktor.Token{Value: marker}, nil))},
		{withKey(), linktor.WithRoundTripper(roundTripper(func(*http.Request) (*http.Response, error) { return nil, broken }))},
	} {
		_, _ = newClient(t, append(options, logging(handler))...).Get(t.Context(), "/me")
	}
	store := &faulty{save: func(context.Context) error { return broken }}
	mustGet(t, storingClient(t, store, logging(handler)), "/users")
	eventually(t, "all locks are ended", func() bool { return store.count("unlock") == 1 })
	time.Sleep(20 * time.Millisecond)
	mutex.Lock()
	defer mutex.Unlock()
	if count := strings.Count(written.String(), "\n"); count < 30 || strings.Contains(written.String(), marker) {
		t.Errorf("%d records: %s", count, written.String())
	}
	for line := range strings.Lines(written.String()) {
		var parsed object
		if err := json.Unmarshal([]byte(line), &parsed); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestANilLoggerIsAConfigError(t *testing.T) {
	if _, err := linktor.NewClient(withKey(), linktor.WithLogger(nil)); !errors.Is(err, linktor.ErrConfig) {
		t.Error(err)
	}
}

func TestAttributesAndGroupsOfTheLoggerStay(t *testing.T) {
	reset(t)
	var written strings.Builder
	logger := slog.New(slog.NewTextHandler(&written, nil)).With("app", "invented").WithGroup("sdk")
	mustGet(t, newClient(t, withKey(), linktor.WithLogger(logger)), "/me")
	if line := written.String(); !strings.Contains(line, "app=invented sdk.provider=linktor") {
		t.Error(line)
	}
}
