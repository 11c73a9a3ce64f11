package webhook_test

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/linktor/linktor-go/webhook"
)

type Message struct{ Text string }

func receiveWithAFunction(mux *http.ServeMux, newSecret, oldSecret string, save func(context.Context, Message) error) error {
	verifier, err := webhook.NewVerifier(webhook.Linktor, []string{newSecret, oldSecret}) // once; safe to share
	if err != nil {
		return err
	}
	mux.Handle("POST /webhooks/linktor", webhook.Handler(verifier, func(ctx context.Context, event *webhook.Event) error {
		var message Message
		if err := event.Data(&message); err != nil { // if event.Type == webhook.MessageReceived
			return err
		}
		return save(ctx, message)
	}))
	return nil
}

type queueOfEvents map[string]*webhook.Event

func (q queueOfEvents) Add(tenant string, event *webhook.Event) bool {
	_, isFull := q[tenant]
	q[tenant] = event
	return !isFull
}

func receiveWithAHandler(mux *http.ServeMux, verifier *webhook.Verifier, table *Table, logger *slog.Logger, queue queueOfEvents) error {
	receiver, err := webhook.NewReceiver(verifier, webhook.WithDeduplicator(table), webhook.WithLogger(logger))
	if err != nil {
		return err
	}
	mux.Handle("POST /webhooks/{tenant}", receiver.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		event, _ := webhook.FromContext(r.Context()) // and r.Body is there to be read
		if !queue.Add(r.PathValue("tenant"), event) {
			w.WriteHeader(http.StatusServiceUnavailable) // no 2xx: the event is released
		}
	})))
	return nil
}

func TestTheReceiversOfTheReadmeAreThoseOfTheseTests(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	tests, err := os.ReadFile("readme_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Webhooks\n")
	section, _, _ = strings.Cut(section, "\n## ")
	blocks := strings.Split(section, "```")
	if len(blocks) != 5 {
		t.Fatalf("the section has %d blocks of code", len(blocks)/2)
	}
	for _, block := range []string{blocks[1], blocks[3]} {
		code := strings.ReplaceAll(strings.TrimPrefix(block, "go"), "\n", "\n\t")
		if !strings.Contains(string(tests), strings.TrimSuffix(code, "\t")) {
			t.Errorf("the code of README.md is not that of this file:\n%s", block)
		}
	}
}

func TestTheReceiversOfTheReadmeReceive(t *testing.T) {
	mux := http.NewServeMux()
	var saved []Message
	err := receiveWithAFunction(mux, "another", secret, func(_ context.Context, message Message) error {
		saved = append(saved, message)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	queue := queueOfEvents{}
	table := &Table{rows: map[string]row{}}
	if err := receiveWithAHandler(mux, newVerifier(t, webhook.Linktor), table, slog.New(slog.DiscardHandler), queue); err != nil {
		t.Fatal(err)
	}
	server := serve(t, mux)
	to := func(path string) sender { return sender{TB: t, client: server.Client(), url: server.URL + path} }
	to("/webhooks/linktor").expect(linktors(t, "evt_1"), 200, 200)
	if len(saved) != 1 || saved[0].Text != "é" {
		t.Error(saved)
	}
	to("/webhooks/acme").expect(linktors(t, "evt_1"), 200, 200)
	to("/webhooks/acme").expect(linktors(t, "evt_2"), 503, 503)
	delete(queue, "acme")
	to("/webhooks/acme").expect(linktors(t, "evt_2"), 200)
	if event := queue["acme"]; event == nil || event.ID != "evt_2" {
		t.Error(event)
	}
}
