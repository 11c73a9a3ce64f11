// Webhook_receiver receives what a sandbox of its own delivers: a message and its redelivery,
// which the handler does not come to see; one whose handling fails at first; and one that was
// tampered with. Run: go run .
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"

	"github.com/linktor/linktor-go/linktortest"
	"github.com/linktor/linktor-go/webhook"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	sandbox, err := linktortest.Start(ctx)
	if err != nil {
		return err
	}
	defer sandbox.Stop()

	verifier, err := webhook.NewVerifier(webhook.Linktor, []string{sandbox.WebhookSecret(webhook.Linktor)})
	if err != nil {
		return err
	}
	receiver, err := webhook.NewReceiver(verifier)
	if err != nil {
		return err
	}
	inbox := &inbox{failures: map[string]int{"Are you there?": 1}}
	mux := http.NewServeMux()
	mux.Handle("POST /webhooks/{tenant}", receiver.Middleware(inbox))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(listener) }()
	defer func() { _ = server.Close() }()

	for _, delivery := range []struct {
		what, text string
		times      int
		tamper     linktortest.Tamper
	}{
		{"delivered twice", "Hello", 2, ""},
		{"not handled at first", "Are you there?", 1, ""},
		{"tampered with", "Send me your key", 1, linktortest.TamperBody},
	} {
		report, err := sandbox.Deliver(ctx, fmt.Sprintf("http://%s/webhooks/acme", listener.Addr()), linktortest.Event{
			Type: webhook.MessageReceived, Data: message{delivery.text}, Times: delivery.times, Tamper: delivery.tamper,
		})
		if err != nil {
			return err
		}
		for _, one := range report.Deliveries {
			fmt.Printf("%s: answered %d %s\n", delivery.what, one.Status, one.Body)
		}
	}
	if len(inbox.messages) != 2 {
		return fmt.Errorf("received %q", inbox.messages)
	}
	return nil
}

type message struct {
	Text string `json:"text"`
}

// inbox handles verified events, none of them twice.
type inbox struct {
	messages []message
	failures map[string]int
}

func (i *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	event, _ := webhook.FromContext(r.Context())
	var received message
	if err := event.Data(&received); err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	if i.failures[received.Text]--; i.failures[received.Text] >= 0 {
		http.Error(w, "the database is away", http.StatusServiceUnavailable) // the sender comes again
		return
	}
	fmt.Printf("%s of %s: %s\n", event.Type, r.PathValue("tenant"), received.Text)
	i.messages = append(i.messages, received)
}
