package linktortest_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/linktortest"
)

func TestScriptedAnswersComeInOrderAsTheyWereWritten(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	client := sandbox.Client(linktortest.Linktor, linktor.WithMaxRetries(1))
	check(t, sandbox.Script(t.Context(),
		linktortest.Answer{Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After-Ms": {"1"}}},
		linktortest.Answer{Body: []byte{0, 255, 128}, Header: http.Header{"X-A": {"1", "2"}}},
		linktortest.Answer{Body: []byte("text"), Repeat: 2, Delay: 300 * time.Millisecond},
		linktortest.Answer{Status: http.StatusCreated, JSON: map[string]any{"data": 1},
			Match: linktortest.Match{Family: linktortest.Linktor, Method: "POST", Path: "/api/v1/contacts"}},
		linktortest.Answer{JSON: json.RawMessage("null")}))
	first := get(t, client, "/me")
	if first.Attempts != 2 || !slices.Equal(first.Body, []byte{0, 255, 128}) || !slices.Equal(first.Header["X-A"], []string{"1", "2"}) {
		t.Errorf("%v, %v, %v", first, first.Body, first.Header)
	}
	began := time.Now()
	if response := get(t, client, "/me"); string(response.Body) != "texttext" || time.Since(began) < 300*time.Millisecond {
		t.Errorf("%q after %v", response.Body, time.Since(began))
	}
	// The one for POST is passed over.
	null := get(t, client, "/me")
	if string(null.Body) != "null" || null.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%q, %v", null.Body, null.Header)
	}
	response, err := client.Post(t.Context(), "/contacts", linktor.JSON(map[string]string{"name": "Ada"}))
	check(t, err)
	var one int
	if err := response.Data(&one); err != nil || one != 1 || response.StatusCode != http.StatusCreated {
		t.Errorf("%v, %v, %v", response, one, err)
	}
	// And then its own routes again.
	get(t, client, "/me")
}

func TestFaultsAreWhatTheyAreCalled(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	client := sandbox.Client(linktortest.Linktor, linktor.WithMaxRetries(0))
	for _, one := range []struct {
		answer   linktortest.Answer
		expected error
	}{
		{linktortest.Answer{Reset: true}, linktor.ErrConnection},
		{linktortest.Answer{Close: true, Delay: time.Millisecond}, linktor.ErrConnection},
		{linktortest.Answer{Truncate: true, Body: []byte("a body")}, linktor.ErrProtocol},
	} {
		check(t, sandbox.Script(t.Context(), one.answer))
		if _, err := client.Get(t.Context(), "/me"); !errors.Is(err, one.expected) {
			t.Errorf("%+v: %v", one.answer, err)
		}
	}
	check(t, sandbox.Script(t.Context(),
		linktortest.Answer{Redirect: "~/contacts"},
		linktortest.Answer{Pass: true, Delay: time.Millisecond}))
	if response := get(t, client, "/me"); response.StatusCode != http.StatusOK {
		t.Error(response)
	}
	entries := journal(t, sandbox, 5)
	if entries[3].Status != http.StatusFound || entries[4].Path != "/api/v1/contacts" {
		t.Error(entries)
	}
}

func TestWhatActsIsDoneThoughNobodyIsTold(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	client := sandbox.Client(linktortest.Linktor, linktor.WithMaxRetries(0))
	check(t, sandbox.Script(t.Context(), linktortest.Answer{Act: true, Reset: true}))
	if _, err := client.Post(t.Context(), "/contacts", linktor.JSON(map[string]string{"name": "Ada"})); err == nil {
		t.Error("it was answered")
	}
	var contacts []struct{ Name string }
	check(t, get(t, client, "/contacts").Data(&contacts))
	if len(contacts) != 1 || contacts[0].Name != "Ada" {
		t.Error(contacts)
	}
}

func TestAnAnswerThatContradictsItselfIsRefusedAndNoneIsAppended(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	fine := linktortest.Answer{Status: http.StatusTeapot}
	for expected, answer := range map[string]linktortest.Answer{
		"script: answers[1]: only one of body":           {Body: []byte("a"), JSON: 1},
		"script: answers[1]: only one of reset":          {Reset: true, Close: true},
		"script: answers[1]: status: 7 is not":           {Status: 7},
		"expected u16":                                   {Status: -1},
		"script: answers[1]: headers: content-length":    {Header: http.Header{"Content-Length": {"1"}}},
		"script: answers[1]: truncate: there is no body": {Truncate: true},
		"script: answers[1]: match.family: `nowhere`":    {Match: linktortest.Match{Family: "nowhere"}},
		"expected u64": {Delay: -time.Second},
		"script: 1.5ms is not a whole number of millisec": {Delay: 1500 * time.Microsecond},
		"script: it cannot be written as JSON: a text is": {Header: http.Header{"X-A": {"\xff"}}},
		"script: it cannot be written as JSON: json: uns": {JSON: func() {}},
	} {
		err := sandbox.Script(t.Context(), fine, answer)
		if failure, ok := errors.AsType[*linktortest.Error](err); !ok || !strings.Contains(failure.Error(), expected) {
			t.Errorf("%s: %v", expected, err)
		}
	}
	err := sandbox.Script(t.Context(), linktortest.Answer{JSON: func() {}})
	if _, ok := errors.AsType[*json.UnsupportedTypeError](err); !ok {
		t.Errorf("%v does not wrap json's own", err)
	}
	check(t, sandbox.Script(t.Context()))
	if status := get(t, sandbox.Client(linktortest.Linktor), "/me").StatusCode; status != http.StatusOK {
		t.Error(status)
	}
}

func TestTheJournalHasWhatWasReceived(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	client := sandbox.Client(linktortest.Linktor)
	_, err := client.Post(t.Context(), "/contacts", linktor.Query("tag", "a b"), linktor.Header("x-team", "core"),
		linktor.JSON(map[string]string{"name": "Zoë"}))
	check(t, err)
	_, _ = client.Post(t.Context(), "/contacts", linktor.Body([]byte{255, 0}, "image/png"))
	check(t, sandbox.Script(t.Context(), linktortest.Answer{Close: true}))
	_, _ = client.Post(t.Context(), "/contacts")

	entries := journal(t, sandbox, 3)
	first := entries[0]
	if first.Family != linktortest.Linktor || first.Method != "POST" || first.Path != "/api/v1/contacts" ||
		first.Query != "tag=a+b" || string(first.Body) != `{"name":"Zoë"}` || first.Status != http.StatusCreated || first.Aborted {
		t.Errorf("%v, %q, %s", first, first.Query, first.Body)
	}
	if first.Header.Get("X-Team") != "core" || first.Header.Get("Content-Type") != "application/json" {
		t.Error(first.Header)
	}
	if !slices.Equal(entries[1].Body, []byte{255, 0}) || entries[1].Query != "" {
		t.Errorf("%q, %q", entries[1].Body, entries[1].Query)
	}
	if entries[2].Status != 0 || len(entries[2].Body) != 0 {
		t.Errorf("%v, %q", entries[2], entries[2].Body)
	}
}

func TestAClientThatLeftIsSeenToHaveLeft(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	check(t, sandbox.Script(t.Context(), linktortest.Answer{Delay: time.Minute, JSON: 1}))
	client := sandbox.Client(linktortest.Linktor, linktor.WithMaxRetries(0), linktor.WithTimeout(200*time.Millisecond))
	if _, err := client.Get(t.Context(), "/me"); !errors.Is(err, linktor.ErrTimeout) {
		t.Error(err)
	}
	var entries []linktortest.Entry
	for range 200 {
		if entries = journal(t, sandbox, 1); entries[0].Aborted {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if printed := entries[0].String(); printed != "linktortest.Entry(linktor GET /api/v1/me, HTTP 0, aborted)" {
		t.Error(printed)
	}
}
