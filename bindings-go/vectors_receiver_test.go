package linktor_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/linktor/linktor-go/webhook"
)

// inbox is a case's receiver behind a server, and its handler.
type inbox struct {
	url string
	// status is what the handler answers; handled counts its calls.
	status, handled atomic.Int64
	own             *ownDeduplicator
}

// ownDeduplicator is one over the case's, which fails where it is told.
type ownDeduplicator struct {
	seen  *webhook.MemoryDeduplicator
	fail  any
	mutex sync.Mutex
	asked []string
}

func (o *ownDeduplicator) Begin(ctx context.Context, key string) (webhook.Begun, error) {
	if err := o.ask("begin"); err != nil {
		return "", err
	}
	return o.seen.Begin(ctx, key)
}

func (o *ownDeduplicator) Commit(ctx context.Context, key string) error {
	if err := o.ask("commit"); err != nil {
		return err
	}
	return o.seen.Commit(ctx, key)
}

func (o *ownDeduplicator) Release(ctx context.Context, key string) error {
	if err := o.ask("release"); err != nil {
		return err
	}
	return o.seen.Release(ctx, key)
}

func (o *ownDeduplicator) ask(name string) error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.asked = append(o.asked, name)
	if o.fail == name {
		return errors.New("it cannot " + name)
	}
	return nil
}

// questions are those since it was asked for them last.
func (o *ownDeduplicator) questions() (asked []any) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	asked = []any{}
	for _, name := range o.asked {
		asked = append(asked, name)
	}
	o.asked = nil
	return asked
}

func (r *vectorRun) newInbox(told object) *inbox {
	verifier, err := webhook.NewVerifier(r.scheme(told), r.secrets(told), webhookOptions(told)...)
	if err != nil {
		r.Fatal(err)
	}
	made := new(inbox)
	var seen webhook.Deduplicator = r.seen()
	if r.one.OwnDeduplicator != nil {
		made.own = &ownDeduplicator{seen: r.seen(), fail: r.one.OwnDeduplicator["fail"]}
		seen = made.own
	}
	receiver, err := webhook.NewReceiver(verifier,
		webhook.WithDeduplicator(seen), webhook.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		r.Fatal(err)
	}
	server := httptest.NewServer(receiver.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		made.handled.Add(1)
		w.WriteHeader(int(made.status.Load()))
	})))
	r.Cleanup(server.Close)
	made.url = server.URL
	return made
}

// deliver makes a delivery to the case's receiver.
func (r *vectorRun) deliver(what string, step, expect object) {
	told := r.filled(r.one.Receiver).(object)
	if r.inbox == nil {
		r.inbox = r.newInbox(told)
	}
	status := http.StatusOK
	if told, ok := step["handler"]; ok {
		status = whole(told)
	}
	r.inbox.status.Store(int64(status))
	before := r.inbox.handled.Load()
	response, err := http.DefaultClient.Do(r.delivery(told, step))
	if err != nil {
		r.Fatalf("%s: %v", what, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		r.Fatalf("%s: %v", what, err)
	}
	for name, expected := range expect {
		switch name {
		case "status":
			compare(r.TB, what+": status", number(response.StatusCode), expected)
		case "body":
			compare(r.TB, what+": body", string(body), expected)
		case "handled":
			compare(r.TB, what+": handled", number(int(r.inbox.handled.Load()-before)), expected)
		case "asked":
			compare(r.TB, what+": asked", r.inbox.own.questions(), expected)
		case "headers":
			for name, expected := range expected.(object) {
				compare(r.TB, what+": "+name, orNil(response.Header.Get(name), response.Header.Get(name)), expected)
			}
		default:
			r.Fatalf("the runner does not know %q of a delivery's answer", name)
		}
	}
}

// delivery is what a sender sends, signed with the receiver's secret unless the step has another.
func (r *vectorRun) delivery(told, step object) *http.Request {
	method, body := http.MethodPost, step["receive"].(string)
	if given, ok := step["method"].(string); ok {
		method = given
	}
	request, err := http.NewRequestWithContext(r.Context(), method, r.inbox.url, strings.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	secret, isTold := step["secret"]
	if !isTold {
		secret = told["secret"]
	}
	if secret != nil {
		signing := object{"scheme": told["scheme"], "secret": secret, "body": body}
		for _, name := range []string{"id", "timestamp"} {
			if value, ok := step[name]; ok {
				signing[name] = value
			}
		}
		if request.Header, err = r.signWebhook(signing); err != nil {
			r.Fatal(err)
		}
	}
	pairs, _ := step["headers"].([]any)
	for _, pair := range pairs {
		request.Header.Add(pair.([]any)[0].(string), pair.([]any)[1].(string))
	}
	return request
}
