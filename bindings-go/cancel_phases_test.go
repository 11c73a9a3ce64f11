package linktor_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

// phase is somewhere a call can be when its context is done.
type phase struct {
	// begin gives a call that comes there, and stays.
	begin func(t *testing.T) arrival
	// attempts and sent are what the error says.
	attempts int
	sent     linktor.Sent
	// isWait says that the call waits no longer than its context's deadline, and not at all
	// if it would.
	isWait bool
	// isAuth says that it is an auth call, which has no request id and is given up without a
	// word of what it came to.
	isAuth bool
}

// arrival is a call, and what comes when it has come to a phase.
type arrival struct {
	call    func(ctx context.Context) error
	arrived <-chan struct{}
	// left is closed when the phase is left behind, if somebody can tell.
	left <-chan struct{}
}

const phaseRequest = "req-phase"

// get is a call of a client.
func get(client *linktor.Client) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := client.Get(ctx, "/me", linktor.RequestID(phaseRequest))
		return err
	}
}

// within is closed after a time, or when something has come about before.
func within(limit time.Duration, is func() bool) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for start := time.Now(); !is() && time.Since(start) < limit; {
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(20 * time.Millisecond)
	}()
	return done
}

// serve accepts one connection, and tells when it was accepted and when it was closed.
func serve(t *testing.T, handle func(net.Conn)) (url string, accepted, closed <-chan struct{}) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	came, went := make(chan struct{}), make(chan struct{})
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		close(came)
		handle(conn)
		close(went)
	}()
	return "http://" + listener.Addr().String(), came, went
}

// readAll reads until the other side closes, or resets.
func readAll(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

var phases = map[string]phase{
	"in the queue for a connection": {func(t *testing.T) arrival {
		reset(t, object{"delay_ms": 60000})
		client := newClient(t, withKey(), linktor.WithMaxConnections(1))
		ctx, cancel := context.WithCancel(t.Context())
		t.Cleanup(cancel)
		go func() { _, _ = client.Get(ctx, "/me") }()
		eventually(t, "the first request arrives", func() bool { return len(journal(t)) == 1 })
		return arrival{get(client), within(50*time.Millisecond, func() bool { return false }), nil}
	}, 0, linktor.SentNo, false, false},

	"in the queue of a closed class": {func(t *testing.T) arrival {
		client := newClient(t, withKey(), linktor.WithMaxRetryWait(2*time.Hour))
		ctx, cancel := context.WithCancel(t.Context())
		t.Cleanup(cancel)
		held(ctx, t, client)
		return arrival{get(client), within(50*time.Millisecond, func() bool { return false }), nil}
	}, 0, linktor.SentNo, true, false},

	"waiting for its own hint": {func(t *testing.T) arrival {
		reset(t, object{"status": 429, "headers": object{"Retry-After": "50"}})
		return arrival{get(newClient(t, withKey())), within(time.Second, func() bool { return isAnswered(t) }), nil}
	}, 1, linktor.SentYes, true, false},

	"waiting as the server asks": {func(t *testing.T) arrival {
		reset(t, object{"status": 503, "headers": object{"Retry-After": "50"}})
		return arrival{get(newClient(t, withKey())), within(time.Second, func() bool { return isAnswered(t) }), nil}
	}, 1, linktor.SentYes, true, false},

	"backing off": {func(t *testing.T) arrival {
		answers := make([]any, 50)
		for i := range answers {
			answers[i] = object{"status": 503}
		}
		reset(t, answers...)
		waiting := make(chan struct{})
		logger := slog.New(&waitHandler{begins: sync.OnceFunc(func() { close(waiting) })})
		client := newClient(t, withKey(), linktor.WithLogger(logger), linktor.WithMaxRetries(40))
		return arrival{get(client), waiting, nil}
	}, -1, linktor.SentYes, true, false},

	"connecting": {func(t *testing.T) arrival {
		client := newClient(t, withKey(), linktor.WithBaseURL(crowded(t)))
		return arrival{get(client), within(100*time.Millisecond, func() bool { return false }), nil}
	}, 1, linktor.SentMaybe, false, false},

	"sending a large body": {func(t *testing.T) arrival {
		left := make(chan struct{})
		url, accepted, closed := serve(t, func(conn net.Conn) {
			// It reads no more until the other side has given up.
			<-left
			readAll(conn)
		})
		client := newClient(t, withKey(), linktor.WithBaseURL(url))
		body := make([]byte, 64<<20)
		call := func(ctx context.Context) error {
			defer close(left)
			_, err := client.Post(ctx, "/me", linktor.Body(body, "text/plain"), linktor.RequestID(phaseRequest))
			return err
		}
		return arrival{call, after(accepted), closed}
	}, 1, linktor.SentMaybe, false, false},

	"waiting for headers": {func(t *testing.T) arrival {
		url, accepted, closed := serve(t, readAll)
		return arrival{get(newClient(t, withKey(), linktor.WithBaseURL(url))), after(accepted), closed}
	}, 1, linktor.SentMaybe, false, false},

	"reading the body": {func(t *testing.T) arrival {
		url, accepted, closed := serve(t, func(conn net.Conn) {
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n%s", strings.Repeat("a", 500))
			}
			readAll(conn)
		})
		return arrival{get(newClient(t, withKey(), linktor.WithBaseURL(url))), after(accepted), closed}
	}, 1, linktor.SentMaybe, false, false},

	"waiting for a login": {func(t *testing.T) arrival {
		reset(t, object{"delay_ms": 60000})
		client := newClient(t, hangingLogin...)
		return arrival{get(client), within(time.Second, func() bool { return len(journal(t)) == 1 }), nil}
	}, 0, linktor.SentNo, false, false},

	"in an auth call": {func(t *testing.T) arrival {
		reset(t, object{"delay_ms": 60000})
		client := newClient(t, hangingLogin...)
		call := func(ctx context.Context) error {
			_, err := client.Auth().Login(ctx)
			return err
		}
		return arrival{call, within(time.Second, func() bool { return len(journal(t)) == 1 }), nil}
	}, 0, linktor.SentMaybe, false, true},

	"waiting for its token source": {func(t *testing.T) arrival {
		asked := make(chan struct{})
		client := newClient(t, linktor.WithTimeout(time.Second),
			linktor.WithTokenSource(linktor.TokenSourceFunc(func(ctx context.Context) (linktor.Token, error) {
				close(asked)
				<-ctx.Done()
				return linktor.Token{}, ctx.Err()
			})))
		return arrival{get(client), after(asked), nil}
	}, 0, linktor.SentNo, false, false},

	"in its own transport": {func(t *testing.T) arrival {
		asked, left := make(chan struct{}), make(chan struct{})
		client := newClient(t, withKey(), linktor.WithRoundTripper(tripper(func(r *http.Request) (*http.Response, error) {
			close(asked)
			<-r.Context().Done()
			close(left)
			return nil, r.Context().Err()
		})))
		return arrival{get(client), after(asked), left}
	}, 1, linktor.SentMaybe, false, false},
}

type tripper func(*http.Request) (*http.Response, error)

func (t tripper) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// after is closed a little after something has come about.
func after(done <-chan struct{}) <-chan struct{} {
	return within(5*time.Second, func() bool {
		select {
		case <-done:
			return true
		default:
			return false
		}
	})
}

func isAnswered(t *testing.T) bool {
	seen := journal(t)
	return len(seen) == 1 && seen[0].Status != nil
}

// waitHandler tells when a wait begins that takes its time.
type waitHandler struct {
	slog.Handler
	begins func()
}

func (*waitHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h *waitHandler) Handle(_ context.Context, record slog.Record) error {
	if record.Message == "linktor: wait started" {
		record.Attrs(func(attribute slog.Attr) bool {
			if attribute.Key == "expected" && attribute.Value.Duration() > 300*time.Millisecond {
				h.begins()
			}
			return true
		})
	}
	return nil
}

// crowded gives the URL of a server that can take no connection, and refuses none.
func crowded(t *testing.T) string {
	t.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(socket) })
	if err := errors.Join(syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(socket, 0)); err != nil {
		t.Fatal(err)
	}
	address, err := syscall.Getsockname(socket)
	if err != nil {
		t.Fatal(err)
	}
	host := fmt.Sprintf("127.0.0.1:%d", address.(*syscall.SockaddrInet4).Port)
	for range 10 {
		conn, err := net.DialTimeout("tcp", host, 200*time.Millisecond)
		if failure, ok := errors.AsType[net.Error](err); ok && failure.Timeout() {
			return "http://" + host
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	t.Skip("this system takes connections without end")
	return ""
}

var errLeft = errors.New("the user left")

// way is how a context is done: it gives one, and what ends it.
type way struct {
	make func(parent context.Context) (ctx context.Context, end func(), free func())
	is   []error
	kind linktor.Kind
}

var ways = map[string]way{
	"cancelled": {func(parent context.Context) (context.Context, func(), func()) {
		ctx, cancel := context.WithCancel(parent)
		return ctx, cancel, cancel
	}, []error{context.Canceled, linktor.ErrCancelled}, linktor.KindCancelled},
	"for a cause": {func(parent context.Context) (context.Context, func(), func()) {
		ctx, cancel := context.WithCancelCause(parent)
		return ctx, func() { cancel(errLeft) }, func() { cancel(nil) }
	}, []error{context.Canceled, errLeft, linktor.ErrCancelled}, linktor.KindCancelled},
	"by a deadline": {func(parent context.Context) (context.Context, func(), func()) {
		ctx, cancel := context.WithTimeoutCause(parent, phaseDeadline, errLeft)
		return ctx, func() { <-ctx.Done() }, cancel
	}, []error{context.DeadlineExceeded, errLeft, linktor.ErrTimeout}, linktor.KindTimeout},
	"by a deadline that it does not tell": {func(parent context.Context) (context.Context, func(), func()) {
		ctx := &untold{Context: parent, done: make(chan struct{})}
		return ctx, ctx.end, func() {}
	}, []error{context.DeadlineExceeded, linktor.ErrTimeout}, linktor.KindTimeout},
}

const phaseDeadline = 500 * time.Millisecond

// untold is a context of one's own with a deadline of which nobody knows.
type untold struct {
	context.Context
	done  chan struct{}
	mutex sync.Mutex
	err   error
}

func (u *untold) Done() <-chan struct{} { return u.done }

func (u *untold) Err() error {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	return u.err
}

func (u *untold) end() {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	u.err = context.DeadlineExceeded
	close(u.done)
}

func TestADoneContextEndsACallAtOnceInEveryPhase(t *testing.T) {
	for name, phase := range phases {
		for how, way := range ways {
			t.Run(name+" "+how, func(t *testing.T) {
				if phase.isWait && how == "by a deadline" {
					ctx, _, free := way.make(t.Context())
					defer free()
					checkShortened(t, ctx, phase.begin(t).call(ctx))
					return
				}
				// What else runs on this machine may take the processors for as long as all this may
				// take; but not always.
				var err error
				for range 3 {
					if err = phase.leave(t, way); err == nil {
						return
					}
					t.Log(err)
				}
				t.Error(err)
			})
		}
	}
}

// leave comes to the phase, has the context done, and says what was wrong with the end.
func (p phase) leave(t *testing.T, way way) error {
	arrival := p.begin(t)
	goroutines := runtime.NumGoroutine()
	ctx, end, free := way.make(t.Context())
	defer free()
	ended := make(chan error, 1)
	go func() { ended <- arrival.call(ctx) }()
	select {
	case <-arrival.arrived:
	case err := <-ended:
		return fmt.Errorf("it ended before: %w", err)
	}
	end()
	start := time.Now()
	err := <-ended
	if took := time.Since(start); took > 50*time.Millisecond {
		return fmt.Errorf("it took %v", took)
	}
	if arrival.left != nil {
		select {
		case <-arrival.left:
		case <-time.After(time.Second):
			return errors.New("the phase was not left")
		}
	}
	failure, ok := errors.AsType[*linktor.Error](err)
	if !ok {
		return err
	}
	request := phaseRequest
	if p.isAuth {
		request = ""
	}
	isCounted := failure.Attempts == p.attempts || p.attempts < 0 && failure.Attempts == len(journal(t))
	if failure.Kind != way.kind || !isCounted || failure.RequestID != request || failure.Sent != p.sent {
		return fmt.Errorf("%w: attempts %d, request %s, sent %s", err, failure.Attempts, failure.RequestID, failure.Sent)
	}
	for _, target := range append(way.is, ctx.Err(), context.Cause(ctx)) {
		if !errors.Is(err, target) {
			return fmt.Errorf("%w is no %w", err, target)
		}
	}
	eventually(t, "all goroutines end", func() bool { return runtime.NumGoroutine() <= goroutines })
	return nil
}

// checkShortened checks the error of a call that would have waited beyond its deadline: that
// of what it would have waited for, before; or, where a wait was short enough, the deadline's.
func checkShortened(t *testing.T, ctx context.Context, err error) {
	t.Helper()
	isEarly := ctx.Err() == nil && (errors.Is(err, linktor.ErrServer) || errors.Is(err, linktor.ErrRateLimited))
	if !isEarly && (!errors.Is(err, linktor.ErrTimeout) || !errors.Is(err, linktor.ErrServer)) {
		t.Errorf("%v, %v", err, ctx.Err())
	}
}
