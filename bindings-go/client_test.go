package linktor_test

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

func TestABadKeyIsTheErrorOfErrAndOfTheFirstCall(t *testing.T) {
	client := linktor.New("")
	if !errors.Is(client.Err(), linktor.ErrConfig) {
		t.Error(client.Err())
	}
	if _, err := client.Get(t.Context(), "/me"); err != client.Err() {
		t.Error(err)
	}
	client.Close()
}

func TestPresetsSpeakTheirFamilies(t *testing.T) {
	for family, preset := range map[string]func(string, ...linktor.Option) *linktor.Client{
		"linktor": linktor.New, "linkit": linktor.NewLinkit, "libromi": linktor.NewLibromiConnect, "api_v2": linktor.NewAPIClient,
	} {
		reset(t)
		client := preset(sandbox.Credentials[family]["api_key"], linktor.WithBaseURL(sandbox.BaseURLs[family]))
		path := map[string]string{"linktor": "/me", "linkit": "/products", "libromi": "/contacts", "api_v2": "/auth/test"}[family]
		if _, err := client.Get(t.Context(), path); err != nil {
			t.Errorf("%s: %v", family, err)
		}
		if !strings.Contains(client.String(), family) {
			t.Error(client)
		}
	}
	client := linktor.NewAPIClient(sandbox.Credentials["api_v1"]["api_key"], linktor.WithProvider("api_v1"),
		linktor.WithBaseURL(sandbox.BaseURLs["api_v1"]))
	if _, err := client.Get(t.Context(), "/users/me"); err != nil {
		t.Error(err)
	}
}

func TestErrorsAreFoundByTheirKinds(t *testing.T) {
	for status, sentinel := range map[int]error{
		400: linktor.ErrValidation, 401: linktor.ErrAuthentication, 402: linktor.ErrQuotaExceeded,
		403: linktor.ErrPermission, 404: linktor.ErrNotFound, 409: linktor.ErrConflict, 418: linktor.ErrAPI,
		422: linktor.ErrValidation, 429: linktor.ErrRateLimited, 500: linktor.ErrServer,
	} {
		reset(t, object{"status": status, "json": object{"message": "no"}, "headers": object{"Retry-After": "7"}})
		_, err := newClient(t, withKey()).Get(t.Context(), "/me", linktor.MaxRetries(0))
		failure, ok := errors.AsType[*linktor.Error](err)
		if !ok || failure.Status != status || failure.Sent != linktor.SentYes ||
			!errors.Is(err, sentinel) || !errors.Is(err, linktor.ErrAPI) || errors.Is(err, linktor.ErrTimeout) {
			t.Errorf("%d: %v", status, err)
		}
		if status == 429 && failure.RetryAfter != 7*time.Second {
			t.Errorf("retry after %v", failure.RetryAfter)
		}
	}
}

func TestARequestAsDataSaysAllThatOptionsSay(t *testing.T) {
	reset(t, object{"json": object{}}, object{"json": object{}})
	client := newClient(t, withKey())
	_, err := client.Do(t.Context(), &linktor.Request{
		Method: "post", Path: "/users/{id}", PathParams: map[string]string{"id": "a/b"},
		Query: url.Values{"tag": {"x", "y"}}, Header: http.Header{"X-Team": {"blue"}},
		Body: []byte(`{"a":1}`), ContentType: "application/json", RequestID: "req-1",
		Timeout: time.Second, Deadline: 2 * time.Second, IdempotencyKey: "key-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Post(t.Context(), "/users/{id}", linktor.PathParam("id", "a/b"), linktor.Query("tag", "x", "y"),
		linktor.Header("X-Team", "blue"), linktor.JSON(map[string]int{"a": 1}), linktor.RequestID("req-1"),
		linktor.Timeout(time.Second), linktor.Deadline(2*time.Second), linktor.IdempotencyKey("key-1"))
	if err != nil {
		t.Fatal(err)
	}
	seen := journal(t)
	first, _ := json.Marshal(seen[0])
	second, _ := json.Marshal(seen[1])
	if string(first) != string(second) || *seen[0].Query != "tag=x&tag=y" || seen[0].Path != "/api/v1/users/a%2Fb" {
		t.Errorf("%s\n%s", first, second)
	}
	if _, err := client.Do(t.Context(), nil); !errors.Is(err, linktor.ErrInvalidRequest) {
		t.Error(err)
	}
}

type color int

func (c color) String() string { return [...]string{"red", "green"}[c] }

func TestQueryValuesAreWrittenAsTheyAre(t *testing.T) {
	reset(t, object{"json": object{}})
	var nobody *string
	somebody := "ada"
	_, err := newClient(t, withKey()).Get(t.Context(), "/me",
		linktor.Query("a", 1, uint8(2), -3.5, 1e6), linktor.Query("b", true, false), linktor.Query("c", nil, nobody, &somebody),
		linktor.Query("d", []string{"x", "y"}, []any{nil, 7}), linktor.Query("e", color(1), json.Number("1.50")),
		linktor.Query("f", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), linktor.Query("g"),
		linktor.QueryValues(url.Values{"z": {"1"}, "y": {"2"}}))
	if err != nil {
		t.Fatal(err)
	}
	expected := "a=1&a=2&a=-3.5&a=1000000&b=true&b=false&c=ada&d=x&d=y&d=7&e=green&e=1.50&f=2026-01-02T03%3A04%3A05Z&y=2&z=1"
	if query := *journal(t)[0].Query; query != expected {
		t.Errorf("%s\n%s", query, expected)
	}
}

func TestWhatCannotBeWrittenIsRefusedBeforeItIsSent(t *testing.T) {
	reset(t)
	client := newClient(t, withKey())
	for name, option := range map[string]linktor.RequestOption{
		"NaN as JSON":          linktor.JSON(math.NaN()),
		"channel as JSON":      linktor.JSON(make(chan int)),
		"NaN in the query":     linktor.Query("a", math.Inf(1)),
		"struct in the query":  linktor.Query("a", struct{}{}),
		"nil in the path":      linktor.PathParam("id", nil),
		"list in the path":     linktor.PathParam("id", []string{"a", "b"}),
		"invalid UTF-8 query":  linktor.Query("a", "\xff"),
		"invalid UTF-8 header": linktor.Header("x-a", "\xff"),
		"invalid UTF-8 id":     linktor.RequestID("\xff"),
		"invalid UTF-8 key":    linktor.IdempotencyKey("\xff"),
	} {
		if _, err := client.Get(t.Context(), "/me", option); !errors.Is(err, linktor.ErrInvalidRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := client.Get(t.Context(), "/\xff"); !errors.Is(err, linktor.ErrInvalidRequest) {
		t.Error(err)
	}
	if _, err := client.Get(t.Context(), "/me", linktor.JSON(math.NaN())); !isJSONError(err) {
		t.Errorf("json's own error is not wrapped: %v", err)
	}
	if seen := journal(t); len(seen) != 0 {
		t.Errorf("%+v", seen)
	}
}

func isJSONError(err error) bool {
	_, ok := errors.AsType[*json.UnsupportedValueError](err)
	return ok
}

func TestBodiesOfAllSortsCross(t *testing.T) {
	large := strings.Repeat("0123456789", 700_000)
	for name, answer := range map[string]struct {
		script   object
		expected string
	}{
		"empty":     {object{"status": 204}, ""},
		"text":      {object{"body": "grüße"}, "grüße"},
		"bytes":     {object{"body_base64": "AP/+gA=="}, "\x00\xff\xfe\x80"},
		"7 million": {object{"body": "0123456789", "repeat": 700_000}, large},
	} {
		reset(t, answer.script)
		response, err := newClient(t, withKey()).Post(t.Context(), "/me", linktor.Body([]byte(large), "text/plain"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if string(response.Body) != answer.expected {
			t.Errorf("%s: %d bytes", name, len(response.Body))
		}
		if text, err := response.Text(); (err != nil) != (name == "bytes") || err == nil && text != answer.expected {
			t.Errorf("%s: %v", name, err)
		}
		if seen := journal(t); seen[0].Body != large {
			t.Errorf("%s: %d bytes were sent", name, len(seen[0].Body))
		}
	}
}

func TestNoBodyDoesNotChangeV(t *testing.T) {
	reset(t, object{"status": 204})
	response, err := newClient(t, withKey()).Delete(t.Context(), "/users/u1")
	if err != nil {
		t.Fatal(err)
	}
	v := object{"kept": true}
	if err := errors.Join(response.Decode(&v), response.Data(&v)); err != nil || v["kept"] != true {
		t.Error(err, v)
	}
}

func TestARepeatedHeaderKeepsItsValues(t *testing.T) {
	reset(t, object{"json": object{}, "headers": object{"X-Tag": []string{"a", "b"}}})
	response, err := newClient(t, withKey()).Get(t.Context(), "/me")
	if err != nil {
		t.Fatal(err)
	}
	if tags := response.Header.Values("x-tag"); len(tags) != 2 || tags[0] != "a" || tags[1] != "b" {
		t.Error(response.Header)
	}
}

func TestAnUndecodableBodyIsADecodeError(t *testing.T) {
	reset(t, object{"body": "<html>"})
	response, err := newClient(t, withKey()).Get(t.Context(), "/me", linktor.RequestID("req-9"))
	if err != nil {
		t.Fatal(err)
	}
	var v object
	err = response.Decode(&v)
	failure, ok := errors.AsType[*linktor.Error](err)
	if !ok || failure.Kind != linktor.KindDecode || failure.RequestID != "req-9" || failure.Body != "<html>" {
		t.Errorf("%#v", err)
	}
	if _, ok := errors.AsType[*json.SyntaxError](err); !ok {
		t.Errorf("json's own error is not wrapped: %v", err)
	}
}

func TestTheEnvironmentGivesTheKey(t *testing.T) {
	reset(t)
	t.Setenv("LINKTOR_API_KEY", sandbox.Credentials["linktor"]["api_key"])
	if os.Getenv("LINKTOR_API_KEY") == "" {
		t.Fatal("the sandbox has no key")
	}
	if _, err := newClient(t).Get(t.Context(), "/me"); err != nil {
		t.Error(err)
	}
}
