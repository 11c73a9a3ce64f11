package linktortest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/linktortest"
	"github.com/linktor/linktor-go/webhook"
)

// read is a path of each family that its API key may read.
var read = map[linktortest.Family]string{
	linktortest.Linktor: "/me", linktortest.Linkit: "/products", linktortest.Libromi: "/contacts",
	linktortest.APIV2: "/auth/test", linktortest.APIV1: "/users/me",
}

// get makes a call that must succeed.
func get(t *testing.T, client *linktor.Client, path string) *linktor.Response {
	t.Helper()
	response, err := client.Get(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// check is for calls that must succeed.
func check(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// journal reads the journal, which must have so many entries.
func journal(t *testing.T, sandbox *linktortest.Sandbox, length int) []linktortest.Entry {
	t.Helper()
	entries, err := sandbox.Journal(t.Context())
	check(t, err)
	if len(entries) != length {
		t.Fatalf("%d entries: %v", len(entries), entries)
	}
	return entries
}

func TestAClientOfEachFamilyIsKnownToTheSandbox(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	for family, path := range read {
		if response := get(t, sandbox.Client(family), path); response.StatusCode != http.StatusOK {
			t.Errorf("%s: %v", family, response)
		}
		entries, err := sandbox.Journal(t.Context())
		if err != nil || entries[len(entries)-1].Family != family {
			t.Errorf("%s: %v, %v", family, entries, err)
		}
	}
}

func TestOptionsAreForPresetsAndConstructorsOfOnesOwn(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	app := func(options ...linktor.Option) *linktor.Client {
		client, err := linktor.NewClient(options...)
		check(t, err)
		return client
	}
	key := func(family linktortest.Family) string { return sandbox.Credentials(family).APIKey }
	get(t, linktor.NewLinkit(key(linktortest.Linkit), sandbox.Options(linktortest.Linkit)...), "/products")
	get(t, linktor.NewLibromiConnect(key(linktortest.Libromi), sandbox.Options(linktortest.Libromi)...), "/contacts")
	get(t, linktor.NewAPIClient(key(linktortest.APIV1), sandbox.Options(linktortest.APIV1)...), "/users/me")
	v2 := sandbox.Credentials(linktortest.APIV2)
	get(t, app(append(sandbox.Options(linktortest.APIV2), linktor.WithOAuth(linktor.OAuth{
		ClientID: v2.ClientID, ClientSecret: v2.ClientSecret, RefreshToken: new(v2.RefreshToken),
	}))...), "/users")
	if entries := journal(t, sandbox, 4+1); entries[3].Path != "/oauth/token" {
		t.Errorf("%v", entries)
	}
	wrong := linktor.New("lk_wrong", sandbox.Options(linktortest.Linktor)...)
	if _, err := wrong.Get(t.Context(), "/me"); !errors.Is(err, linktor.ErrAuthentication) {
		t.Error(err)
	}
}

func TestWhatAClientIsGivenReplacesTheSandboxsOwn(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	known := sandbox.Credentials(linktortest.Linktor)
	t.Setenv("LINKTOR_API_KEY", "lk_of_the_environment")
	for _, one := range []struct {
		option linktor.Option
		sent   string
	}{
		{linktor.WithMaxRetries(0), known.APIKey},
		{linktor.WithAPIKey(known.ReadOnlyKey), known.ReadOnlyKey},
		{linktor.WithAccessToken(known.AccessToken), known.AccessToken},
		{linktor.WithPassword(known.Email, known.Password), "eyJ"},
	} {
		check(t, sandbox.Reset(t.Context()))
		get(t, sandbox.Client(linktortest.Linktor, one.option), "/me")
		entries, err := sandbox.Journal(t.Context())
		check(t, err)
		header := entries[len(entries)-1].Header
		if sent := header.Get("Authorization") + header.Get("X-Api-Key"); !strings.Contains(sent, one.sent) {
			t.Errorf("%s was sent, and not %s", sent, one.sent)
		}
	}
	anonymous := sandbox.Client(linktortest.Linktor, linktor.WithAnonymous())
	if _, err := anonymous.Get(t.Context(), "/me"); !errors.Is(err, linktor.ErrAuthentication) {
		t.Error(err)
	}
}

func TestWhatCannotBeAClientIsItsError(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	var none *linktortest.Sandbox
	t.Setenv("LINKTOR_API_KEY", "lk_of_the_environment")
	for what, client := range map[string]*linktor.Client{
		"max_retries":           sandbox.Client(linktortest.Linktor, linktor.WithMaxRetries(-1)),
		"several credentials":   sandbox.Client(linktortest.Linktor, linktor.WithAnonymous(), linktor.WithAccessToken("a")),
		"`nowhere` is unknown":  sandbox.Client("nowhere"),
		"base_url is not a URL": none.Client(linktortest.Linktor),
		"base_url is not":       new(linktortest.Sandbox).Client(linktortest.Linktor),
	} {
		if err := client.Err(); !errors.Is(err, linktor.ErrConfig) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestWhatIsNotKnownIsEmpty(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	if sandbox.BaseURL("nowhere") != "" || sandbox.AuthURL(linktortest.Linktor) != "" ||
		sandbox.Credentials("nowhere") != (linktortest.Credentials{}) ||
		sandbox.WebhookSecret(webhook.StandardWebhooksV1a) != "" || sandbox.WebhookSecret(webhook.Scheme{}) != "" {
		t.Error("something is known of what is not there")
	}
	if sandbox.BaseURL(linktortest.Linkit) != sandbox.URL()+"/linkit/api/v1" ||
		sandbox.AuthURL(linktortest.APIV1) != sandbox.URL()+"/api_v1" {
		t.Error(sandbox.BaseURL(linktortest.Linkit), sandbox.AuthURL(linktortest.APIV1))
	}
}

func TestAResetMakesItAsNew(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	ctx := t.Context()
	client := sandbox.Client(linktortest.Linktor, linktor.WithMaxRetries(0), linktor.WithPacing(linktor.PacingOff))
	_, err := client.Post(ctx, "/contacts", linktor.JSON(map[string]string{"name": "Ada"}))
	check(t, err,
		sandbox.SetLimits(ctx, linktortest.Linktor, linktor.Limit{Limit: 1, Window: time.Minute}),
		sandbox.Script(ctx, linktortest.Answer{Status: http.StatusInternalServerError}),
		sandbox.RevokeAll(ctx, linktortest.Linktor),
		sandbox.AdvanceClock(ctx, time.Hour),
		sandbox.Reset(ctx))
	journal(t, sandbox, 0)
	var contacts []any
	check(t, get(t, client, "/contacts").Data(&contacts))
	session := sandbox.Client(linktortest.Linktor, linktor.WithAccessToken(sandbox.Credentials(linktortest.Linktor).AccessToken))
	date, err := http.ParseTime(get(t, session, "/me").Header.Get("Date"))
	if len(contacts) != 0 || err != nil || time.Since(date).Abs() > time.Minute {
		t.Errorf("%v, %v, %v", contacts, date, err)
	}
}

func TestEachSandboxIsItsOwn(t *testing.T) {
	first, second := linktortest.NewSandbox(t), linktortest.NewSandbox(t)
	check(t, first.Script(t.Context(), linktortest.Answer{Status: http.StatusAccepted, JSON: 1}))
	if status := get(t, second.Client(linktortest.Linktor), "/me").StatusCode; status != http.StatusOK {
		t.Error(status)
	}
	journal(t, first, 0)
	check(t, second.Reset(t.Context()))
	if status := get(t, first.Client(linktortest.Linktor), "/me").StatusCode; status != http.StatusAccepted {
		t.Error(status)
	}
	second.Stop()
	journal(t, first, 1)
}

func TestSandboxesServeTestsInParallel(t *testing.T) {
	for i := range 6 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			sandbox := linktortest.NewSandbox(t)
			check(t, sandbox.Script(t.Context(), linktortest.Answer{JSON: map[string]int{"data": i}}))
			var body struct{ Data int }
			if err := get(t, sandbox.Client(linktortest.Linktor), "/me").Decode(&body); err != nil || body.Data != i {
				t.Errorf("%v, %v", body, err)
			}
			journal(t, sandbox, 1)
		})
	}
}

func TestASandboxServesGoroutinesAtOnce(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			err := sandbox.Script(t.Context(), linktortest.Answer{Status: http.StatusTeapot})
			if _, err2 := sandbox.Journal(t.Context()); errors.Join(err, err2) != nil {
				t.Error(err, err2)
			}
		})
	}
	group.Wait()
}

func TestWhatTestsReplaceInNetHTTPDoesNotReachIt(t *testing.T) {
	refuse := roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("replaced") })
	transport, client := http.DefaultTransport, *http.DefaultClient
	http.DefaultTransport, http.DefaultClient.Transport = refuse, refuse
	defer func() { http.DefaultTransport, *http.DefaultClient = transport, client }()
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"} {
		t.Setenv(name, "http://127.0.0.1:9")
	}
	sandbox := linktortest.NewSandbox(t)
	check(t, sandbox.Reset(t.Context()))
	get(t, sandbox.Client(linktortest.Linktor), "/me")
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }

func TestAStoppedSandboxSaysSo(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	client := sandbox.Client(linktortest.Linktor, linktor.WithMaxRetries(0))
	get(t, client, "/me")
	var group sync.WaitGroup
	for range 3 {
		group.Go(sandbox.Stop)
	}
	group.Wait()
	if _, err := client.Get(t.Context(), "/me"); !errors.Is(err, linktor.ErrConnection) {
		t.Error(err)
	}
	_, err := sandbox.Journal(t.Context())
	failure, ok := errors.AsType[*linktortest.Error](err)
	if !ok || !strings.Contains(failure.Error(), "the sandbox does not answer (") ||
		!strings.HasSuffix(failure.Error(), "): it was stopped") {
		t.Error(err)
	}
}

func TestASandboxThatWasNotStartedIsAnErrorOfItsCalls(t *testing.T) {
	var none *linktortest.Sandbox
	for _, sandbox := range []*linktortest.Sandbox{none, {}} {
		sandbox.Stop()
		err := sandbox.Reset(t.Context())
		_, err2 := sandbox.Journal(t.Context())
		_, err3 := sandbox.Deliver(t.Context(), "http://127.0.0.1:9", linktortest.Event{})
		for _, err := range []error{err, err2, err3} {
			if err == nil || err.Error() != "linktortest: the sandbox was not started: use NewSandbox or Start" {
				t.Error(err)
			}
		}
		if printed := fmt.Sprintf("%v %+v %#v", sandbox, sandbox, sandbox); strings.Contains(printed, "0x") {
			t.Error(printed)
		}
	}
}

func TestTheContextEndsACall(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	reason := errors.New("no longer wanted")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	for _, err := range []error{sandbox.Reset(ctx), sandbox.Script(ctx), sandbox.AdvanceClock(ctx, time.Second)} {
		if !errors.Is(err, context.Canceled) || !errors.Is(err, reason) || !strings.Contains(err.Error(), "no longer wanted") {
			t.Error(err)
		}
	}
	var absent context.Context
	if err := sandbox.Reset(absent); err == nil || err.Error() != "linktortest: reset: the context is nil" {
		t.Error(err)
	}
}

func TestNoGoroutineIsLeft(t *testing.T) {
	// The client's own are there for good once one was made.
	get(t, linktortest.NewSandbox(t).Client(linktortest.Linktor), "/me")
	settle := func(count int) int {
		for range 200 {
			if runtime.NumGoroutine() <= count {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		return runtime.NumGoroutine()
	}
	before := settle(0)
	for range 3 {
		sandbox, err := linktortest.Start(t.Context())
		check(t, err)
		check(t, sandbox.Reset(t.Context()), sandbox.Script(t.Context(), linktortest.Answer{Reset: true}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Microsecond)
		_ = sandbox.Reset(ctx)
		cancel()
		sandbox.Stop()
		_ = sandbox.Reset(t.Context())
	}
	if after := settle(before); after > before {
		stacks := make([]byte, 1<<20)
		t.Errorf("%d goroutines, and then %d:\n%s", before, after, stacks[:runtime.Stack(stacks, true)])
	}
}

func TestNothingPrintableShowsASecret(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	client := sandbox.Client(linktortest.Linktor)
	_, err := client.Post(t.Context(), "/contacts", linktor.Query("note", "marker_query"),
		linktor.JSON(map[string]string{"name": "marker_body"}), linktor.Header("X-Note", "marker_header"))
	check(t, err)
	entries := journal(t, sandbox, 1)
	known := sandbox.Credentials(linktortest.Linktor)
	secrets := []string{"marker_", known.APIKey, known.Password, sandbox.WebhookSecret(webhook.Linktor)}
	event := linktortest.Event{Type: "message.received", Secret: "marker_secret", Data: "marker_data"}
	for _, value := range []any{
		sandbox, *sandbox, known, &known, struct{ Known linktortest.Credentials }{known}, entries, entries[0], &entries[0], event, &event,
	} {
		var printed strings.Builder
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&printed, format+"\n", value)
		}
		slog.New(slog.NewTextHandler(&printed, nil)).Info("one", "value", value)
		slog.New(slog.NewJSONHandler(&printed, nil)).Info("one", "value", value)
		written, err := json.Marshal(value)
		check(t, err)
		printed.Write(written)
		for _, secret := range secrets {
			for _, form := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%v", []byte(secret))} {
				if strings.Contains(printed.String(), form) {
					t.Errorf("%T shows %s:\n%s", value, secret, printed.String())
				}
			}
		}
	}
	for value, expected := range map[any]string{
		sandbox:     "linktortest.Sandbox(" + sandbox.URL() + ")",
		event:       "linktortest.Event(message.received)",
		&entries[0]: "linktortest.Entry(linktor POST /api/v1/contacts, HTTP 201)",
	} {
		if printed := fmt.Sprintf("%+v", value); printed != expected {
			t.Errorf("%s, and not %s", printed, expected)
		}
	}
}

func TestASandboxEndsWithItsProgram(t *testing.T) {
	for _, end := range []string{"return", "exit", "panic", "killed"} {
		command := exec.Command(os.Args[0])
		command.Env = append(os.Environ(), programVariable+"="+end)
		stdin, err := command.StdinPipe()
		check(t, err)
		stdout, err := command.StdoutPipe()
		check(t, err, command.Start())
		url, err := bufio.NewReader(stdout).ReadString('\n')
		check(t, err)
		if end == "killed" {
			check(t, command.Process.Kill())
		}
		_ = command.Wait()
		_ = stdin.Close()
		if !gone(strings.TrimSpace(url)) {
			t.Errorf("%s: the sandbox outlived its program", end)
		}
	}
}

// gone says whether nothing answers any more, soon.
func gone(url string) bool {
	for range 500 {
		response, err := http.Get(url + "/_sandbox")
		if err != nil {
			return true
		}
		_ = response.Body.Close()
		time.Sleep(10 * time.Millisecond)
	}
	return false
}
