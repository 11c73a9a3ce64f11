package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"
)

// held is what the process had for calls that wait; memory is resident.
type held struct {
	BeforeKiB  int `json:"before_kib"`
	WaitingKiB int `json:"waiting_kib"`
	Threads    int `json:"threads"`
}

// waiting measures what calls hold that wait for their answers, or for a connection.
func waiting(call call, count int) (held, error) {
	// What a first call brings is no cost of those that follow.
	if err := call(context.Background(), "/contacts"); err != nil {
		return held{}, err
	}
	debug.FreeOSMemory()
	had := held{BeforeKiB: status("VmRSS")}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, count)
	var calls sync.WaitGroup
	for range count {
		calls.Go(func() { ended <- call(ctx, "/contacts?delay_ms=600000") })
	}
	settle()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return held{}, err
	}
	if least := min(count, connections); len(open) < least {
		return held{}, fmt.Errorf("there are %d descriptors for %d connections", len(open), least)
	}
	debug.FreeOSMemory()
	had.WaitingKiB = status("VmRSS")
	cancel()
	calls.Wait()
	// Go gives no thread back: these are all that there were, to cancel the calls too.
	had.Threads = status("Threads")
	close(ended)
	for end := range ended {
		if !errors.Is(end, context.Canceled) {
			return held{}, fmt.Errorf("a call did not wait: %w", end)
		}
	}
	return had, nil
}

// settle waits until resident memory has not moved by a hundredth for two seconds.
func settle() {
	const still = 2 * time.Second
	last, since := status("VmRSS"), time.Now()
	for time.Since(since) < still {
		time.Sleep(still / 20)
		if now := status("VmRSS"); 100*max(now-last, last-now) > last {
			last, since = now, time.Now()
		}
	}
}

// status is a number that the kernel has of this process; of memory, in KiB.
func status(name string) int {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		if key, value, _ := strings.Cut(line, ":"); key == name {
			number, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
			return number
		}
	}
	return 0
}
