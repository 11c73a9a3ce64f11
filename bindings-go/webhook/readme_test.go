package webhook_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/linktor/linktor-go/webhook"
)

func receiver(newSecret, oldSecret string, handle func(*webhook.Event) error) (http.HandlerFunc, error) {
	verifier, err := webhook.NewVerifier(webhook.Linktor, []string{newSecret, oldSecret}) // once; safe to share
	if err != nil {
		return nil, err
	}
	seen, err := webhook.NewDeduplicator()
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20)) // the bytes as received
		if err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		event, err := verifier.Verify(body, r.Header)
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized) // its Code says why
			return
		}
		if event.ID != "" { // one without an id is always new
			begun, err := seen.Begin(event.ID)
			switch {
			case begun == webhook.BegunDone:
				return // 200
			case err != nil, begun == webhook.BegunInProgress:
				w.Header().Set("Retry-After", "5")
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			defer seen.Release(event.ID) // nothing happens if it is committed
		}
		if err := handle(event); err != nil { // event.Data(&message), if event.Type == webhook.MessageReceived
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		if event.ID != "" {
			_ = seen.Commit(event.ID)
		}
	}, nil
}

func TestTheReceiverOfTheReadmeIsThatOfTheseTests(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	tests, err := os.ReadFile("readme_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Webhooks\n")
	_, rest, _ := strings.Cut(section, "\n```go\nimport \"github.com/linktor/linktor-go/webhook\"\n")
	block, _, isThere := strings.Cut(rest, "```\n")
	if !isThere || !strings.Contains(block, "func receiver(") || !strings.Contains(string(tests), block) {
		t.Errorf("the code of README.md is not that of this file:\n%s", block)
	}
}

func TestTheReceiverOfTheReadmeReceives(t *testing.T) {
	var handled int
	var failure error
	var during func()
	receive, err := receiver("another", secret, func(event *webhook.Event) error {
		handled++
		if during != nil {
			during()
		}
		return failure
	})
	if err != nil {
		t.Fatal(err)
	}
	deliver := func(body string, header http.Header) *httptest.ResponseRecorder {
		request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		request.Header = header
		response := httptest.NewRecorder()
		receive(response, request)
		return response
	}
	expect := func(what, body string, status, times int) {
		t.Helper()
		header, err := webhook.Sign(webhook.Linktor, []byte(body), secret)
		if err != nil {
			t.Fatal(err)
		}
		handled = 0
		if response := deliver(body, header); response.Code != status || handled != times {
			t.Errorf("%s: HTTP %d, handled %d times", what, response.Code, handled)
		}
	}
	expect("new", `{"id":"evt_1"}`, http.StatusOK, 1)
	expect("delivered again", `{"id":"evt_1"}`, http.StatusOK, 0)
	expect("without an id", `{}`, http.StatusOK, 1)
	expect("without an id, again", `{}`, http.StatusOK, 1)
	expect("as long as may be", `"`+strings.Repeat("x", 1<<20-2)+`"`, http.StatusOK, 1)
	expect("too long", `"`+strings.Repeat("x", 1<<20-1)+`"`, http.StatusRequestEntityTooLarge, 0)
	if response := deliver(`{"id":"evt_2"}`, http.Header{}); response.Code != http.StatusUnauthorized {
		t.Errorf("not signed: HTTP %d", response.Code)
	}
	failure = errors.New("invented")
	expect("failing", `{"id":"evt_2"}`, http.StatusInternalServerError, 1)
	failure = nil
	during = func() {
		during = nil
		header, err := webhook.Sign(webhook.Linktor, []byte(`{"id":"evt_2"}`), secret)
		if err != nil {
			t.Fatal(err)
		}
		response := deliver(`{"id":"evt_2"}`, header)
		if response.Code != http.StatusServiceUnavailable || response.Header().Get("Retry-After") == "" {
			t.Errorf("in progress: HTTP %d, %v", response.Code, response.Header())
		}
	}
	expect("after it failed", `{"id":"evt_2"}`, http.StatusOK, 1)
}
