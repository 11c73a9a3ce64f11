package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	linktor "github.com/linktor/linktor-go"
)

const (
	waitingCalls = 10_000
	// waitCommand has this program wait as one client, in a process of its own.
	waitCommand = "wait"
)

// waiters are clients that the calls wait in: in a queue for as few connections as the SDK
// makes unless it is told otherwise, or each on a connection.
var waiters = []struct {
	client      string
	connections int
	open        func(url string) peer
}{
	{sdk, 128, func(url string) peer { return ours(url) }},
	{tuned, 128, func(url string) peer {
		transport := tunedTransport(128)
		transport.MaxConnsPerHost = 128
		return netHTTP(url, transport)
	}},
	{sdk, waitingCalls, func(url string) peer { return ours(url, linktor.WithMaxConnections(waitingCalls)) }},
	{tuned, waitingCalls, func(url string) peer { return netHTTP(url, tunedTransport(waitingCalls)) }},
}

// held is what a process had for calls that wait; memory is resident and in KiB.
type held struct{ Before, Waiting, Highest, Threads int }

// memory measures what calls hold that wait for their answers, each client in processes of
// its own.
func memory(server string, rounds int, descriptors uint64) error {
	return withServer(server, func(url string) error {
		for _, connections := range []int{128, waitingCalls} {
			if descriptors < uint64(connections)+100 {
				fmt.Printf("\n%d connections need more than the %d descriptors allowed\n", connections, descriptors)
				continue
			}
			var runs []run[held]
			for i, waiter := range waiters {
				if waiter.connections == connections {
					runs = append(runs, run[held]{waiter.client, func() (held, error) { return heldBy(i, url) }})
				}
			}
			measured, err := interleaved(rounds, runs)
			if err != nil {
				return err
			}
			tellMemory(connections, measured)
		}
		return nil
	})
}

func tellMemory(connections int, measured map[string][]held) {
	kib := each(measured, func(h held) float64 { return float64(h.Waiting-h.Before) / waitingCalls })
	highest := each(measured, func(h held) float64 { return float64(h.Highest) / 1024 })
	threads := each(measured, func(h held) float64 { return float64(h.Threads) })
	told := func(name string) string {
		return fmt.Sprintf("%.1f KiB each, highest %.0f MiB, at most %.0f threads",
			median(kib[name]), median(highest[name]), slices.Max(threads[name]))
	}
	table(
		fmt.Sprintf("memory of %d calls that wait, %d connections: %s (target 32)",
			waitingCalls, connections, told(sdk)),
		[]row{{name: tuned, ratios: ratios(kib[sdk], kib[tuned]), told: told(tuned)}},
	)
}

func heldBy(waiter int, url string) (held, error) {
	program, err := os.Executable()
	if err != nil {
		return held{}, err
	}
	waiting := exec.Command(program, waitCommand, strconv.Itoa(waiter), url)
	waiting.Stderr = os.Stderr
	told, err := waiting.Output()
	if err != nil {
		return held{}, err
	}
	var had held
	return had, json.Unmarshal(told, &had)
}

// wait is the process of one of the waiters: it writes what it held.
func wait(waiter, url string) error {
	index, err := strconv.Atoi(waiter)
	if err != nil {
		return err
	}
	had, err := waitIn(waiters[index].open(url), waiters[index].connections)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(had)
}

func waitIn(call peer, connections int) (held, error) {
	// What a first call brings is no cost of those that follow.
	if err := call(context.Background(), "/contacts"); err != nil {
		return held{}, err
	}
	debug.FreeOSMemory()
	had := held{Before: status("VmRSS")}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, waitingCalls)
	var calls sync.WaitGroup
	for range waitingCalls {
		calls.Go(func() { ended <- call(ctx, "/contacts?delay_ms=600000") })
	}
	settle()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return held{}, err
	}
	if len(open) < connections {
		return held{}, fmt.Errorf("there are %d descriptors for %d connections", len(open), connections)
	}
	debug.FreeOSMemory()
	had.Waiting, had.Highest = status("VmRSS"), status("VmHWM")
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
	number, _, _ := strings.Cut(field("/proc/self/status", name), " ")
	value, _ := strconv.Atoi(number)
	return value
}
