package linktor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

func init() {
	programs["soak"] = runSoak
	programs["drop"] = runDrop
}

const (
	// moreKibibytes is how much more may be resident at the end than after the first part of
	// the work.
	moreKibibytes = 10 << 10
	// moreDescriptors is how many more may be open: as many connections as calls are made at
	// once.
	moreDescriptors = 20
	// moreThreads is how many more there may be: Go starts one when calls of C take long, and
	// keeps it.
	moreThreads = 10
)

// works are what is done often, a number of times.
var works = map[string]func(url, key string, count int) error{
	"calls": func(url, key string, count int) error {
		client := linktor.New(key, linktor.WithBaseURL(url))
		for number := range count {
			response, err := client.Get(context.Background(), "/me", linktor.Query("n", number))
			if err != nil {
				return err
			}
			var me struct{ Role string }
			if err := response.Data(&me); err != nil || me.Role != "admin" {
				return fmt.Errorf("%+v, %w", me, err)
			}
			if number%10 == 0 {
				if _, err := client.Get(context.Background(), "/nowhere"); !errors.Is(err, linktor.ErrNotFound) {
					return err
				}
			}
		}
		return nil
	},
	"calls at once": func(url, key string, count int) error {
		client := linktor.New(key, linktor.WithBaseURL(url))
		return atOnce(count, func(number int) error {
			id := fmt.Sprintf("req-%d", number)
			response, err := client.Get(context.Background(), "/me", linktor.RequestID(id))
			if err == nil && response.RequestID != id {
				err = fmt.Errorf("%s got the answer of %s", id, response.RequestID)
			}
			return err
		})
	},
	"cancelled calls": func(url, key string, count int) error {
		client := linktor.New(key, linktor.WithBaseURL(url))
		err := atOnce(count, func(number int) error {
			// Before it is sent, in mid-call, or when it is nearly done.
			ctx, cancel := context.WithTimeout(context.Background(), rand.N(5*time.Millisecond))
			defer cancel()
			if number%4 == 0 {
				cancel()
			}
			_, err := client.Get(ctx, "/me")
			if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
				return nil
			}
			return err
		})
		if err == nil {
			_, err = client.Get(context.Background(), "/me")
		}
		return err
	},
	"failing sources": func(url, _ string, count int) error {
		source := linktor.TokenSourceFunc(func(context.Context) (linktor.Token, error) { return linktor.Token{}, errLeft })
		client, err := linktor.NewClient(linktor.WithBaseURL(url), linktor.WithTokenSource(source))
		if err != nil {
			return err
		}
		return atOnce(count, func(int) error {
			if _, err := client.Get(context.Background(), "/me"); !errors.Is(err, errLeft) {
				return fmt.Errorf("another error: %w", err)
			}
			return nil
		})
	},
	"dropped clients": func(url, key string, count int) error {
		return clients(url, key, count, func(*linktor.Client) {})
	},
	"closed clients": func(url, key string, count int) error {
		return clients(url, key, count, (*linktor.Client).Close)
	},
}

// atOnce does something often, twenty times at once.
func atOnce(count int, do func(number int) error) error {
	failures := make(chan error, 20)
	var group sync.WaitGroup
	for first := range 20 {
		group.Go(func() {
			for number := first; number < count; number += 20 {
				if err := do(number); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(failures)
	return <-failures
}

// clients makes clients, calls with a few of them, and lets them go.
func clients(url, key string, count int, letGo func(*linktor.Client)) error {
	for number := range count {
		var client *linktor.Client
		// A source that knows its client is no reason to keep it.
		source := linktor.TokenSourceFunc(func(context.Context) (linktor.Token, error) {
			return linktor.Token{Value: key}, client.Err()
		})
		client, err := linktor.NewClient(linktor.WithBaseURL(url), linktor.WithTokenSource(source))
		if err != nil {
			return err
		}
		handle := client.WithOrganization("org_1").WithCredentials(linktor.WithAPIKey(key))
		if number%10 == 0 {
			for _, one := range []*linktor.Client{client, handle} {
				if _, err := one.Get(context.Background(), "/me"); err != nil {
					return err
				}
			}
		}
		letGo(client)
		if number%100 == 0 {
			// Else the most that there is at once is left to chance, and the allocator keeps that.
			runtime.GC()
		}
	}
	return nil
}

// growth is what much work has left behind, and the most memory that it took.
type growth struct {
	standing
	Peak int
}

// runSoak does the work, at first a part of it, and says how much more there is at the end.
func runSoak(arguments []string) error {
	work := works[arguments[0]]
	count, err := strconv.Atoi(arguments[1])
	if err != nil {
		return err
	}
	url, key := arguments[2], arguments[3]
	// The allocator has what it needs only after a while.
	if err := work(url, key, max(count/10, min(count, 2000))); err != nil {
		return err
	}
	before, err := settled()
	if err != nil {
		return err
	}
	if err := work(url, key, count); err != nil {
		return err
	}
	after, err := settled()
	if err != nil {
		return err
	}
	peak, err := statusOf("VmHWM")
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(growth{standing{
		after.Threads - before.Threads, after.Kibibytes - before.Kibibytes, after.Descriptors - before.Descriptors,
		after.Goroutines - before.Goroutines,
	}, peak - before.Kibibytes})
}

// settled waits for what is no longer reachable to be freed, and connections to be closed.
func settled() (standing, error) {
	for range 5 {
		runtime.GC()
		time.Sleep(100 * time.Millisecond)
	}
	return stand()
}

func TestMuchWorkLeavesNothingBehind(t *testing.T) {
	if testing.Short() || underRace {
		t.Skip("many calls; the race detector's own memory grows")
	}
	calls := 2000
	if text := os.Getenv("LINKTOR_SOAK_CALLS"); text != "" {
		var err error
		if calls, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	for work, count := range map[string]int{
		"calls": calls, "calls at once": calls, "cancelled calls": calls, "failing sources": calls / 10,
		"dropped clients": calls / 10, "closed clients": calls / 10,
	} {
		reset(t)
		limit := time.Minute + time.Duration(calls)*10*time.Millisecond
		output, err := run(t, limit, "soak", work, strconv.Itoa(count), sandbox.BaseURLs["linktor"],
			sandbox.Credentials["linktor"]["api_key"])
		var left growth
		if err != nil || json.Unmarshal([]byte(output), &left) != nil {
			t.Errorf("%s: %v\n%s", work, err, output)
			continue
		}
		t.Logf("%d %s: %+d KiB (at most %+d), %+d threads, %+d descriptors, %+d goroutines", count, work, left.Kibibytes,
			left.Peak, left.Threads, left.Descriptors, left.Goroutines)
		if left.Kibibytes > moreKibibytes || left.Threads > moreThreads || left.Descriptors > moreDescriptors || left.Goroutines > 0 {
			t.Errorf("%s leave something behind", work)
		}
	}
}

// runDrop makes clients, drops each, and says how much memory that took at most.
func runDrop(arguments []string) error {
	count, err := strconv.Atoi(arguments[0])
	if err != nil {
		return err
	}
	before, err := statusOf("VmHWM")
	if err != nil {
		return err
	}
	for range count {
		if err := linktor.New("key-1").Err(); err != nil {
			return err
		}
	}
	after, err := statusOf("VmHWM")
	if err != nil {
		return err
	}
	fmt.Print(after - before)
	return nil
}

func TestTwentyThousandDroppedClientsTakeNoMoreMemoryThanAFewHundred(t *testing.T) {
	if testing.Short() || underRace {
		t.Skip("many clients; the race detector's own memory grows")
	}
	const clients = 20_000
	output, err := run(t, time.Minute, "drop", strconv.Itoa(clients))
	kibibytes, wrong := strconv.Atoi(output)
	if err != nil || wrong != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	t.Logf("%d clients took %d KiB at most", clients, kibibytes)
	if kibibytes > 100<<10 {
		t.Errorf("%d clients that nobody can reach took %d KiB", clients, kibibytes)
	}
}
