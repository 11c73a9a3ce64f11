package linktortest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/linktortest"
	"github.com/linktor/linktor-go/webhook"
)

func ExampleStart() {
	ctx := context.Background()
	sandbox, err := linktortest.Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer sandbox.Stop()

	response, err := sandbox.Client(linktortest.Linktor).Get(ctx, "/me")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.StatusCode)
	// Output: 200
}

func ExampleSandbox_Options() {
	ctx := context.Background()
	sandbox, err := linktortest.Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer sandbox.Stop()

	client := linktor.NewLibromiConnect("wrong", sandbox.Options(linktortest.Libromi)...)
	_, err = client.Get(ctx, "/contacts")
	fmt.Println(errors.Is(err, linktor.ErrAuthentication))
	// Output: true
}

func ExampleSandbox_Script() {
	ctx := context.Background()
	sandbox, err := linktortest.Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer sandbox.Stop()

	err = sandbox.Script(ctx,
		linktortest.Answer{Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"0"}}},
		linktortest.Answer{Reset: true},
		linktortest.Answer{JSON: map[string]any{"success": true, "data": map[string]any{"name": "Ada"}}})
	if err != nil {
		log.Fatal(err)
	}
	response, err := sandbox.Client(linktortest.Linktor).Get(ctx, "/me")
	if err != nil {
		log.Fatal(err)
	}
	var user struct{ Name string }
	if err := response.Data(&user); err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Name, "after", response.Attempts, "attempts")
	// Output: Ada after 3 attempts
}

func ExampleSandbox_Journal() {
	ctx := context.Background()
	sandbox, err := linktortest.Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer sandbox.Stop()

	client := sandbox.Client(linktortest.Linktor)
	if _, err := client.Post(ctx, "/contacts", linktor.JSON(map[string]string{"name": "Ada"})); err != nil {
		log.Fatal(err)
	}
	entries, err := sandbox.Journal(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, entry := range entries {
		fmt.Println(entry.Method, entry.Path, entry.Status, string(entry.Body))
	}
	// Output: POST /api/v1/contacts 201 {"name":"Ada"}
}

func ExampleSandbox_SetLimits() {
	ctx := context.Background()
	sandbox, err := linktortest.Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer sandbox.Stop()

	if err := sandbox.SetLimits(ctx, linktortest.APIV1, linktor.Limit{Limit: 1, Window: time.Hour}); err != nil {
		log.Fatal(err)
	}
	client := sandbox.Client(linktortest.APIV1, linktor.WithMaxRetries(0), linktor.WithPacing(linktor.PacingOff))
	for range 2 {
		_, err := client.Get(ctx, "/users/me")
		fmt.Println(errors.Is(err, linktor.ErrRateLimited))
	}
	if err := sandbox.AdvanceClock(ctx, time.Hour); err != nil {
		log.Fatal(err)
	}
	_, err = client.Get(ctx, "/users/me")
	fmt.Println(err)
	// Output:
	// false
	// true
	// <nil>
}

func ExampleSandbox_Deliver() {
	ctx := context.Background()
	sandbox, err := linktortest.Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer sandbox.Stop()

	verifier, err := webhook.NewVerifier(webhook.Linktor, []string{sandbox.WebhookSecret(webhook.Linktor)})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = verifier.VerifySignature(body, r.Header)
		}
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer server.Close()

	for _, tamper := range []linktortest.Tamper{"", linktortest.TamperBody} {
		report, err := sandbox.Deliver(ctx, server.URL, linktortest.Event{Type: webhook.MessageReceived, Tamper: tamper})
		if err != nil {
			log.Fatal(err)
		}
		last := report.Deliveries[len(report.Deliveries)-1]
		fmt.Println(len(report.Deliveries), last.Status)
	}
	// Output:
	// 1 200
	// 6 401
}
