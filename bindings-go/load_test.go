package linktor_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/linktor/linktor-go"
)

// underRace is set where the race detector is compiled in.
var underRace bool

func TestConcurrentCallersGetTheirOwnAnswers(t *testing.T) {
	reset(t)
	client := newClient(t, withKey())
	var group sync.WaitGroup
	for i := range 400 {
		group.Go(func() {
			name := fmt.Sprintf("contact-%d", i)
			for range 5 {
				response, err := client.Post(t.Context(), "/contacts", linktor.JSON(object{"name": name}),
					linktor.RequestID("req-"+name))
				if err != nil {
					t.Error(err)
					return
				}
				var contact struct{ Name string }
				if err := response.Data(&contact); err != nil || contact.Name != name {
					t.Errorf("%s got %+v, %v", name, contact, err)
				}
			}
		})
	}
	group.Wait()
}

func TestConcurrentCancellationsDisturbNobody(t *testing.T) {
	reset(t)
	client := newClient(t, withKey())
	var group sync.WaitGroup
	for i := range 200 {
		group.Go(func() {
			ctx := t.Context()
			if i%2 == 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, time.Duration(i)*100*time.Microsecond)
				defer cancel()
			}
			response, err := client.Get(ctx, "/me")
			switch {
			case err == nil && response.StatusCode != 200, i%2 == 1 && err != nil,
				err != nil && !errors.Is(err, context.DeadlineExceeded):
				t.Errorf("%d: %v, %v", i, response, err)
			}
		})
	}
	group.Wait()
}

// threadsInUse is how many threads the core has, and how many of Go's are in the core or in
// the kernel. Those that Go keeps for later, after a burst, are not counted.
func threadsInUse(t *testing.T) int {
	t.Helper()
	threads, err := statusOf("Threads")
	if err != nil {
		t.Skip(err)
	}
	samples := []metrics.Sample{{Name: "/sched/threads/total:threads"}, {Name: "/sched/goroutines/not-in-go:goroutines"}}
	metrics.Read(samples)
	return threads - int(samples[0].Value.Uint64()) + int(samples[1].Value.Uint64())
}

// submit makes calls, and comes back when each of them waits.
func submit(ctx context.Context, calls int, call func(context.Context)) *sync.WaitGroup {
	var submitted, ended sync.WaitGroup
	submitted.Add(calls)
	for range calls {
		ended.Go(func() {
			waits := sync.OnceFunc(submitted.Done)
			defer waits()
			call(onWait{ctx, waits})
		})
	}
	submitted.Wait()
	return &ended
}

func TestWaitingCallsTakeNoThreads(t *testing.T) {
	const calls = 1000
	answers := make([]any, calls)
	for i := range answers {
		answers[i] = object{"delay_ms": 2500, "json": object{"n": i}}
	}
	reset(t, answers...)
	client := newClient(t, withKey(), linktor.WithMaxConnections(calls))
	ended := submit(t.Context(), calls, func(ctx context.Context) {
		if _, err := client.Get(ctx, "/me"); err != nil {
			t.Error(err)
		}
	})
	most := 0
	for range 10 {
		most = max(most, threadsInUse(t))
		time.Sleep(100 * time.Millisecond)
	}
	t.Logf("%d threads at most for %d calls", most, calls)
	if most > 16 {
		t.Errorf("%d threads for %d waiting calls", most, calls)
	}
	ended.Wait()
}

func TestQueuedCallsTakeNoThreadsAndEndAtOnce(t *testing.T) {
	const calls = 1000
	client := newClient(t, withKey(), linktor.WithMaxRetryWait(2*time.Hour))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	held(ctx, t, client)
	goroutines := runtime.NumGoroutine()
	ended := submit(ctx, calls, func(ctx context.Context) {
		if _, err := client.Get(ctx, "/me"); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	time.Sleep(300 * time.Millisecond)
	threads := threadsInUse(t)
	t.Logf("%d threads for %d calls", threads, calls)
	if threads > 16 {
		t.Errorf("%d threads for %d queued calls", threads, calls)
	}
	start := time.Now()
	cancel()
	ended.Wait()
	if took := time.Since(start); took > time.Second {
		t.Errorf("it took %v", took)
	}
	eventually(t, "all goroutines end", func() bool { return runtime.NumGoroutine() <= goroutines })
	if seen := journal(t); len(seen) != 1 {
		t.Errorf("the server saw %d requests", len(seen))
	}
}

func TestAnUnreachableClientIsFreed(t *testing.T) {
	make1 := func() weak.Pointer[linktor.Client] {
		var client *linktor.Client
		client, err := linktor.NewClient(
			linktor.WithBaseURL(sandbox.BaseURLs["linktor"]),
			// A source that refers to its own client must not keep it.
			linktor.WithTokenSource(linktor.TokenSourceFunc(func(ctx context.Context) (linktor.Token, error) {
				_, err := client.Get(ctx, "/me")
				return linktor.Token{}, err
			})))
		if err != nil {
			t.Fatal(err)
		}
		return weak.Make(client)
	}
	client := make1()
	eventually(t, "it is collected", func() bool {
		runtime.GC()
		return client.Value() == nil
	})
}
