// Command bench compares calls through the client with net/http, in one
// interleaved run against the same sandbox.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	linktor "github.com/linktor/linktor-go"
)

const (
	rounds = 9
	calls  = 4000
)

type answer struct {
	Success bool `json:"success"`
}

func main() {
	sandbox := exec.Command(os.Getenv("LINKTOR_SANDBOX"))
	stdin, err := sandbox.StdinPipe()
	check(err)
	stdout, err := sandbox.StdoutPipe()
	check(err)
	check(sandbox.Start())
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	check(err)
	var ready struct {
		BaseURLs    map[string]string            `json:"base_urls"`
		Credentials map[string]map[string]string `json:"credentials"`
	}
	check(json.Unmarshal(line, &ready))
	base, key := ready.BaseURLs["linktor"], ready.Credentials["linktor"]["api_key"]

	client := linktor.New(key, linktor.WithBaseURL(base))
	ctx := context.Background()
	ours := func() {
		response, err := client.Get(ctx, "/me")
		check(err)
		var body answer
		check(response.Decode(&body))
	}
	peer := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 128}}
	theirs := func() {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/me", nil)
		check(err)
		request.Header.Set("Authorization", "Bearer "+key)
		response, err := peer.Do(request)
		check(err)
		bytes, err := io.ReadAll(response.Body)
		check(err)
		check(response.Body.Close())
		var body answer
		check(json.Unmarshal(bytes, &body))
	}

	for _, concurrency := range []int{1, 32} {
		var own, other, ratios []float64
		for round := range rounds + 1 {
			a, b := rate(concurrency, ours), rate(concurrency, theirs)
			// The first round warms up.
			if round > 0 {
				own, other, ratios = append(own, a), append(other, b), append(ratios, a/b)
			}
		}
		fmt.Printf("go      at %2d  linktor %.0f/s  net/http %.0f/s  ratio %.2f (%.2f to %.2f)\n",
			concurrency, median(own), median(other), median(ratios), slices.Min(ratios), slices.Max(ratios))
	}
	client.Close()
	check(stdin.Close())
	check(sandbox.Wait())
}

func rate(concurrency int, call func()) float64 {
	started := time.Now()
	var group sync.WaitGroup
	for range concurrency {
		group.Add(1)
		go func() {
			defer group.Done()
			for range calls / concurrency {
				call()
			}
		}()
	}
	group.Wait()
	return float64(calls/concurrency*concurrency) / time.Since(started).Seconds()
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
