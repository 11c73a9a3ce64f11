package linktor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

func init() {
	programs["waiting"] = runWaiting
	programs["hog"] = func([]string) error {
		for {
			runtime.Gosched()
		}
	}
}

// standing is what a process has at some moment.
type standing struct{ Threads, Kibibytes, Descriptors, Goroutines int }

func stand() (standing, error) {
	debug.FreeOSMemory()
	threads, err := statusOf("Threads")
	if err != nil {
		return standing{}, err
	}
	kibibytes, err := statusOf("VmRSS")
	if err != nil {
		return standing{}, err
	}
	descriptors, err := os.ReadDir("/proc/self/fd")
	return standing{threads, kibibytes, len(descriptors), runtime.NumGoroutine()}, err
}

// statusOf reads a number of /proc/self/status.
func statusOf(name string) (int, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			return strconv.Atoi(strings.Fields(rest)[0])
		}
	}
	return 0, fmt.Errorf("no %s in /proc/self/status", name)
}

// bursts is how often runWaiting makes its calls: threads that a burst has started are there
// in the next, which starts others.
const bursts = 3

// waits is what many calls took that waited at once, the first time and the last.
type waits struct{ Before, First, Last, After standing }

// runWaiting makes many calls at once to a server that answers none, cancels them at once,
// and says what that took.
func runWaiting(arguments []string) error {
	url := arguments[1]
	count, err := strconv.Atoi(arguments[2])
	if err != nil {
		return err
	}
	call, err := callerOf(arguments[0], url)
	if err != nil {
		return err
	}
	if err := call(context.Background(), "/answered"); err != nil {
		return err
	}
	var took waits
	if took.Before, err = stand(); err != nil {
		return err
	}
	for i := range bursts {
		if took.Last, err = burst(call, count); err != nil {
			return err
		}
		if i == 0 {
			took.First = took.Last
		}
	}
	if err := call(context.Background(), "/answered"); err != nil {
		return err
	}
	if took.After, err = stand(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(took)
}

// burst makes calls all at once, and cancels them all at once when they wait.
func burst(call func(context.Context, string) error, count int) (during standing, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, count)
	var begun sync.WaitGroup
	begun.Add(count)
	for range count {
		go func() {
			begun.Done()
			ended <- call(ctx, "/waits")
		}()
	}
	begun.Wait()
	// They all wait once nothing new happens.
	time.Sleep(time.Second)
	if during, err = stand(); err != nil {
		return during, err
	}
	cancel()
	for range count {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			return during, fmt.Errorf("a call ended with %w", err)
		}
	}
	return during, nil
}

// callerOf gives a way to make calls.
func callerOf(library, url string) (func(context.Context, string) error, error) {
	if library == "linktor" {
		client, err := linktor.NewClient(linktor.WithAPIKey("key-1"), linktor.WithBaseURL(url),
			linktor.WithTimeout(time.Hour))
		return func(ctx context.Context, path string) error {
			_, err := client.Get(ctx, path)
			return err
		}, err
	}
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 128, MaxIdleConnsPerHost: 128}}
	return func(ctx context.Context, path string) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+path, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		_, err = io.ReadAll(response.Body)
		return err
	}, nil
}

func TestTenThousandWaitingCallsTakeFewThreads(t *testing.T) {
	if testing.Short() || underRace {
		t.Skip("10,000 calls at once, which are more goroutines than the race detector takes")
	}
	const calls = 10_000
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/waits") {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}
	}))
	defer server.Close()
	defer close(release)
	// Where there is no processor to spare, calls of C take long enough for the runtime to start
	// another thread.
	for range 2 {
		hog := exec.CommandContext(t.Context(), os.Args[0])
		hog.Env = append(os.Environ(), programVariable+"=hog", "GOMAXPROCS=1")
		if err := hog.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			_ = hog.Process.Kill()
			_ = hog.Wait()
		}()
	}
	for _, library := range []string{"linktor", "net/http"} {
		output, err := run(t, time.Minute, "waiting", library, server.URL, strconv.Itoa(calls))
		var took waits
		if err != nil || json.Unmarshal([]byte(output), &took) != nil {
			t.Errorf("%s: %v\n%s", library, err, output)
			continue
		}
		each := float64(took.First.Kibibytes-took.Before.Kibibytes) / calls
		t.Logf("%s: threads %d, %d while %d calls wait, %d after %d times; %.1f KiB each, %d KiB more after all",
			library, took.Before.Threads, took.First.Threads, calls, took.After.Threads, bursts, each,
			took.After.Kibibytes-took.Before.Kibibytes)
		if library != "linktor" {
			continue
		}
		if most := max(took.First.Threads, took.Last.Threads, took.After.Threads); most > 32 {
			t.Errorf("%d threads", most)
		}
		if took.After.Goroutines > took.Before.Goroutines {
			t.Errorf("%d goroutines are left of %d", took.After.Goroutines, took.Before.Goroutines)
		}
	}
}
