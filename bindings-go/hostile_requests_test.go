package linktor_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

// refusing is a transport that counts what is sent, and answers.
type refusing struct{ count atomic.Int32 }

func (r *refusing) RoundTrip(*http.Request) (*http.Response, error) {
	r.count.Add(1)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

// ready is written as JSON as it is.
type ready []byte

func (r ready) MarshalJSON() ([]byte, error) { return r, nil }

// worded is written into URLs as it is.
type worded string

func (w worded) String() string { return string(w) }

type texted string

func (t texted) MarshalText() ([]byte, error) { return []byte(t), nil }

func TestEveryOptionOfARequestRefusesWhatIsHostile(t *testing.T) {
	type contact struct {
		Name string
		Tags map[string]any
	}
	samples := map[string][][]any{
		"PathParam":   {{"id", "u1"}, {"id", worded("u1")}, {"id", texted("u1")}},
		"Query":       {{"page", "1"}, {"page", worded("1")}, {"page", texted("1")}, {"page", []string{"1", "2"}}, {"page", 1.5}},
		"QueryValues": {{url.Values{"page": {"1", "2"}}}},
		"Header":      {{"X-Team", "blue"}},
		"JSON": {{contact{"Ada", map[string]any{"team": []any{"blue"}}}}, {texted("blue")}, {json.RawMessage(`{"a":"b"}`)},
			{ready(`{"a":"b"}`)}, {"blue"}},
		"Form":           {{url.Values{"name": {"Ada", "Bob"}}}},
		"Body":           {{[]byte("body"), "text/plain"}},
		"Organization":   {{"org_1"}},
		"RequestID":      {{"req-1"}},
		"Timeout":        {{time.Second}},
		"Deadline":       {{time.Second}},
		"MaxRetries":     {{1}},
		"MaxRetryWait":   {{time.Second}},
		"Idempotent":     {{true}},
		"IdempotencyKey": {{"key-1"}},
	}
	functions := map[string]any{
		"PathParam": linktor.PathParam, "Query": linktor.Query, "QueryValues": linktor.QueryValues, "Header": linktor.Header,
		"JSON": linktor.JSON, "Form": linktor.Form, "Body": linktor.Body, "Organization": linktor.Organization,
		"RequestID": linktor.RequestID, "Timeout": linktor.Timeout, "Deadline": linktor.Deadline,
		"MaxRetries": linktor.MaxRetries, "MaxRetryWait": linktor.MaxRetryWait, "Idempotent": linktor.Idempotent,
		"IdempotencyKey": linktor.IdempotencyKey,
	}
	var transport refusing
	client := newClient(t, linktor.WithProvider("linkit"), linktor.WithAPIKey("key-1"), linktor.WithRoundTripper(&transport))
	for _, name := range exported(t, "RequestOption") {
		if samples[name] == nil || functions[name] == nil {
			t.Errorf("there is no sample of %s", name)
			continue
		}
		path := "/users"
		if name == "PathParam" {
			path = "/users/{id}"
		}
		send := func(arguments []reflect.Value) error {
			_, err := client.Post(t.Context(), path, give[linktor.RequestOption](functions[name], arguments))
			return err
		}
		for _, sample := range samples[name] {
			if err := send(valuesOf(sample)); err != nil {
				t.Errorf("%s: the sample: %v", name, err)
			}
			for _, call := range hostileArguments(sample) {
				sent := transport.count.Load()
				err := send(call.arguments)
				checkSent(t, name+" "+call.where, err, call.isText || call.isBytes && name == "JSON", transport.count.Load() != sent)
			}
		}
	}
}

// checkSent checks what became of a request with something hostile: an error before it was
// sent, or nothing if it need not fail.
func checkSent(t *testing.T, what string, err error, mustFail, isSent bool) {
	t.Helper()
	kinds := []linktor.Kind{linktor.KindInvalidRequest}
	if !mustFail {
		// As documented of options that are checked when the request is sent.
		kinds = append(kinds, linktor.KindConfig)
	}
	if failure, ok := errors.AsType[*linktor.Error](err); ok && !mustFail && failure.Kind == linktor.KindTimeout {
		return
	}
	if checkHostile(t, what, err, mustFail, kinds...); err != nil && isSent {
		t.Errorf("%s was sent: %.300v", what, err)
	}
}

func TestEveryFieldOfARequestRefusesWhatIsHostile(t *testing.T) {
	var transport refusing
	client := newClient(t, linktor.WithProvider("linkit"), linktor.WithAPIKey("key-1"), linktor.WithRoundTripper(&transport))
	request := &linktor.Request{
		Method: "POST", Path: "/users/{id}", PathParams: map[string]string{"id": "u1"}, Query: url.Values{"page": {"1", "2"}},
		Header: http.Header{"X-Team": {"blue"}}, Body: []byte("body"), ContentType: "text/plain", Organization: "org_1",
		RequestID: "req-1", Timeout: time.Second, Deadline: time.Second, MaxRetries: new(1),
		MaxRetryWait: new(time.Second), Idempotent: new(true), IdempotencyKey: "key-1",
	}
	for i := range reflect.TypeOf(*request).NumField() {
		if reflect.ValueOf(*request).Field(i).IsZero() {
			t.Errorf("there is no sample of %s", reflect.TypeOf(*request).Field(i).Name)
		}
	}
	if _, err := client.Do(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	for _, call := range hostileArguments([]any{request}) {
		sent := transport.count.Load()
		_, err := client.Do(t.Context(), call.arguments[0].Interface().(*linktor.Request))
		checkSent(t, call.where, err, call.isText, transport.count.Load() != sent)
	}
}

func TestTextsThatAreNotUTF8AreRefusedWhereverTheyAreGiven(t *testing.T) {
	reset(t)
	const bad = marker + "\xff"
	client, consent := newClient(t, withKey()), consentClient(t)
	request := linktor.AuthorizationRequest{URL: "https://auth.example.com", State: "state-1", Verifier: strings.Repeat("v", 43),
		RedirectURI: "https://app.example.com/"}
	exchange := func(callback string, change func(*linktor.AuthorizationRequest)) func() error {
		changed := request
		change(&changed)
		return func() error {
			_, err := consent.Auth().ExchangeCode(t.Context(), callback, &changed)
			return err
		}
	}
	const callback = "https://app.example.com/?code=1&state=state-1"
	for what, one := range map[string]struct {
		call func() error
		kind linktor.Kind
	}{
		"method":                {func() error { _, err := client.Do(t.Context(), &linktor.Request{Method: bad, Path: "/me"}); return err }, linktor.KindInvalidRequest},
		"path":                  {func() error { _, err := client.Get(t.Context(), "/"+bad); return err }, linktor.KindInvalidRequest},
		"path of a list":        {func() error { return first(t, client, "/"+bad) }, linktor.KindInvalidRequest},
		"class":                 {func() error { _, err := client.RateLimit(bad); return err }, linktor.KindInvalidRequest},
		"handle's organization": {func() error { return client.WithOrganization(bad).Err() }, linktor.KindConfig},
		"handle's credential":   {func() error { return client.WithCredentials(linktor.WithAPIKey(bad)).Err() }, linktor.KindConfig},
		"key":                   {func() error { return linktor.New(bad).Err() }, linktor.KindConfig},
		"scope": {func() error {
			_, err := consent.Auth().AuthorizeURL([]string{bad}, "https://a.example.com")
			return err
		}, linktor.KindInvalidRequest},
		"redirect URI":      {func() error { _, err := consent.Auth().AuthorizeURL(nil, "https://a.example.com/"+bad); return err }, linktor.KindInvalidRequest},
		"callback":          {exchange(callback+bad, func(*linktor.AuthorizationRequest) {}), linktor.KindInvalidRequest},
		"kept state":        {exchange(callback, func(r *linktor.AuthorizationRequest) { r.State += bad }), linktor.KindInvalidRequest},
		"kept verifier":     {exchange(callback, func(r *linktor.AuthorizationRequest) { r.Verifier += bad }), linktor.KindInvalidRequest},
		"kept redirect URI": {exchange(callback, func(r *linktor.AuthorizationRequest) { r.RedirectURI += bad }), linktor.KindInvalidRequest},
	} {
		err := one.call()
		checkHostile(t, what, err, true, one.kind)
		refuseMarker(t, what, err)
	}
	if seen := journal(t); len(seen) != 0 {
		t.Errorf("%+v", seen)
	}
}

// first gives the error with which a list begins.
func first(t *testing.T, client *linktor.Client, path string) error {
	for _, err := range client.Paginate(t.Context(), path) {
		return err
	}
	return nil
}
