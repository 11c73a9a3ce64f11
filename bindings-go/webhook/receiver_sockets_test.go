package webhook_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/linktor/linktor-go/linktortest"
	"github.com/linktor/linktor-go/webhook"
)

// rawly writes to a connection what no client of HTTP would.
func rawly(t *testing.T, url string, text ...string) (net.Conn, *bufio.Reader) {
	t.Helper()
	connection, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	if err := connection.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for _, part := range text {
		if _, err := io.WriteString(connection, part); err != nil {
			t.Fatal(err)
		}
	}
	return connection, bufio.NewReader(connection)
}

// head is the beginning of a request.
func head(delivery delivery, more ...string) string {
	var text strings.Builder
	text.WriteString("POST / HTTP/1.1\r\nHost: localhost\r\n")
	_ = delivery.header.Write(&text)
	for _, line := range more {
		text.WriteString(line + "\r\n")
	}
	return text.String() + "\r\n"
}

func expectAnswer(t *testing.T, reader *bufio.Reader, status int, body string) {
	t.Helper()
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != status || string(text) != body {
		t.Errorf("HTTP %d %q, %v, and not %d %q", response.StatusCode, text, err, status, body)
	}
}

// serve puts a handler behind a server of its own.
func serve(t *testing.T, handler http.Handler) *httptest.Server {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func senderTo(t *testing.T, server *httptest.Server) sender {
	return sender{TB: t, client: server.Client(), url: server.URL}
}

func TestWhatTheSandboxDeliversIsHandledOnce(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	verifier, err := webhook.NewVerifier(webhook.Linktor, []string{sandbox.WebhookSecret(webhook.Linktor)})
	if err != nil {
		t.Fatal(err)
	}
	deliver := func(url string, event linktortest.Event) (answers []string) {
		event.Type = webhook.MessageReceived
		report, err := sandbox.Deliver(t.Context(), url, event)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range report.Deliveries {
			answers = append(answers, fmt.Sprint(one.Status, " ", one.Body))
		}
		return answers
	}
	for name, front := range fronts {
		if strings.HasPrefix(name, "HTTP/2") {
			continue // the sandbox speaks HTTP/1.1
		}
		handler := &handler{outcomes: []int{500, 500, 201}}
		server := front.serve(newReceiver(t, verifier), handler)
		t.Cleanup(server.Close)
		handled := "201 "
		if front.returns {
			handled = "200 "
		}
		answers := deliver(server.URL, linktortest.Event{Times: 3})
		if !slices.Equal(answers, []string{"500 ", "500 ", handled, "200 ", "200 "}) {
			t.Errorf("%s: %q", name, answers)
		}
		for tamper, code := range map[linktortest.Tamper]string{
			linktortest.TamperBody:      "signature_mismatch",
			linktortest.TamperSignature: "signature_mismatch",
			linktortest.TamperTimestamp: "signature_mismatch",
			linktortest.TamperSecret:    "signature_mismatch",
			linktortest.TamperUnsigned:  "missing_signature",
			linktortest.TamperStale:     "timestamp_out_of_tolerance",
		} {
			answers := deliver(server.URL, linktortest.Event{Tamper: tamper})
			if len(answers) != 6 || len(slices.Compact(answers)) != 1 || answers[0] != "401 "+code {
				t.Errorf("%s, %s: %q", name, tamper, answers)
			}
		}
		handler.handled(t, 3)
	}
}

func TestDeliveriesOfEachSchemeAreReceived(t *testing.T) {
	sandbox := linktortest.NewSandbox(t)
	for _, scheme := range []webhook.Scheme{
		webhook.Linktor, webhook.LinktorBody, webhook.Libromi, webhook.APIV1, webhook.APIV2, webhook.StandardWebhooks,
		webhook.XHubSignature256,
	} {
		verifier, err := webhook.NewVerifier(scheme, []string{sandbox.WebhookSecret(scheme)})
		if err != nil {
			t.Fatal(err)
		}
		handler := new(handler)
		server := serve(t, webhook.Handler(verifier, handler.handle))
		report, err := sandbox.Deliver(t.Context(), server.URL, linktortest.Event{
			Type: webhook.MessageReceived, Scheme: scheme, Data: map[string]any{"content": "Olá / 1", "n": 1.5}, Times: 2,
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range report.Deliveries {
			if one.Status != 200 || one.Body != "" {
				t.Errorf("%s: %+v", scheme, one)
			}
		}
		times := 1
		if scheme == webhook.Libromi {
			times = 2 // it gives no id
		}
		for _, event := range handler.handled(t, times) {
			var data struct {
				Content string
				N       float64
			}
			if err := event.Data(&data); err != nil || data.Content != "Olá / 1" || data.N != 1.5 || event.Type != webhook.MessageReceived {
				t.Errorf("%s: %v, %+v, %v", scheme, event, data, err)
			}
		}
	}
}

func TestABodyThatIsAnnouncedAsTooLongIsNotWaitedFor(t *testing.T) {
	server := serve(t, webhook.Handler(newVerifier(t, webhook.Linktor), new(handler).handle))
	_, reader := rawly(t, server.URL, head(linktors(t, "evt_1"), "Content-Length: 1048577"))
	expectAnswer(t, reader, 413, "payload_too_large")
}

func TestABodyOfUnknownLengthIsReadUpToTheLimit(t *testing.T) {
	handler := new(handler)
	server := serve(t, webhook.Handler(newVerifier(t, webhook.Linktor, webhook.SizeLimit(20_000)), handler.handle))
	chunk := func(length int) string { return fmt.Sprintf("%x\r\n%s\r\n", length, strings.Repeat("x", length)) }
	connection, reader := rawly(t, server.URL, head(linktors(t, "evt_1"), "Transfer-Encoding: chunked"), chunk(20_000))
	answered := make(chan struct{})
	go func() {
		_, _ = reader.Peek(1)
		close(answered)
	}()
	select {
	case <-answered:
		t.Error("it was answered before it was too long")
	case <-time.After(100 * time.Millisecond):
	}
	if _, err := io.WriteString(connection, chunk(1)); err != nil { // and then nothing
		t.Fatal(err)
	}
	<-answered
	expectAnswer(t, reader, 413, "payload_too_large")
	handler.handled(t, 0)
}

func TestAChunkedBodyIsADelivery(t *testing.T) {
	handler := new(handler)
	for _, receive := range []http.Handler{
		webhook.Handler(newVerifier(t, webhook.Linktor), handler.handle),
		newReceiver(t, newVerifier(t, webhook.Linktor)).Middleware(handler),
	} {
		given := linktors(t, "evt_1")
		middle := len(given.body) / 2
		_, reader := rawly(t, serve(t, receive).URL, head(given, "Transfer-Encoding: chunked"),
			fmt.Sprintf("%x\r\n%s\r\n", middle, given.body[:middle]),
			fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(given.body)-middle, given.body[middle:]))
		expectAnswer(t, reader, 200, "")
	}
	handler.handled(t, 2)
}

func TestNothingIsContinuedThatIsRefusedUnread(t *testing.T) {
	server := serve(t, webhook.Handler(newVerifier(t, webhook.Linktor), new(handler).handle))
	given := linktors(t, "evt_1")
	more := []string{fmt.Sprint("Content-Length: ", len(given.body)), "Expect: 100-continue"}
	connection, reader := rawly(t, server.URL, head(given, more...))
	expectAnswer(t, reader, 100, "")
	if _, err := io.WriteString(connection, given.body); err != nil {
		t.Fatal(err)
	}
	expectAnswer(t, reader, 200, "")
	_, reader = rawly(t, server.URL, head(given.with("X-Linktor-Signature"), more...))
	expectAnswer(t, reader, 401, "missing_signature")
}

func TestWhatEndsTooEarlyMeetsNoHandler(t *testing.T) {
	var logs logs
	seen := newStore(t)
	handler := new(handler)
	server := httptest.NewUnstartedServer(webhook.Handler(newVerifier(t, webhook.Linktor), handler.handle,
		webhook.WithDeduplicator(seen), logs.option()))
	server.Config.ReadTimeout = 500 * time.Millisecond
	server.Start()
	defer server.Close()
	given := linktors(t, "evt_1")
	whole := head(given, fmt.Sprint("Content-Length: ", len(given.body))) + given.body
	part := whole[:len(whole)-1]

	connection, reader := rawly(t, server.URL, part)
	if err := connection.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	expectAnswer(t, reader, 400, "truncated")

	_, reader = rawly(t, server.URL, part) // and then nothing, until the server's patience ends
	expectAnswer(t, reader, 400, "truncated")

	_, reader = rawly(t, server.URL, head(given, "Transfer-Encoding: chunked"), "zz\r\n")
	expectAnswer(t, reader, 400, "truncated")

	connection, _ = rawly(t, server.URL, part)
	time.Sleep(50 * time.Millisecond)
	_ = connection.Close()
	until(t, func() bool {
		logs.mutex.Lock()
		defer logs.mutex.Unlock()
		return strings.Count(logs.text.String(), `"code":"truncated"`) == 4
	})
	handler.handled(t, 0)
	seen.expect(t)
	senderTo(t, server).expect(given, 200)
}

func TestAConnectionServesOnAfterARefusal(t *testing.T) {
	handler := new(handler)
	server := serve(t, webhook.Handler(newVerifier(t, webhook.Linktor, webhook.SizeLimit(1000)), handler.handle))
	given := linktors(t, "evt_1")
	connections := 0
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if !info.Reused {
			connections++
		}
	}}
	for range 3 {
		for _, one := range []struct {
			delivery delivery
			status   int
		}{
			{given, 200},
			{given.with("X-Linktor-Signature"), 401},
			{delivery{given.body + " ", given.header}, 401},
			{delivery{strings.Repeat("x", 100_000), given.header}, 413},
		} {
			request, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodPost,
				server.URL, strings.NewReader(one.delivery.body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header = one.delivery.header
			response, err := server.Client().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			if response.StatusCode != one.status {
				t.Errorf("HTTP %d, and not %d", response.StatusCode, one.status)
			}
		}
	}
	if connections != 1 {
		t.Errorf("%d connections", connections)
	}
	handler.handled(t, 1)
}

func TestABodyIsVerifiedAsItWasSentWhateverItsEncoding(t *testing.T) {
	handler := new(handler)
	server := serve(t, newReceiver(t, newVerifier(t, webhook.Linktor)).Middleware(handler))
	var compressed bytes.Buffer
	writer := gzip.NewWriter(&compressed)
	_, err := io.WriteString(writer, linktors(t, "evt_1").body)
	if err := errors.Join(err, writer.Close()); err != nil {
		t.Fatal(err)
	}
	senderTo(t, server).expect(signed(t, webhook.Linktor, compressed.String()).with("Content-Encoding", "gzip"), 200)
	if event := handler.handled(t, 1)[0]; !bytes.Equal(event.Body, compressed.Bytes()) || event.ID != "" {
		t.Errorf("%v: %q", event, event.Body)
	}
}

func TestTheClaimOfASenderThatHungUpEndsAsTheHandlerDoes(t *testing.T) {
	type key struct{}
	for name, one := range map[string]struct {
		err   error
		asked string
		again int
	}{
		"handled":     {nil, "commit evt_1", 1},
		"not handled": {errHandler, "release evt_1", 2},
	} {
		seen := newStore(t)
		seen.meet = func(ctx context.Context) {
			deadline, ok := ctx.Deadline()
			if left := time.Until(deadline); ctx.Err() != nil || !ok || left > 10*time.Second || left < 9*time.Second {
				t.Errorf("%s: the store's context ends in %v: %v", name, left, ctx.Err())
			}
			if ctx.Value(key{}) != "kept" {
				t.Errorf("%s: the store's context has nothing of the request's", name)
			}
		}
		meets, calls := make(chan struct{}), 0
		receive := webhook.Handler(newVerifier(t, webhook.Linktor), func(ctx context.Context, _ *webhook.Event) error {
			if calls++; calls > 1 {
				return nil
			}
			close(meets)
			select {
			case <-ctx.Done():
			case <-time.After(20 * time.Second):
				t.Errorf("%s: the handler's context never ended", name)
			}
			return one.err
		}, webhook.WithDeduplicator(seen))
		server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			receive.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, "kept")))
		}))
		given := linktors(t, "evt_1")
		connection, _ := rawly(t, server.URL, head(given, fmt.Sprint("Content-Length: ", len(given.body))), given.body)
		<-meets
		_ = connection.Close()
		seen.awaits(t, 2)
		seen.expect(t, "begin evt_1", one.asked)
		senderTo(t, server).expect(given, 200)
		if calls != one.again {
			t.Errorf("%s: handled %d times", name, calls)
		}
	}
}

func TestASenderThatHangsUpBeforeItsClaimLeavesNone(t *testing.T) {
	begins, hungUp := make(chan struct{}, 2), make(chan struct{})
	seen := newStore(t)
	seen.meet = func(context.Context) {
		begins <- struct{}{}
		<-hungUp
	}
	server := serve(t, newReceiver(t, newVerifier(t, webhook.Linktor), webhook.WithDeduplicator(seen)).Middleware(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			w.WriteHeader(http.StatusServiceUnavailable)
		})))
	given := linktors(t, "evt_1")
	connection, _ := rawly(t, server.URL, head(given, fmt.Sprint("Content-Length: ", len(given.body))), given.body)
	<-begins
	_ = connection.Close()
	close(hungUp)
	seen.awaits(t, 2)
	seen.expect(t, "begin evt_1", "release evt_1")
}

func TestATimeoutWithinReleasesAndOneAroundDoesNot(t *testing.T) {
	for name, one := range map[string]struct {
		wrap     func(*webhook.Receiver, http.Handler) http.Handler
		expected []string
		again    int
	}{
		"within": {func(receiver *webhook.Receiver, next http.Handler) http.Handler {
			return receiver.Middleware(http.TimeoutHandler(next, 300*time.Millisecond, "too slow"))
		}, []string{"begin evt_1", "release evt_1"}, 503},
		"around": {func(receiver *webhook.Receiver, next http.Handler) http.Handler {
			return http.TimeoutHandler(receiver.Middleware(next), 300*time.Millisecond, "too slow")
		}, []string{"begin evt_1", "commit evt_1"}, 200},
	} {
		seen := newStore(t)
		ended := make(chan struct{}, 2)
		server := serve(t, one.wrap(newReceiver(t, newVerifier(t, webhook.Linktor), webhook.WithDeduplicator(seen)),
			http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				<-r.Context().Done() // and goes on nevertheless
				time.Sleep(20 * time.Millisecond)
				_, _ = io.WriteString(w, "handled")
				ended <- struct{}{}
			})))
		senderTo(t, server).expect(linktors(t, "evt_1"), 503)
		<-ended
		seen.awaits(t, 2)
		seen.expect(t, one.expected...)
		senderTo(t, server).expect(linktors(t, "evt_1"), one.again)
		if name == "within" {
			<-ended
		}
	}
}

func TestWhatRunsOnAfterTheHandlerIsNotWaitedFor(t *testing.T) {
	seen := newStore(t)
	returned, ended := make(chan struct{}), make(chan error, 1)
	server := serve(t, webhook.Handler(newVerifier(t, webhook.Linktor), func(ctx context.Context, event *webhook.Event) error {
		go func() {
			<-returned
			<-ctx.Done() // the request ends with its handler
			ended <- event.Data(new(struct{ Text string }))
		}()
		return nil
	}, webhook.WithDeduplicator(seen)))
	senderTo(t, server).expect(linktors(t, "evt_1"), 200)
	seen.expect(t, "begin evt_1", "commit evt_1")
	close(returned)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestABodyThatWasReadBeforeIsMissedLoudly(t *testing.T) {
	var logs logs
	handler := new(handler)
	receive := newReceiver(t, newVerifier(t, webhook.Linktor), logs.option()).Middleware(handler)
	for _, part := range []int64{1, 1 << 20} {
		server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.CopyN(io.Discard, r.Body, part)
			receive.ServeHTTP(w, r)
		}))
		if answer := senderTo(t, server).post(linktors(t, "evt_1")); answer.status != 503 || answer.body != "" {
			t.Errorf("%+v", answer)
		}
		if line := logs.taken(t, 1)[0]; line.Level != "ERROR" || !strings.Contains(line.Error, "was read before its receiver could") {
			t.Errorf("%+v", line)
		}
	}
	handler.handled(t, 0)
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body)) // all of it put back
		receive.ServeHTTP(w, r)
	}))
	senderTo(t, server).expect(linktors(t, "evt_1"), 200)
}

func TestALimitAroundTheReceiverIsItsToo(t *testing.T) {
	handler := new(handler)
	server := serve(t, http.MaxBytesHandler(newReceiver(t, newVerifier(t, webhook.Linktor)).Middleware(handler), 20))
	if answer := senderTo(t, server).post(linktors(t, "evt_1")); answer.status != 413 || answer.body != "payload_too_large" {
		t.Errorf("%+v", answer)
	}
	handler.handled(t, 0)
}

func TestARequestWithoutABodyIsAnEmptyDelivery(t *testing.T) {
	handler := new(handler)
	receive := newReceiver(t, newVerifier(t, webhook.LinktorBody)).Middleware(handler)
	response := httptest.NewRecorder()
	receive.ServeHTTP(response, &http.Request{Method: http.MethodPost, Header: signed(t, webhook.LinktorBody, "").header})
	if response.Code != 200 {
		t.Error(response.Code, response.Body)
	}
	handler.handled(t, 1)
}

func TestABodyAsLongAsMayBeIsReceived(t *testing.T) {
	handler := new(handler)
	server := serve(t, webhook.Handler(newVerifier(t, webhook.LinktorBody), handler.handle))
	for length, status := range map[int]int{1 << 20: 200, 1<<20 + 1: 413} {
		senderTo(t, server).expect(signed(t, webhook.LinktorBody, strings.Repeat("x", length)), status)
	}
	handler.handled(t, 1)
}
