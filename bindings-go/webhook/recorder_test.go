package webhook_test

import (
	"bufio"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/linktor/linktor-go/webhook"
)

func TestWhatAHandlerWritesFirstDecides(t *testing.T) {
	for name, one := range map[string]struct {
		write  func(http.ResponseWriter)
		status int
		asked  string
	}{
		"nothing":           {func(http.ResponseWriter) {}, 200, "commit"},
		"a text":            {func(w http.ResponseWriter) { _, _ = io.WriteString(w, "so") }, 200, "commit"},
		"no text":           {func(w http.ResponseWriter) { _, _ = w.Write(nil); w.WriteHeader(500) }, 200, "commit"},
		"204":               {func(w http.ResponseWriter) { w.WriteHeader(204) }, 204, "commit"},
		"299":               {func(w http.ResponseWriter) { w.WriteHeader(299) }, 299, "commit"},
		"304":               {func(w http.ResponseWriter) { w.WriteHeader(304) }, 304, "release"},
		"410":               {func(w http.ResponseWriter) { w.WriteHeader(410) }, 410, "release"},
		"999":               {func(w http.ResponseWriter) { w.WriteHeader(999) }, 999, "release"},
		"one after another": {func(w http.ResponseWriter) { w.WriteHeader(202); w.WriteHeader(500) }, 202, "commit"},
		"early hints":       {func(w http.ResponseWriter) { w.WriteHeader(103); w.WriteHeader(204) }, 204, "commit"},
		"a stream": {func(w http.ResponseWriter) {
			_, _ = io.Copy(w, struct{ io.Reader }{strings.NewReader("so")})
			w.WriteHeader(500)
		}, 200, "commit"},
		"a flush": {func(w http.ResponseWriter) { w.(http.Flusher).Flush(); w.WriteHeader(500) }, 200, "commit"},
		"a controlled flush": {func(w http.ResponseWriter) {
			if err := http.NewResponseController(w).Flush(); err != nil {
				panic(err)
			}
			w.WriteHeader(500)
		}, 200, "commit"},
	} {
		for _, isHTTP2 := range []bool{false, true} {
			seen := newStore(t)
			server := httptest.NewUnstartedServer(newReceiver(t, newVerifier(t, webhook.Linktor), webhook.WithDeduplicator(seen)).
				Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { one.write(w) })))
			server.EnableHTTP2 = isHTTP2
			server.Config.ErrorLog = discarded
			if isHTTP2 {
				server.StartTLS()
			} else {
				server.Start()
			}
			if answer := senderTo(t, server).post(linktors(t, "evt_1")); answer.status != one.status {
				t.Errorf("%s: HTTP %d, and not %d", name, answer.status, one.status)
			}
			server.Close()
			seen.expect(t, "begin evt_1", one.asked+" evt_1")
		}
	}
}

func TestAStatusThatThereIsNotIsNo2xx(t *testing.T) {
	for _, status := range []int{1<<16 + 200, 1<<32 + 200} {
		seen := newStore(t)
		given := linktors(t, "evt_1")
		request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(given.body))
		request.Header = given.header
		newReceiver(t, newVerifier(t, webhook.Linktor), webhook.WithDeduplicator(seen)).Middleware(
			http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }),
		).ServeHTTP(lenient{httptest.NewRecorder()}, request)
		seen.expect(t, "begin evt_1", "release evt_1")
	}
}

// lenient is a writer that takes any status.
type lenient struct{ http.ResponseWriter }

func (lenient) WriteHeader(int) {}

func TestAHandlerStreamsWhereItsServerDoes(t *testing.T) {
	read := make(chan struct{})
	server := serve(t, newReceiver(t, newVerifier(t, webhook.Linktor)).Middleware(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			controller := http.NewResponseController(w)
			_, err := io.WriteString(w, "one ")
			if err := errors.Join(err, controller.SetWriteDeadline(time.Now().Add(time.Minute)), controller.Flush()); err != nil {
				t.Error(err)
			}
			<-read
			_, _ = io.WriteString(w, "two")
		})))
	given := linktors(t, "evt_1")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(given.body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = given.header
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	reader := bufio.NewReader(response.Body)
	one, err := reader.ReadString(' ')
	close(read)
	two, end := io.ReadAll(reader)
	if err != nil || end != nil || one != "one " || string(two) != "two" {
		t.Errorf("%q, %v, %q, %v", one, err, two, end)
	}
}

func TestAFileIsSentAsFastAsWithoutAReceiver(t *testing.T) {
	for _, isWrapped := range []bool{false, true} {
		var under *fast
		receive := newReceiver(t, newVerifier(t, webhook.Linktor)).Middleware(
			http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if _, err := io.Copy(w, struct{ io.Reader }{strings.NewReader("a file")}); err != nil {
					t.Error(err)
				}
			}))
		server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			under = &fast{ResponseWriter: w}
			if isWrapped {
				receive.ServeHTTP(bare{under}, r)
			} else {
				receive.ServeHTTP(under, r)
			}
		}))
		if answer := senderTo(t, server).post(linktors(t, "evt_1")); answer.body != "a file" || under.isUsed == isWrapped {
			t.Errorf("%v, %+v", isWrapped, answer)
		}
	}
}

// fast is a writer that reads by itself.
type fast struct {
	http.ResponseWriter
	isUsed bool
}

func (f *fast) ReadFrom(source io.Reader) (int64, error) {
	f.isUsed = true
	return io.Copy(f.ResponseWriter, source)
}

func TestAConnectionThatIsTakenOverIsNoAnswer(t *testing.T) {
	for name, hijack := range map[string]func(http.ResponseWriter) error{
		"by its interface": func(w http.ResponseWriter) error { return answeredOn(w.(http.Hijacker).Hijack()) },
		"by a controller":  func(w http.ResponseWriter) error { return answeredOn(http.NewResponseController(w).Hijack()) },
	} {
		seen := newStore(t)
		server := serve(t, newReceiver(t, newVerifier(t, webhook.Linktor), webhook.WithDeduplicator(seen)).Middleware(
			http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if err := hijack(w); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})))
		senderTo(t, server).expect(linktors(t, "evt_1"), 202)
		seen.awaits(t, 2)
		seen.expect(t, "begin evt_1", "release evt_1")
	}
}

func TestWhatAWriterCannotDoIsSaid(t *testing.T) {
	receive := newReceiver(t, newVerifier(t, webhook.Linktor)).Middleware(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			controller := http.NewResponseController(w)
			_, _, err := controller.Hijack()
			for _, err := range []error{err, controller.Flush(), controller.SetReadDeadline(time.Time{})} {
				if !errors.Is(err, http.ErrNotSupported) {
					t.Error(err)
				}
			}
			w.(http.Flusher).Flush()
			w.WriteHeader(http.StatusAccepted)
		}))
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { receive.ServeHTTP(bare{w}, r) }))
	senderTo(t, server).expect(linktors(t, "evt_1"), 202)
}

var discarded = log.New(io.Discard, "", 0)

// answeredOn answers on a connection that was taken over.
func answeredOn(connection net.Conn, buffered *bufio.ReadWriter, err error) error {
	if err != nil {
		return err
	}
	_, err = buffered.WriteString("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	return errors.Join(err, buffered.Flush(), connection.Close())
}
