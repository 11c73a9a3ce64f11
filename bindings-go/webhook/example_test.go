package webhook_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/webhook"
)

// deliver posts what a sender would, and shows the answer.
func deliver(url string, body []byte, header http.Header) {
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var text bytes.Buffer
	_, err = text.ReadFrom(response.Body)
	fmt.Println(response.StatusCode, &text, err)
}

func ExampleHandler() {
	verifier, err := webhook.NewVerifier(webhook.Linktor, []string{"the new secret", "the old secret"})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("POST /webhooks/linktor", webhook.Handler(verifier, func(ctx context.Context, event *webhook.Event) error {
		var message struct{ Content string }
		if err := event.Data(&message); err != nil {
			return err
		}
		fmt.Println(event.Type, message.Content)
		return nil
	}))
	server := httptest.NewServer(mux)
	defer server.Close()

	body := []byte(`{"id":"evt_1","type":"message.received","data":{"content":"Hello"}}`)
	header, err := webhook.Sign(webhook.Linktor, body, "the old secret")
	if err != nil {
		log.Fatal(err)
	}
	deliver(server.URL+"/webhooks/linktor", body, header)
	deliver(server.URL+"/webhooks/linktor", body, header)
	deliver(server.URL+"/webhooks/linktor", []byte(`{}`), header)
	// Output:
	// message.received Hello
	// 200  <nil>
	// 200  <nil>
	// 401 signature_mismatch <nil>
}

func ExampleReceiver_Middleware() {
	verifier, err := webhook.NewVerifier(webhook.StandardWebhooks, []string{"whsec_aW52ZW50ZWQtc2VjcmV0"})
	if err != nil {
		log.Fatal(err)
	}
	receiver, err := webhook.NewReceiver(verifier)
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("POST /webhooks/{tenant}", receiver.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		event, _ := webhook.FromContext(r.Context())
		fmt.Println(r.PathValue("tenant"), event.ID)
		w.WriteHeader(http.StatusAccepted)
	})))
	server := httptest.NewServer(mux)
	defer server.Close()

	header, err := webhook.Sign(webhook.StandardWebhooks, []byte("{}"), "whsec_aW52ZW50ZWQtc2VjcmV0", webhook.ID("msg_1"))
	if err != nil {
		log.Fatal(err)
	}
	deliver(server.URL+"/webhooks/acme", []byte("{}"), header)
	deliver(server.URL+"/webhooks/acme", []byte("{}"), header)
	// Output:
	// acme msg_1
	// 202  <nil>
	// 200  <nil>
}

// Table stands for a table of a database that all receivers reach.
type Table struct {
	mutex sync.Mutex
	rows  map[string]row
}

type row struct {
	isDone bool
	until  time.Time
}

// Begin is an INSERT that fails if the key is there and its time has not come.
func (t *Table) Begin(_ context.Context, key string) (webhook.Begun, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	switch known := t.rows[key]; {
	case time.Now().After(known.until):
		t.rows[key] = row{until: time.Now().Add(time.Minute)}
		return webhook.BegunNew, nil
	case known.isDone:
		return webhook.BegunDone, nil
	default:
		return webhook.BegunInProgress, nil
	}
}

func (t *Table) Commit(_ context.Context, key string) error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.rows[key] = row{isDone: true, until: time.Now().Add(24 * time.Hour)}
	return nil
}

func (t *Table) Release(_ context.Context, key string) error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if !t.rows[key].isDone {
		delete(t.rows, key)
	}
	return nil
}

func ExampleDeduplicator() {
	verifier, err := webhook.NewVerifier(webhook.Linktor, []string{"invented-secret"})
	if err != nil {
		log.Fatal(err)
	}
	// Each in a process of its own.
	table := &Table{rows: map[string]row{}}
	count := func(context.Context, *webhook.Event) error {
		fmt.Println("handled")
		return nil
	}
	one := httptest.NewServer(webhook.Handler(verifier, count, webhook.WithDeduplicator(table)))
	defer one.Close()
	another := httptest.NewServer(webhook.Handler(verifier, count, webhook.WithDeduplicator(table)))
	defer another.Close()

	body := []byte(`{"id":"evt_1"}`)
	header, err := webhook.Sign(webhook.Linktor, body, "invented-secret")
	if err != nil {
		log.Fatal(err)
	}
	deliver(one.URL, body, header)
	deliver(another.URL, body, header)
	// Output:
	// handled
	// 200  <nil>
	// 200  <nil>
}

func ExampleMemoryDeduplicator() {
	ctx := context.Background()
	seen, err := webhook.NewMemoryDeduplicator(webhook.Capacity(10_000))
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		begun, err := seen.Begin(ctx, "evt_1")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(begun)
		if begun != webhook.BegunNew {
			continue
		}
		// Handle it; if that fails, Release it.
		if err := seen.Commit(ctx, "evt_1"); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// new
	// done
}

func ExampleVerify() {
	// What a sender would send.
	body := []byte(`{"id":"evt_1","type":"message.received","data":{"content":"Hello"}}`)
	header, err := webhook.Sign(webhook.Linktor, body, "invented-secret")
	if err != nil {
		log.Fatal(err)
	}

	event, err := webhook.Verify(webhook.Linktor, body, header, "invented-secret")
	if err != nil {
		log.Fatal(err)
	}
	var message struct{ Content string }
	err = event.Data(&message)
	fmt.Println(event.ID, event.Type == webhook.MessageReceived, message.Content, err)

	_, err = webhook.Verify(webhook.Linktor, []byte(`{}`), header, "invented-secret")
	failure, _ := errors.AsType[*linktor.Error](err)
	fmt.Println(errors.Is(err, linktor.ErrWebhookVerification), failure.Code)
	// Output:
	// evt_1 true Hello <nil>
	// true signature_mismatch
}

func ExampleSign() {
	header, err := webhook.Sign(webhook.APIV1, []byte(`{"event":"user.created"}`), "invented-secret")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(header.Get("X-Webhook-Signature"))
	// Output: sha256=cc136b4c23677ad940dfa7c027fc5c3b95f28f07e9a8dc093c2228ff8022d720
}

func ExampleNewVerifier() {
	verifier, err := webhook.NewVerifier(webhook.Linktor, []string{"the new secret", "the old secret"},
		webhook.SizeLimit(64<<10), webhook.Tolerance(time.Minute))
	if err != nil {
		log.Fatal(err)
	}
	body := []byte(`{"id":"evt_1","type":"message.received"}`)
	header, err := webhook.Sign(webhook.Linktor, body, "the old secret")
	if err != nil {
		log.Fatal(err)
	}
	event, err := verifier.Verify(body, header)
	fmt.Println(event, err)
	fmt.Println(verifier)
	// Output:
	// webhook.Event(id "evt_1", type "message.received") <nil>
	// webhook.Verifier(linktor)
}

func ExampleSchemeOf() {
	acme := webhook.SchemeOf(
		webhook.HMAC{Header: "X-Acme-Signature", Prefix: "sha256=", TimestampHeader: "X-Acme-Timestamp"},
		webhook.EventFields{ID: []string{"/delivery"}, Type: []string{"X-Acme-Event"}})

	body := []byte(`{"delivery":7,"data":{"weight":2}}`)
	header, err := webhook.Sign(acme, body, "invented-secret")
	if err != nil {
		log.Fatal(err)
	}
	header.Set("X-Acme-Event", "parcel.sent")
	event, err := webhook.Verify(acme, body, header, "invented-secret")
	fmt.Println(event, err)
	// Output: webhook.Event(id "7", type "parcel.sent") <nil>
}
