package linktor_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

// roundTripper is a function that is one.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

// mocked makes a client of an API that is not there.
func mocked(t testing.TB, transport http.RoundTripper, options ...linktor.Option) *linktor.Client {
	t.Helper()
	return newClient(t, append([]linktor.Option{
		linktor.WithAPIKey("lk_invented"), linktor.WithBaseURL("https://api.example.com/v1"), linktor.WithRoundTripper(transport),
	}, options...)...)
}

// answer is an answer of a mock.
func answer(status int, body string, headers ...string) *http.Response {
	response := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	for i := 0; i < len(headers); i += 2 {
		response.Header.Add(headers[i], headers[i+1])
	}
	return response
}

// fine answers everything.
func fine(*http.Request) (*http.Response, error) {
	return answer(200, `{"success":true,"data":{"id":1}}`), nil
}

func TestARoundTripperSeesTheWholeRequest(t *testing.T) {
	type key struct{}
	seen := 0
	client := mocked(t, roundTripper(func(request *http.Request) (*http.Response, error) {
		seen++
		body, err := io.ReadAll(request.Body)
		if request.Method != "POST" || request.URL.String() != "https://api.example.com/v1/contacts?page=2" ||
			request.Host != "api.example.com" || string(body) != `{"name":"Ada"}` || err != nil ||
			request.ContentLength != int64(len(body)) || request.GetBody == nil {
			t.Errorf("%+v", request)
		}
		for name, value := range map[string]string{
			"Authorization": "Bearer lk_invented", "Content-Type": "application/json", "User-Agent": "linktor-go/" + version(),
			"X-Request-Id": "req-1", "X-Own": "1",
		} {
			if values := request.Header[name]; len(values) != 1 || values[0] != value {
				t.Errorf("%s: %v", name, values)
			}
		}
		for name := range request.Header {
			if name != http.CanonicalHeaderKey(name) {
				t.Errorf("%s is not written as it is looked up", name)
			}
		}
		if ctx := request.Context(); ctx.Value(key{}) != "the call's" || ctx.Err() != nil {
			t.Errorf("%v, %v", ctx.Value(key{}), ctx.Err())
		}
		return fine(request)
	}))
	response, err := client.Post(context.WithValue(t.Context(), key{}, "the call's"), "/contacts", linktor.JSON(object{"name": "Ada"}),
		linktor.Query("page", 2), linktor.Header("x-own", "1"), linktor.RequestID("req-1"))
	var data struct{ ID int }
	if err != nil || response.Data(&data) != nil || data.ID != 1 || response.Attempts != 1 || seen != 1 {
		t.Errorf("%v, %+v, %d", err, response, seen)
	}
}

func TestARequestIsTheSameThroughADefaultTransport(t *testing.T) {
	ofTheTransport := []string{"connection", "accept-encoding"}
	for name, request := range map[string]linktor.Request{
		"get":        {Method: "GET", Path: "/contacts", Query: url.Values{"q": {"a b&c", "é"}}},
		"head":       {Method: "HEAD", Path: "/contacts"},
		"post":       {Method: "POST", Path: "/contacts", Body: []byte(`{"name":"Zoë"}`), ContentType: "application/json"},
		"bytes":      {Method: "PUT", Path: "/contacts/1", Body: []byte{0, 255, 128, 10}, ContentType: "application/octet-stream"},
		"empty post": {Method: "POST", Path: "/contacts"},
		"delete":     {Method: "DELETE", Path: "/contacts/{id}", PathParams: map[string]string{"id": "a/b c%"}},
	} {
		request.RequestID = "req-1"
		var sent [2]entry
		for i, options := range [][]linktor.Option{{withKey()}, {withKey(), linktor.WithRoundTripper(http.DefaultTransport)}} {
			reset(t, object{"json": object{}})
			if _, err := newClient(t, options...).Do(t.Context(), &request); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			sent[i] = journal(t)[0]
			sent[i].Headers = slices.DeleteFunc(sent[i].Headers, func(pair [2]string) bool {
				return slices.Contains(ofTheTransport, pair[0])
			})
			slices.SortFunc(sent[i].Headers, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
		}
		if written(sent[0]) != written(sent[1]) {
			t.Errorf("%s:\n%s\n%s", name, written(sent[0]), written(sent[1]))
		}
	}
}

func TestAnswersComeThroughARoundTripper(t *testing.T) {
	reset(t,
		object{"json": object{"success": true, "data": object{"name": "Zoë"}}},
		object{"body_base64": "AP+A"},
		object{"status": 204},
		object{"body": "text", "headers": object{"Set-Cookie": []string{"a=1", "b=2"}, "X-Own": "é"}},
		object{"status": 404, "json": object{"error": object{"code": "GONE", "message": "it is gone"}}},
	)
	client := newClient(t, withKey(), linktor.WithRoundTripper(http.DefaultTransport))
	get := func() (*linktor.Response, error) { return client.Get(t.Context(), "/me") }
	response, err := get()
	var data struct{ Name string }
	if err != nil || response.Data(&data) != nil || data.Name != "Zoë" {
		t.Errorf("%v, %v", data, err)
	}
	if response, err := get(); err != nil || !bytes.Equal(response.Body, []byte{0, 255, 128}) {
		t.Errorf("%v, %v", response, err)
	}
	if response, err := get(); err != nil || response.StatusCode != 204 || len(response.Body) != 0 {
		t.Errorf("%v, %v", response, err)
	}
	response, err = get()
	if err != nil || !slices.Equal(response.Header["Set-Cookie"], []string{"a=1", "b=2"}) || response.Header.Get("X-Own") != "é" {
		t.Errorf("%v, %v", response.Header, err)
	}
	_, err = get()
	failure, _ := errors.AsType[*linktor.Error](err)
	if failure == nil || failure.Kind != linktor.KindNotFound || failure.Code != "GONE" || failure.Sent != linktor.SentYes {
		t.Error(err)
	}
}

func TestThePipelineIsAroundARoundTripper(t *testing.T) {
	var paths []string
	var mutex sync.Mutex
	known := sandbox.Credentials["api_v2"]
	reset(t)
	control(t, "POST", "/limits", object{"family": "api_v2", "limits": []object{{"limit": 3, "window": 1, "class": "api_key"}}}, nil)
	root := storingClient(t, &locking{}, tripping(func(path string) {
		mutex.Lock()
		defer mutex.Unlock()
		paths = append(paths, path)
	}))
	mustGet(t, root, "/users")
	control(t, "POST", "/expire", object{"family": "api_v2"}, nil)
	if response, err := root.Get(t.Context(), "/users"); err != nil || response.Attempts != 2 {
		t.Errorf("%v, %v", response, err)
	}
	if expected := []string{"token", "users", "users", "token", "users"}; !slices.Equal(paths, expected) {
		t.Error(paths)
	}
	// A handle sends through it, too; and waits for its rate limit.
	paths = nil
	handle := root.WithCredentials(linktor.WithAPIKey(known["api_key"]))
	for range 3 {
		mustGet(t, handle, "/users")
	}
	if response, err := handle.Get(t.Context(), "/users"); err != nil || response.Waited == 0 || response.Attempts != 1 {
		t.Errorf("%v, %v", response, err)
	}
	if len(paths) != 4 {
		t.Error(paths)
	}
}

func TestARedirectIsThePipelines(t *testing.T) {
	reset(t, object{"redirect": "~/contacts"}, object{"json": object{}}, object{"redirect": "http://elsewhere.example/"})
	var paths []string
	client := newClient(t, withKey(), tripping(func(path string) { paths = append(paths, path) }))
	mustGet(t, client, "/me")
	_, err := client.Get(t.Context(), "/me")
	if failure, _ := errors.AsType[*linktor.Error](err); failure == nil || failure.Code != "redirect_refused" {
		t.Error(err)
	}
	if !slices.Equal(paths, []string{"me", "contacts", "me"}) {
		t.Error(paths)
	}
}

func TestARenewalsFailureToSendIsThatOfItsCalls(t *testing.T) {
	broken := errors.New("no cassette")
	client := newClient(t, linktor.WithPassword("ada@example.com", "invented"), linktor.WithRoundTripper(roundTripper(
		func(*http.Request) (*http.Response, error) { return nil, broken })))
	_, err := client.Get(t.Context(), "/me")
	if !errors.Is(err, linktor.ErrCallback) || !errors.Is(err, broken) {
		t.Error(err)
	}
}

// serving makes a client of a server.
func serving(t testing.TB, handler http.HandlerFunc) *linktor.Client {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return mocked(t, server.Client().Transport, linktor.WithBaseURL(server.URL))
}

func TestServersOfHttptestAreReachedByTheirTransports(t *testing.T) {
	for name, start := range map[string]func(*httptest.Server){
		"HTTP/1.1 in the clear": (*httptest.Server).Start,
		"HTTP/1.1":              (*httptest.Server).StartTLS,
		"HTTP/2.0":              func(server *httptest.Server) { server.EnableHTTP2 = true; server.StartTLS() },
	} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Protocol", r.Proto)
			_, _ = io.Copy(w, r.Body)
		}))
		start(server)
		client := mocked(t, server.Client().Transport, linktor.WithBaseURL(server.URL))
		response, err := client.Post(t.Context(), "/contacts", linktor.Body([]byte(name), "text/plain"))
		if err != nil || !strings.HasPrefix(name, response.Header.Get("X-Protocol")) || string(response.Body) != name {
			t.Errorf("%s: %v, %v", name, response, err)
		}
		server.Close()
	}
}

func TestAHandlerIsAMock(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, `{"path":%q}`, r.URL.Path)
	})
	client := mocked(t, roundTripper(func(request *http.Request) (*http.Response, error) {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		return recorder.Result(), nil
	}))
	response, err := client.Get(t.Context(), "/me")
	if err != nil || response.StatusCode != 201 || string(response.Body) != `{"path":"/v1/me"}` {
		t.Errorf("%v, %v", response, err)
	}
}

func TestACompressedBodyIsDecompressedOnce(t *testing.T) {
	text := strings.Repeat("0123456789", 10_000)
	client := serving(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			t.Errorf("%v", r.Header)
		}
		w.Header().Set("Content-Encoding", "gzip")
		zipped := gzip.NewWriter(w)
		_, _ = io.WriteString(zipped, text)
		_ = zipped.Close()
	})
	response, err := client.Get(t.Context(), "/me")
	if err != nil || string(response.Body) != text || response.Header.Get("Content-Encoding") != "" {
		t.Errorf("%v, %v", response, err)
	}
}

// hanging is a round tripper that never answers, and says with what it was asked.
func hanging() (http.RoundTripper, <-chan context.Context) {
	asked := make(chan context.Context, 16)
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		asked <- request.Context()
		select {}
	}), asked
}

func TestACallEndsAtOnceThoughItsRoundTripperDoesNot(t *testing.T) {
	for name, one := range map[string]struct {
		option linktor.Option
		end    func(context.CancelFunc, *linktor.Client)
		is     error
	}{
		"cancelled": {nil, func(cancel context.CancelFunc, _ *linktor.Client) { cancel() }, context.Canceled},
		"closed":    {nil, func(_ context.CancelFunc, client *linktor.Client) { client.Close() }, linktor.ErrClosed},
		"late":      {linktor.WithTimeout(100 * time.Millisecond), nil, linktor.ErrTimeout},
		"too late":  {linktor.WithDeadline(100 * time.Millisecond), nil, linktor.ErrTimeout},
	} {
		transport, asked := hanging()
		client := mocked(t, transport, one.option, linktor.WithMaxRetries(0))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := client.Get(ctx, "/me")
			ended <- err
		}()
		inside := <-asked
		if inside.Err() != nil {
			t.Errorf("%s: %v", name, inside.Err())
		}
		start := time.Now()
		if one.end != nil {
			one.end(cancel, client)
		}
		if err := <-ended; !errors.Is(err, one.is) {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(start); took > 200*time.Millisecond || one.end != nil && took > 50*time.Millisecond {
			t.Errorf("%s: it took %v", name, took)
		}
		select {
		case <-inside.Done():
		case <-time.After(time.Second):
			t.Errorf("%s: its context is not done", name)
		}
		cancel()
	}
}

func TestEachAttemptHasAContextOfItsOwn(t *testing.T) {
	transport, asked := hanging()
	client := mocked(t, transport, linktor.WithTimeout(50*time.Millisecond), linktor.WithMaxRetries(1), linktor.WithMaxRetryWait(0))
	_, err := client.Get(t.Context(), "/me")
	failure, _ := errors.AsType[*linktor.Error](err)
	if failure == nil || failure.Kind != linktor.KindTimeout || failure.Attempts != 2 {
		t.Error(err)
	}
	for range 2 {
		<-(<-asked).Done()
	}
}

func TestARequestEndsOnTheWireWithItsCall(t *testing.T) {
	reset(t, object{"delay_ms": 10000})
	client := newClient(t, withKey(), linktor.WithRoundTripper(http.DefaultTransport))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := client.Get(ctx, "/me"); !errors.Is(err, linktor.ErrTimeout) {
		t.Error(err)
	}
	eventually(t, "the server sees it aborted", func() bool { return isAborted(t) })
}

func TestAnAnswerThatComesTooLateDisturbsNobody(t *testing.T) {
	release := make(chan struct{})
	var calls atomic.Int32
	body := &stream{read: failing(io.EOF)}
	client := mocked(t, roundTripper(func(request *http.Request) (*http.Response, error) {
		if calls.Add(1) > 1 {
			return fine(request)
		}
		<-release
		return &http.Response{StatusCode: 200, Body: body}, nil
	}))
	_, err := client.Get(t.Context(), "/me", linktor.Timeout(50*time.Millisecond), linktor.MaxRetries(0))
	if !errors.Is(err, linktor.ErrTimeout) {
		t.Error(err)
	}
	close(release)
	eventually(t, "its body is closed", func() bool { return body.closed.Load() == 1 })
	mustGet(t, client, "/me")
}

func TestACallMadeInsideARoundTripperNeedsNoConnectionOfItsOwn(t *testing.T) {
	reset(t)
	other := newClient(t, withKey())
	var client *linktor.Client
	var paths []string
	client = newClient(t, withKey(), linktor.WithMaxConnections(1), linktor.WithRoundTripper(roundTripper(
		func(request *http.Request) (*http.Response, error) {
			path := request.URL.Path[strings.LastIndex(request.URL.Path, "/")+1:]
			paths = append(paths, path)
			switch path {
			case "me":
				mustGetIn(t, request.Context(), client, "/contacts")
			case "contacts":
				mustGetIn(t, request.Context(), client.WithOrganization("org_1"), "/conversations")
				mustGetIn(t, request.Context(), other, "/users")
			}
			return http.DefaultTransport.RoundTrip(request)
		})))
	if _, err := client.Get(t.Context(), "/me", linktor.Deadline(5*time.Second)); err != nil {
		t.Error(err)
	}
	if !slices.Equal(paths, []string{"me", "contacts", "conversations"}) {
		t.Error(paths)
	}
}

func mustGetIn(t testing.TB, ctx context.Context, client *linktor.Client, path string) {
	t.Helper()
	if _, err := client.Get(ctx, path); err != nil {
		t.Errorf("%s: %v", path, err)
	}
}

func TestARoundTripperThatAsksForATokenOfTheRenewalThatItSendsIsRefused(t *testing.T) {
	reset(t)
	known := sandbox.Credentials["linktor"]
	var client *linktor.Client
	client = newClient(t, linktor.WithPassword(known["email"], known["password"]), linktor.WithDeadline(5*time.Second),
		linktor.WithRoundTripper(roundTripper(func(request *http.Request) (*http.Response, error) {
			if strings.HasSuffix(request.URL.Path, "/login") {
				if _, err := client.Get(request.Context(), "/me"); err != nil {
					return nil, err
				}
			}
			return http.DefaultTransport.RoundTrip(request)
		})))
	_, err := client.Get(t.Context(), "/me")
	failure, _ := errors.AsType[*linktor.Error](err)
	if failure == nil || failure.Kind != linktor.KindCallback || !errors.Is(err, linktor.ErrConfig) {
		t.Error(err)
	}
}

func TestTracesOfTheCallsContextAreCalled(t *testing.T) {
	reset(t)
	var connections, headers atomic.Int32
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { connections.Add(1) },
		WroteHeaders: func() { headers.Add(1) },
	})
	mustGetIn(t, ctx, newClient(t, withKey(), linktor.WithRoundTripper(http.DefaultTransport)), "/me")
	if connections.Load() != 1 || headers.Load() != 1 {
		t.Errorf("%d, %d", connections.Load(), headers.Load())
	}
}

func TestOptionsThatDoNotGoWithARoundTripperAreRefused(t *testing.T) {
	for name, options := range map[string][]linktor.Option{
		"nil":          {linktor.WithRoundTripper(nil)},
		"nil function": {linktor.WithRoundTripper(roundTripper(nil))},
		"nil pointer":  {linktor.WithRoundTripper((*http.Transport)(nil))},
		"a proxy":      {linktor.WithRoundTripper(http.DefaultTransport), linktor.WithProxy("http://proxy.example:8080")},
		"certificates": {linktor.WithRoundTripper(http.DefaultTransport), linktor.WithRootCertificates([]byte("pem"))},
	} {
		if _, err := linktor.NewClient(append(options, withKey())...); !errors.Is(err, linktor.ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAThousandCallsAtOnceGoThroughARoundTripper(t *testing.T) {
	reset(t)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 128
	defer transport.CloseIdleConnections()
	var most, now atomic.Int32
	client := newClient(t, withKey(), linktor.WithRoundTripper(roundTripper(func(request *http.Request) (*http.Response, error) {
		for count := now.Add(1); ; {
			if before := most.Load(); count <= before || most.CompareAndSwap(before, count) {
				break
			}
		}
		defer now.Add(-1)
		return transport.RoundTrip(request)
	})))
	goroutines := runtime.NumGoroutine()
	var group sync.WaitGroup
	for i := range 1000 {
		group.Go(func() {
			name := fmt.Sprint("contact-", i)
			response, err := client.Post(t.Context(), "/contacts", linktor.JSON(object{"name": name}), linktor.RequestID(name))
			var contact struct{ Name string }
			if err != nil || response.Data(&contact) != nil || contact.Name != name || response.RequestID != name {
				t.Errorf("%s: %+v, %v", name, contact, err)
			}
		})
	}
	group.Wait()
	if most.Load() > 128 || most.Load() < 2 {
		t.Errorf("%d at once", most.Load())
	}
	transport.CloseIdleConnections()
	eventually(t, "all goroutines end", func() bool { return runtime.NumGoroutine() <= goroutines })
}

func TestNothingIsKeptOfFailuresThatAreOver(t *testing.T) {
	before := linktor.Kept()
	broken := errors.New("no cassette")
	client := mocked(t, roundTripper(func(*http.Request) (*http.Response, error) { return nil, broken }))
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() {
			for range 100 {
				if _, err := client.Get(t.Context(), "/me"); !errors.Is(err, broken) {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	// Sessions of other tests may hold some of their own.
	for range 50 {
		if after := linktor.Kept(); after.Calls == 0 && after.Questions == 0 && after.Failures <= before.Failures {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("%+v, and before %+v", linktor.Kept(), before)
}
