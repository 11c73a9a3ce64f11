package linktor_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

// isAborted tells whether the server saw one request, given up before it was answered.
func isAborted(t *testing.T) bool {
	entries := journal(t)
	return len(entries) == 1 && entries[0].Aborted && entries[0].Status == nil
}

func TestCancellingEndsACallAtOnce(t *testing.T) {
	reset(t, object{"delay_ms": 10000, "json": object{}})
	client := newClient(t, withKey())
	cause := errors.New("the user left")
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error)
	go func() {
		_, err := client.Get(ctx, "/me?token=hidden", linktor.RequestID("req-cancel"))
		ended <- err
	}()
	eventually(t, "the request arrives", func() bool { return len(journal(t)) == 1 })

	start := time.Now()
	cancel(cause)
	err := <-ended
	if took := time.Since(start); took > 50*time.Millisecond {
		t.Errorf("it took %v", took)
	}
	failure, ok := errors.AsType[*linktor.Error](err)
	if !ok || failure.Kind != linktor.KindCancelled || failure.RequestID != "req-cancel" ||
		failure.Sent != linktor.SentMaybe || failure.Method != "GET" || !strings.HasSuffix(failure.Path, "/me") ||
		failure.Attempts != 1 {
		t.Errorf("%#v", err)
	}
	for _, target := range []error{context.Canceled, cause, linktor.ErrCancelled} {
		if !errors.Is(err, target) {
			t.Errorf("%v is no %v", err, target)
		}
	}
	eventually(t, "the server sees it aborted", func() bool { return isAborted(t) })
	time.Sleep(50 * time.Millisecond)
	if !isAborted(t) {
		t.Errorf("the server saw more: %+v", journal(t))
	}
}

func TestAContextsDeadlineIsATimeout(t *testing.T) {
	reset(t, object{"delay_ms": 10000, "json": object{}})
	client := newClient(t, withKey())
	cause := errors.New("too slow")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 200*time.Millisecond, cause)
	defer cancel()

	start := time.Now()
	_, err := client.Get(ctx, "/me")
	if took := time.Since(start); took < 190*time.Millisecond || took > 300*time.Millisecond {
		t.Errorf("it took %v", took)
	}
	for _, target := range []error{context.DeadlineExceeded, cause, linktor.ErrTimeout} {
		if !errors.Is(err, target) {
			t.Errorf("%v is no %v", err, target)
		}
	}
	if failure, _ := errors.AsType[*linktor.Error](err); failure.RequestID == "" || failure.Attempts != 1 {
		t.Errorf("the core's own error did not arrive in time: %+v", failure)
	}
	eventually(t, "the server sees it aborted", func() bool { return isAborted(t) })
}

func TestAnOptionsDeadlineIsATimeoutToo(t *testing.T) {
	for name, option := range map[string]linktor.RequestOption{
		"deadline": linktor.Deadline(100 * time.Millisecond),
		"timeout":  linktor.Timeout(100 * time.Millisecond),
	} {
		reset(t, object{"delay_ms": 10000, "json": object{}})
		_, err := newClient(t, withKey()).Get(t.Context(), "/me", option, linktor.MaxRetries(0))
		if !errors.Is(err, linktor.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnEarlierDeadlineOfTheClientCounts(t *testing.T) {
	reset(t, object{"delay_ms": 10000, "json": object{}})
	client := newClient(t, withKey(), linktor.WithDeadline(100*time.Millisecond))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	start := time.Now()
	if _, err := client.Get(ctx, "/me"); !errors.Is(err, linktor.ErrTimeout) {
		t.Error(err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestADoneContextSendsNothing(t *testing.T) {
	reset(t)
	client := newClient(t, withKey())
	for how, way := range ways {
		ctx, end, free := way.make(t.Context())
		end()
		for _, value := range []any{client, client.Auth()} {
			for _, name := range methodsOf(value) {
				method := reflect.ValueOf(value).MethodByName(name)
				if method.Type().NumIn() == 0 || method.Type().In(0) != reflect.TypeFor[context.Context]() {
					continue
				}
				err, _ := call(method, argumentsOf(method.Type(), ctx))
				failure, ok := errors.AsType[*linktor.Error](err)
				if !ok || failure.Kind != way.kind || failure.Sent != linktor.SentNo || failure.Attempts != 0 {
					t.Errorf("%s %s: %#v", name, how, err)
				}
				for _, target := range append(way.is, ctx.Err(), context.Cause(ctx)) {
					if !errors.Is(err, target) {
						t.Errorf("%s %s: %v is no %v", name, how, err, target)
					}
				}
			}
		}
		free()
	}
	if seen := journal(t); len(seen) != 0 {
		t.Errorf("%+v", seen)
	}
}

func TestCancellingBetweenPagesAsksForNoOther(t *testing.T) {
	client := newClient(t, withKey())
	for how, way := range ways {
		reset(t, page(1, true, "a", "b"))
		ctx, end, free := way.make(t.Context())
		var items, failures int
		for _, err := range client.Paginate(ctx, "/contacts") {
			if err == nil {
				if items++; items == 2 {
					end()
				}
				continue
			}
			failures++
			if failure, ok := errors.AsType[*linktor.Error](err); !ok || failure.Kind != way.kind || failure.Attempts != 0 {
				t.Errorf("%s: %#v", how, err)
			}
		}
		if seen := journal(t); items != 2 || failures != 1 || len(seen) != 1 {
			t.Errorf("%s: %d items, %d errors, %d requests", how, items, failures, len(seen))
		}
		free()
	}
}

func TestASharedLoginOutlivesThoseWhoWereCancelled(t *testing.T) {
	credentials := sandbox.Credentials["linktor"]
	reset(t, object{"delay_ms": 1000, "pass": true})
	client := newClient(t, linktor.WithPassword(credentials["email"], credentials["password"]))
	ctx, cancel := context.WithCancel(t.Context())
	var cancelled, others sync.WaitGroup
	for i := range 100 {
		group, ctx, is := &cancelled, ctx, context.Canceled
		if i%10 == 9 {
			group, ctx, is = &others, t.Context(), nil
		}
		group.Go(func() {
			if _, err := client.Get(ctx, "/me"); !errors.Is(err, is) {
				t.Error(err)
			}
		})
		if i == 0 {
			eventually(t, "the login arrives", func() bool { return len(journal(t)) == 1 })
		}
	}
	time.Sleep(50 * time.Millisecond)
	start := time.Now()
	cancel()
	cancelled.Wait()
	if took := time.Since(start); took > 50*time.Millisecond {
		t.Errorf("it took %v", took)
	}
	others.Wait()
	paths := map[string]int{}
	for _, seen := range journal(t) {
		paths[seen.Path]++
	}
	if paths["/api/v1/auth/login"] != 1 || paths["/api/v1/me"] != 10 {
		t.Errorf("%v", paths)
	}
}

// onWait is a context that does something when a call begins to wait for it.
type onWait struct {
	context.Context
	do func()
}

func (c onWait) Done() <-chan struct{} {
	c.do()
	return c.Context.Done()
}

func TestADoneContextIsInTheErrorThatComesInTheSameMoment(t *testing.T) {
	cause := errors.New("the user left")
	client := newClient(t, withKey(), linktor.WithMaxRetryWait(0))
	reset(t, object{"status": 429, "json": object{}, "headers": object{"Retry-After": "3600"}})
	if _, err := client.Get(t.Context(), "/me"); !errors.Is(err, linktor.ErrRateLimited) {
		t.Fatal(err)
	}
	// The closed class refuses each call at once, and its context is done before it looks.
	for name, one := range map[string]struct {
		deadline time.Duration
		end      func(context.CancelCauseFunc)
		is       error
	}{
		"cancelled": {time.Hour, func(cancel context.CancelCauseFunc) { cancel(cause) }, context.Canceled},
		"deadline":  {10 * time.Millisecond, func(context.CancelCauseFunc) {}, context.DeadlineExceeded},
	} {
		refused := 0
		for range 20 {
			ctx, cancel := context.WithCancelCause(t.Context())
			ctx, stop := context.WithTimeoutCause(ctx, one.deadline, cause)
			_, err := client.Get(onWait{ctx, func() {
				time.Sleep(20 * time.Millisecond)
				one.end(cancel)
			}}, "/me")
			if !errors.Is(err, one.is) || !errors.Is(err, cause) {
				t.Errorf("%s: %v", name, err)
			}
			if errors.Is(err, linktor.ErrRateLimited) {
				refused++
			}
			stop()
			cancel(nil)
		}
		if refused == 0 {
			t.Errorf("%s: the core's own error never came", name)
		}
	}
}

func TestAContextsDeadlineStrikesInAQueue(t *testing.T) {
	reset(t, object{"status": 429, "json": object{}, "headers": object{"retry-after-ms": "50"}},
		object{"delay_ms": 10000, "json": object{}})
	client := newClient(t, withKey())
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() { _, _ = client.Get(ctx, "/me") })
	eventually(t, "the request is sent again", func() bool { return len(journal(t)) == 2 })
	var queued sync.WaitGroup
	for i := range 50 {
		queued.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond+time.Duration(i)*time.Millisecond)
			defer cancel()
			_, err := client.Get(ctx, "/me")
			failure, ok := errors.AsType[*linktor.Error](err)
			if !ok || !errors.Is(err, context.DeadlineExceeded) || failure.Attempts != 0 {
				t.Errorf("%#v", err)
			}
		})
	}
	queued.Wait()
	cancel()
	group.Wait()
	if seen := journal(t); len(seen) != 2 {
		t.Errorf("%+v", seen)
	}
}

func TestClosingEndsCallsInFlightAndLaterOnes(t *testing.T) {
	reset(t, object{"delay_ms": 10000, "json": object{}})
	client := newClient(t, withKey())
	ended := make(chan error)
	go func() {
		_, err := client.Get(t.Context(), "/me")
		ended <- err
	}()
	eventually(t, "the request arrives", func() bool { return len(journal(t)) == 1 })
	client.Close()
	client.Close()
	if err := <-ended; !errors.Is(err, linktor.ErrClosed) {
		t.Errorf("in flight: %v", err)
	}
	if _, err := client.Get(t.Context(), "/me"); !errors.Is(err, linktor.ErrClosed) {
		t.Errorf("later: %v", err)
	}
}

// held gives calls, by name, that wait an hour each: the first for the hint of its 429, the
// second in the queue of the class that this has closed.
func held(ctx context.Context, t *testing.T, client *linktor.Client) map[string]<-chan error {
	t.Helper()
	reset(t, object{"status": 429, "json": object{}, "headers": object{"Retry-After": "3600"}})
	start := func() <-chan error {
		ended := make(chan error, 1)
		go func() {
			_, err := client.Get(ctx, "/me")
			ended <- err
		}()
		time.Sleep(50 * time.Millisecond)
		return ended
	}
	calls := map[string]<-chan error{"waiting for its hint": start()}
	eventually(t, "the request is answered", func() bool { return len(journal(t)) == 1 && journal(t)[0].Status != nil })
	calls["queued behind it"] = start()
	return calls
}

func TestWaitsOfAnHourEndAtOnce(t *testing.T) {
	for name, one := range map[string]struct {
		end  func(cancel context.CancelFunc, client *linktor.Client)
		kind error
	}{
		"by the context": {func(cancel context.CancelFunc, _ *linktor.Client) { cancel() }, context.Canceled},
		"by closing":     {func(_ context.CancelFunc, client *linktor.Client) { client.Close() }, linktor.ErrClosed},
	} {
		client := newClient(t, withKey(), linktor.WithMaxRetryWait(2*time.Hour))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		calls := held(ctx, t, client)
		start := time.Now()
		one.end(cancel, client)
		for what, ended := range calls {
			if err := <-ended; !errors.Is(err, one.kind) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
			if took := time.Since(start); took > 50*time.Millisecond {
				t.Errorf("%s, %s: it took %v", name, what, took)
			}
		}
		time.Sleep(50 * time.Millisecond)
		if seen := journal(t); len(seen) != 1 {
			t.Errorf("%s: %+v", name, seen)
		}
	}
}
