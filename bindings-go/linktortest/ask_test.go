package linktortest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestWhatDoesNotAnswerAsASandboxIsTold(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/_sandbox/stuck":
			<-r.Context().Done()
		case "/_sandbox/elsewhere":
			w.WriteHeader(http.StatusBadGateway)
		case "/_sandbox/halved":
			w.Header().Set("Content-Length", "9")
			_, _ = io.WriteString(w, "{")
		default:
			_, _ = io.WriteString(w, "<html>")
		}
	}))
	defer server.Close()
	sandbox := &Sandbox{&process{ready: ready{URL: server.URL}, ended: make(chan struct{})}}
	for name, expected := range map[string]string{
		"stuck":     "the sandbox does not answer (no answer in 200ms): it runs",
		"elsewhere": "elsewhere: HTTP 502",
		"halved":    "the sandbox does not answer (unexpected EOF): it runs",
		"text":      "text: the sandbox is of another version than this package: invalid character '<' looking for beginning of value",
	} {
		var answer struct{}
		err := sandbox.ask(t.Context(), name, nil, 200*time.Millisecond, &answer)
		if err == nil || err.Error() != "linktortest: "+expected {
			t.Errorf("%s: %v", name, err)
		}
		if name == "stuck" && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v does not wrap the limit", err)
		}
	}
}
