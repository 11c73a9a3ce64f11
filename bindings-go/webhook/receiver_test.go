package webhook_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/webhook"
)

func TestAnEventIsHandledOnce(t *testing.T) {
	over(t, func(t *testing.T, serve func(*webhook.Receiver, *handler) sender) {
		handler := new(handler)
		sender := serve(newReceiver(t, newVerifier(t, webhook.Linktor)), handler)
		given := linktors(t, "evt_1")
		for range 3 {
			if answer := sender.post(given); answer.status != 200 || answer.body != "" {
				t.Errorf("%+v", answer)
			}
		}
		event := handler.handled(t, 1)[0]
		var data struct{ Text string }
		if err := event.Data(&data); err != nil || data.Text != "é" || event.ID != "evt_1" ||
			event.Type != webhook.MessageReceived || string(event.Body) != given.body {
			t.Errorf("%v, %v, %v", event, data, err)
		}
		sender.expect(linktors(t, "evt_2"), 200)
		handler.handled(t, 2)
	})
}

func TestAnEventWhoseHandlingFailedIsHandledWhenItComesAgain(t *testing.T) {
	over(t, func(t *testing.T, serve func(*webhook.Receiver, *handler) sender) {
		var logs logs
		handler := &handler{outcomes: []int{500, 404, 302, 201}}
		sender := serve(newReceiver(t, newVerifier(t, webhook.Linktor), logs.option()), handler)
		if sender.returns {
			sender.expect(linktors(t, "evt_1"), 500, 500, 500, 200, 200, 200)
			for _, line := range logs.taken(t, 3) {
				if line.Level != "ERROR" || line.Msg != "linktor: the webhook handler failed" ||
					line.Error != errHandler.Error() || !strings.Contains(line.Event, `"evt_1"`) {
					t.Errorf("%+v", line)
				}
			}
		} else {
			sender.expect(linktors(t, "evt_1"), 500, 404, 302, 201, 200, 200)
			logs.taken(t, 0)
		}
		handler.handled(t, 4)
	})
}

func TestAnEventWithoutAnIDIsAlwaysHandled(t *testing.T) {
	over(t, func(t *testing.T, serve func(*webhook.Receiver, *handler) sender) {
		handler := new(handler)
		sender := serve(newReceiver(t, newVerifier(t, webhook.Linktor)), handler)
		sender.expect(linktors(t, ""), 200, 200, 200)
		handler.handled(t, 3)
	})
}

func TestOfManyDeliveriesAtOnceOneIsHandled(t *testing.T) {
	over(t, func(t *testing.T, serve func(*webhook.Receiver, *handler) sender) {
		handler := &handler{hold: make(chan struct{})}
		sender := serve(newReceiver(t, newVerifier(t, webhook.Linktor)), handler)
		given := linktors(t, "evt_1")
		answers := make(chan answer)
		for range 100 {
			go func() { answers <- sender.post(given) }()
		}
		counts := map[int]int{}
		for i := range 100 {
			answer := <-answers
			counts[answer.status]++
			if answer.status == 503 && (answer.header.Get("Retry-After") != "5" || answer.body != "") {
				t.Errorf("%+v", answer)
			}
			if i == 50 { // the others find it in progress, or done
				close(handler.hold)
			}
		}
		if counts[200] == 0 || counts[503] < 51 || counts[200]+counts[503] != 100 {
			t.Error(counts)
		}
		sender.expect(given, 200)
		handler.handled(t, 1)
	})
}

func TestWhatIsRefusedMeetsNoHandler(t *testing.T) {
	over(t, func(t *testing.T, serve func(*webhook.Receiver, *handler) sender) {
		var logs logs
		handler := new(handler)
		sender := serve(newReceiver(t, newVerifier(t, webhook.Linktor, webhook.SizeLimit(1000)), logs.option()), handler)
		given := linktors(t, "evt_1")
		signature := given.header.Get("X-Linktor-Signature")
		for _, one := range []struct {
			code     string
			status   int
			delivery delivery
		}{
			{"signature_mismatch", 401, delivery{strings.Replace(given.body, "mess", "mass", 1), given.header}},
			{"missing_signature", 401, delivery{given.body, http.Header{"Content-Type": {"application/json"}}}},
			{"malformed_signature", 401, given.with("X-Linktor-Signature", signature+","+signature)},
			{"malformed_signature", 401, given.with("X-Linktor-Signature", signature, signature)},
			{"malformed_signature", 401, given.with("X-Linktor-Timestamp", "1", "1")},
			{"timestamp_out_of_tolerance", 401, linktors(t, "evt_1", webhook.Timestamp(time.Unix(1000, 0)))},
			{"payload_too_large", 413, signed(t, webhook.Linktor, `"`+strings.Repeat("x", 2000)+`"`)},
		} {
			answer := sender.post(one.delivery)
			if answer.status != one.status || answer.body != one.code || answer.header.Get("Content-Type") != "text/plain; charset=utf-8" {
				t.Errorf("%s: %+v", one.code, answer)
			}
			line := logs.taken(t, 1)[0]
			if line.Level != "DEBUG" || line.Msg != "linktor: a webhook delivery was refused" || line.Code != one.code {
				t.Errorf("%s: %+v", one.code, line)
			}
		}
		handler.handled(t, 0)
		sender.expect(given, 200) // what was refused claims nothing
		logs.taken(t, 0)
	})
}

func TestOnlyAPostDelivers(t *testing.T) {
	over(t, func(t *testing.T, serve func(*webhook.Receiver, *handler) sender) {
		handler := new(handler)
		sender := serve(newReceiver(t, newVerifier(t, webhook.Linktor)), handler)
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodHead, "post"} {
			answer := sender.send(method, linktors(t, "evt_1"))
			if answer.status != 405 || answer.header.Get("Allow") != "POST" {
				t.Errorf("%s: %+v", method, answer)
			}
		}
		handler.handled(t, 0)
	})
}

func TestAnIDThatNobodySignedSilencesNoOtherEvent(t *testing.T) {
	over(t, func(t *testing.T, serve func(*webhook.Receiver, *handler) sender) {
		handler := new(handler)
		sender := serve(newReceiver(t, newVerifier(t, webhook.XHubSignature256)), handler)
		for _, one := range [][2]string{{"one", "{}"}, {"two", "{}"}, {"two", "[]"}, {"two", "[]"}} {
			sender.expect(signed(t, webhook.XHubSignature256, one[1]).with("X-Github-Delivery", one[0]), 200)
		}
		var bodies []string
		for _, event := range handler.handled(t, 3) {
			bodies = append(bodies, string(event.Body))
		}
		if !slices.Equal(bodies, []string{"{}", "{}", "[]"}) {
			t.Error(bodies)
		}
	})
}

func TestADeduplicatorOfOnesOwnIsAsked(t *testing.T) {
	over(t, func(t *testing.T, serve func(*webhook.Receiver, *handler) sender) {
		seen := newStore(t)
		handler := &handler{outcomes: []int{500}}
		sender := serve(newReceiver(t, newVerifier(t, webhook.Linktor), webhook.WithDeduplicator(seen)), handler)
		sender.expect(linktors(t, "evt_1"), 500, 200, 200)
		seen.expect(t, "begin evt_1", "release evt_1", "begin evt_1", "commit evt_1", "begin evt_1")
		handler.handled(t, 2)
	})
}

func TestADeduplicatorThatFailsLosesNoEvent(t *testing.T) {
	over(t, func(t *testing.T, serve func(*webhook.Receiver, *handler) sender) {
		var logs logs
		seen := newStore(t)
		handler := new(handler)
		sender := serve(newReceiver(t, newVerifier(t, webhook.Linktor), webhook.WithDeduplicator(seen), logs.option()), handler)
		for said, fail := range map[string]func(string) error{
			"the store is down":            func(string) error { return errors.New("the store is down") },
			"it panicked: the store fell":  func(string) error { panic("the store fell") },
			"context deadline exceeded":    func(string) error { return context.DeadlineExceeded },
			"it panicked: net/http: abort": func(string) error { panic(http.ErrAbortHandler) },
		} {
			seen.fail = fail
			if answer := sender.post(linktors(t, "evt_1")); answer.status != 503 || answer.header.Get("Retry-After") != "5" || answer.body != "" {
				t.Errorf("%s: %+v", said, answer)
			}
			line := logs.taken(t, 1)[0]
			if line.Level != "WARN" || !strings.Contains(line.Msg, "the sender is asked to deliver again") ||
				!strings.HasPrefix(line.Error, said) || !strings.Contains(line.Event, `"evt_1"`) {
				t.Errorf("%s: %+v", said, line)
			}
			seen.expect(t, "begin evt_1")
		}
		handler.handled(t, 0)
	})
}

func TestAClaimThatCannotBeEndedIsToldAndChangesNoAnswer(t *testing.T) {
	over(t, func(t *testing.T, serve func(*webhook.Receiver, *handler) sender) {
		for i, fail := range []func(string) error{
			func(string) error { return errors.New("the store is down") },
			func(string) error { panic("the store is down") },
		} {
			for failing, outcome := range map[string]int{"commit": 0, "release": 500} {
				var logs logs
				seen := newStore(t)
				seen.fail = func(asked string) error {
					if asked != failing {
						return nil
					}
					return fail(asked)
				}
				handler := &handler{outcomes: []int{outcome}}
				sender := serve(newReceiver(t, newVerifier(t, webhook.Linktor), webhook.WithDeduplicator(seen), logs.option()), handler)
				sender.expect(linktors(t, "evt_1"), cmp.Or(outcome, 200))
				lines := 1
				if sender.returns && failing == "release" {
					lines = 2 // the handler's error, too
				}
				line := logs.taken(t, lines)[lines-1]
				if line.Level != "WARN" || !strings.Contains(line.Msg, "the answer is the handler's nevertheless") ||
					!strings.HasSuffix(line.Error, "the store is down") {
					t.Errorf("%s %d: %+v", failing, i, line)
				}
			}
		}
	})
}

func TestABeginThatSaysSomethingElseIsTold(t *testing.T) {
	for _, begun := range []webhook.Begun{"", "NEW", " new", "\xff"} {
		var logs logs
		handler := new(handler)
		receiver := newReceiver(t, newVerifier(t, webhook.Linktor), webhook.WithDeduplicator(saying{begun, t}), logs.option())
		server := httptest.NewServer(receiver.Middleware(handler))
		defer server.Close()
		sender{TB: t, client: server.Client(), url: server.URL}.expect(linktors(t, "evt_1"), 503)
		if line := logs.taken(t, 1)[0]; !strings.Contains(line.Error, "begin must return new, in_progress or done") {
			t.Errorf("%+v", line)
		}
		handler.handled(t, 0)
	}
}

// saying is a deduplicator that says always the same.
type saying struct {
	begun webhook.Begun
	testing.TB
}

func (s saying) Begin(context.Context, string) (webhook.Begun, error) { return s.begun, nil }

func (s saying) Commit(context.Context, string) error { s.Error("it was not new"); return nil }

func (s saying) Release(context.Context, string) error { s.Error("it was not new"); return nil }

func TestAHandlerThatPanicsReleasesItsEventAndPanicsOn(t *testing.T) {
	for name, panics := range map[string]func(http.ResponseWriter){
		"a panic":         func(http.ResponseWriter) { panic("invented") },
		"an abort":        func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"after an answer": func(w http.ResponseWriter) { w.WriteHeader(200); panic(http.ErrAbortHandler) },
		"a wrong status":  func(w http.ResponseWriter) { w.WriteHeader(20) },
	} {
		for _, fails := range []bool{false, true} {
			seen := newStore(t)
			if fails {
				seen.fail = func(asked string) error {
					if asked == "release" {
						panic("the store fell")
					}
					return nil
				}
			}
			receiver := newReceiver(t, newVerifier(t, webhook.Linktor), webhook.WithDeduplicator(seen),
				webhook.WithLogger(slog.New(slog.DiscardHandler)))
			var panicked any
			catch := func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer func() { panicked = recover() }()
					next.ServeHTTP(w, r)
				})
			}
			for _, receive := range []http.Handler{
				receiver.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { panics(w) })),
				receiver.Handler(func(context.Context, *webhook.Event) error { panics(httptest.NewRecorder()); return nil }),
			} {
				panicked = nil
				server := httptest.NewServer(catch(receive))
				sender{TB: t, client: server.Client(), url: server.URL}.post(linktors(t, "evt_1"))
				server.Close()
				if panicked == nil || panicked == "the store fell" {
					t.Errorf("%s: it panicked with %v", name, panicked)
				}
				seen.expect(t, "begin evt_1", "release evt_1")
				if err := seen.MemoryDeduplicator.Release(t.Context(), "evt_1"); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func TestAHandlerThatEndsItsGoroutineReleasesItsEvent(t *testing.T) {
	seen := newStore(t)
	receiver := newReceiver(t, newVerifier(t, webhook.Linktor), webhook.WithDeduplicator(seen))
	given := linktors(t, "evt_1")
	done := make(chan struct{})
	go func() {
		defer close(done)
		request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(given.body))
		request.Header = given.header
		receiver.Handler(func(context.Context, *webhook.Event) error {
			new(testing.T).FailNow()
			return nil
		}).ServeHTTP(httptest.NewRecorder(), request)
	}()
	<-done
	seen.expect(t, "begin evt_1", "release evt_1")
}

func TestWhatCannotReceiveSaysSo(t *testing.T) {
	verifier := newVerifier(t, webhook.Linktor)
	var seen *webhook.MemoryDeduplicator
	for name, one := range map[string]struct {
		verifier *webhook.Verifier
		option   webhook.ReceiverOption
		said     string
	}{
		"no verifier":               {nil, nil, "the webhook verifier was not made by NewVerifier"},
		"an unmade verifier":        {new(webhook.Verifier), nil, "the webhook verifier was not made by NewVerifier"},
		"no deduplicator":           {verifier, webhook.WithDeduplicator(nil), "the webhook deduplicator is nil"},
		"a deduplicator that's nil": {verifier, webhook.WithDeduplicator(seen), "the webhook deduplicator is nil"},
		"no logger":                 {verifier, webhook.WithLogger(nil), "the webhook logger is nil"},
	} {
		receiver, err := webhook.NewReceiver(one.verifier, one.option)
		if receiver != nil || !errors.Is(err, linktor.ErrConfig) || !strings.HasSuffix(err.Error(), one.said) {
			t.Errorf("%s: %v, %v", name, receiver, err)
		}
	}
	var logs logs
	receiver := newReceiver(t, verifier, logs.option(), nil)
	function := func(context.Context, *webhook.Event) error { return nil }
	var mux *http.ServeMux
	for said, unusable := range map[string][]http.Handler{
		"the webhook verifier was not made by NewVerifier": {webhook.Handler(nil, function, logs.option())},
		"the webhook handler is nil": {
			webhook.Handler(verifier, nil, logs.option()), receiver.Handler(nil), receiver.Middleware(nil),
			receiver.Middleware(http.HandlerFunc(nil)), receiver.Middleware(mux),
		},
	} {
		for i, handler := range unusable {
			server := httptest.NewServer(handler)
			answer := sender{TB: t, client: server.Client(), url: server.URL}.post(linktors(t, "evt_1"))
			server.Close()
			if answer.status != 503 || answer.header.Get("Retry-After") == "" || answer.body != "" {
				t.Errorf("%s, %d: %+v", said, i, answer)
			}
			if line := logs.taken(t, 1)[0]; line.Level != "ERROR" || !strings.HasSuffix(line.Error, said) {
				t.Errorf("%s, %d: %+v", said, i, line)
			}
		}
	}
	previous := slog.Default()
	defer slog.SetDefault(previous)
	slog.SetDefault(slog.New(slog.NewJSONHandler(&logs, nil)))
	for _, receiver := range []*webhook.Receiver{nil, {}} {
		for _, handler := range []http.Handler{receiver.Handler(function), receiver.Middleware(http.NotFoundHandler())} {
			response := httptest.NewRecorder()
			handler.ServeHTTP(response, httptest.NewRequest(http.MethodPost, "/", nil))
			if line := logs.taken(t, 1)[0]; response.Code != 503 || !strings.HasSuffix(line.Error, "not made by NewReceiver") {
				t.Errorf("%d, %+v", response.Code, line)
			}
		}
		_ = fmt.Sprintf("%v %+v %#v", receiver, receiver, receiver)
	}
	if event, ok := webhook.FromContext(t.Context()); event != nil || ok {
		t.Error(event)
	}
	if text := fmt.Sprint(*receiver, webhook.Receiver{}); text != "webhook.Receiver(linktor) webhook.Receiver(none)" {
		t.Error(text)
	}
}

func TestAReceiverKeepsItsVerifier(t *testing.T) {
	verifier := newVerifier(t, webhook.Linktor)
	server := serve(t, webhook.Handler(verifier, new(handler).handle))
	*verifier = webhook.Verifier{}
	runtime.GC()
	senderTo(t, server).expect(linktors(t, "evt_1"), 200)
}

func TestReceiversShareWhatTheyAreGiven(t *testing.T) {
	verifier := newVerifier(t, webhook.Linktor)
	for shared, expected := range map[webhook.Deduplicator]int{nil: 2, newStore(t): 1} {
		handler := new(handler)
		for range 2 {
			var options []webhook.ReceiverOption
			if shared != nil {
				options = append(options, webhook.WithDeduplicator(shared))
			}
			server := httptest.NewServer(webhook.Handler(verifier, handler.handle, options...))
			sender{TB: t, client: server.Client(), url: server.URL}.expect(linktors(t, "evt_1"), 200)
			server.Close()
		}
		handler.handled(t, expected)
	}
}

func TestAnEventWhoseIDIsNotSignedIsKnownByItsBodyToo(t *testing.T) {
	seen := newStore(t)
	server := httptest.NewServer(webhook.Handler(newVerifier(t, webhook.XHubSignature256), new(handler).handle, webhook.WithDeduplicator(seen)))
	defer server.Close()
	given := signed(t, webhook.XHubSignature256, "{}").with("X-Github-Delivery", "one")
	sender{TB: t, client: server.Client(), url: server.URL}.expect(given, 200)
	key := fmt.Sprintf("one %x", sha256.Sum256([]byte("{}")))
	seen.expect(t, "begin "+key, "commit "+key)
}

func TestALoggerThatFailsDisturbsNoDelivery(t *testing.T) {
	server := httptest.NewServer(webhook.Handler(newVerifier(t, webhook.Linktor), new(handler).handle,
		webhook.WithLogger(slog.New(fallen{slog.DiscardHandler}))))
	defer server.Close()
	sender{TB: t, client: server.Client(), url: server.URL}.expect(delivery{}, 401)
}

type fallen struct{ slog.Handler }

func (fallen) Enabled(context.Context, slog.Level) bool { panic("the logger fell") }
