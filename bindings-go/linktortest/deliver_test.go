package linktortest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/linktor/linktor-go/linktortest"
	"github.com/linktor/linktor-go/webhook"
)

// receiver verifies deliveries, and keeps what it received.
type receiver struct {
	*httptest.Server
	events   []*webhook.Event
	refusals []string
	// statuses are those of the first deliveries that are verified; the rest get a 200.
	statuses []int
}

func newReceiver(t *testing.T, scheme webhook.Scheme, secret string, statuses ...int) *receiver {
	t.Helper()
	verifier, err := webhook.NewVerifier(scheme, []string{secret})
	check(t, err)
	receiver := &receiver{statuses: statuses}
	receiver.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		event, err := verifier.Verify(body, r.Header)
		if err != nil {
			receiver.refusals = append(receiver.refusals, err.Error())
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		receiver.events = append(receiver.events, event)
		if len(receiver.events) <= len(receiver.statuses) {
			w.WriteHeader(receiver.statuses[len(receiver.events)-1])
		}
		_, _ = io.WriteString(w, "so")
	}))
	t.Cleanup(receiver.Close)
	return receiver
}

func TestADeliveryIsMadeAgainUntilItIsReceived(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	receiver := newReceiver(t, webhook.Linktor, sandbox.WebhookSecret(webhook.Linktor), 500, 503)
	report, err := sandbox.Deliver(t.Context(), receiver.URL, linktortest.Event{
		Type: webhook.MessageReceived, Data: map[string]string{"text": "Hi"},
	})
	check(t, err)
	expected := []linktortest.Delivery{
		{Status: 500, Body: "so"}, {After: time.Minute, Status: 503, Body: "so"}, {After: 5 * time.Minute, Status: 200, Body: "so"},
	}
	if !slices.Equal(report.Deliveries, expected) {
		t.Errorf("%+v", report)
	}
	if len(receiver.events) != 3 {
		t.Fatal(receiver.events, receiver.refusals)
	}
	for _, event := range receiver.events {
		var data struct{ Text string }
		if err := event.Data(&data); err != nil || data.Text != "Hi" || event.Type != webhook.MessageReceived || event.ID != report.ID {
			t.Errorf("%v, %v, %v", event, data, err)
		}
	}
}

func TestEachSchemeIsSignedWithItsSecret(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	for _, scheme := range []webhook.Scheme{
		webhook.Linktor, webhook.LinktorBody, webhook.Libromi, webhook.APIV1, webhook.APIV2, webhook.StandardWebhooks,
		webhook.XHubSignature256,
	} {
		receiver := newReceiver(t, scheme, sandbox.WebhookSecret(scheme))
		report, err := sandbox.Deliver(t.Context(), receiver.URL, linktortest.Event{Type: "contact.created", Scheme: scheme, Times: 2})
		check(t, err)
		if len(receiver.events) != 2 || len(report.Deliveries) != 2 || receiver.events[0].ID != report.ID ||
			(report.ID == "") != (scheme == webhook.Libromi) {
			t.Errorf("%v: %+v, %v, %v", scheme, report, receiver.events, receiver.refusals)
		}
	}
}

func TestADeliveryIsSpoiltAsItIsTold(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	for tamper, code := range map[linktortest.Tamper]string{
		linktortest.TamperBody:      "signature_mismatch",
		linktortest.TamperSignature: "signature_mismatch",
		linktortest.TamperTimestamp: "signature_mismatch",
		linktortest.TamperSecret:    "signature_mismatch",
		linktortest.TamperStale:     "timestamp_out_of_tolerance",
		linktortest.TamperUnsigned:  "missing_signature",
	} {
		receiver := newReceiver(t, webhook.Linktor, "a secret of one's own")
		report, err := sandbox.Deliver(t.Context(), receiver.URL, linktortest.Event{
			Type: "message.read", Tamper: tamper, Secret: "a secret of one's own",
		})
		check(t, err)
		if len(receiver.events) != 0 || len(receiver.refusals) != len(report.Deliveries) || report.Deliveries[5].Status != 401 ||
			!strings.Contains(receiver.refusals[0], code) {
			t.Errorf("%s: %+v, %v", tamper, report, receiver.refusals)
		}
	}
}

func TestDataMayBeNothing(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	receiver := newReceiver(t, webhook.APIV1, sandbox.WebhookSecret(webhook.APIV1))
	for _, data := range []any{nil, json.RawMessage("null")} {
		_, err := sandbox.Deliver(t.Context(), receiver.URL, linktortest.Event{Type: "a", Scheme: webhook.APIV1, Data: data})
		check(t, err)
	}
	isNull := func(event *webhook.Event) bool {
		var body struct{ Data any }
		check(t, json.Unmarshal(event.Body, &body))
		return body.Data == nil
	}
	if isNull(receiver.events[0]) || !isNull(receiver.events[1]) {
		t.Errorf("%s, %s", receiver.events[0].Body, receiver.events[1].Body)
	}
}

func TestAReceiverThatIsNotThereIsInTheReport(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	report, err := sandbox.Deliver(t.Context(), "http://127.0.0.1:9/", linktortest.Event{Type: "a", Scheme: webhook.Libromi})
	check(t, err)
	if len(report.Deliveries) != 1 || report.Deliveries[0].Status != 0 || report.Deliveries[0].Error == "" {
		t.Errorf("%+v", report)
	}
}

func TestADeliveryThatIsMalformedIsNotMade(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was made") }))
	defer server.Close()
	for expected, event := range map[string]linktortest.Event{
		"webhooks: family: `standard_webhooks_v1a` is none of linktor": {Scheme: webhook.StandardWebhooksV1a},
		"webhooks: family: `custom` is none of linktor":                {Scheme: webhook.SchemeJSON("{")},
		"webhooks: times: from 1 to 1000":                              {Times: 1001},
		"webhooks: invalid value: integer `-1`":                        {Times: -1},
		"webhooks: tamper: libromi signs no timestamp":                 {Scheme: webhook.Libromi, Tamper: linktortest.TamperStale},
		"webhooks: it cannot be written as JSON":                       {Data: make(chan int)},
	} {
		report, err := sandbox.Deliver(t.Context(), server.URL, event)
		failure, ok := errors.AsType[*linktortest.Error](err)
		if report != nil || !ok || !strings.HasPrefix(failure.Error(), "linktortest: "+expected) {
			t.Errorf("%s: %v, %v", expected, report, err)
		}
	}
	if _, err := sandbox.Deliver(t.Context(), "ftp://127.0.0.1/", linktortest.Event{Type: "a"}); err == nil {
		t.Error("it was delivered to ftp")
	}
}

func TestTheContextEndsADelivery(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	stuck := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stuck }))
	defer server.Close()
	defer close(stuck)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := sandbox.Deliver(ctx, server.URL, linktortest.Event{Type: "a"})
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}
