package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	linktor "github.com/linktor/linktor-go"
)

const (
	key = "lk_invented_0123456789"
	// callers is the most that call at once, and how many idle connections a tuned
	// transport keeps.
	callers = 2000
)

// contacts is the bench-server's answer.
type contacts struct {
	Success bool `json:"success"`
	Data    struct {
		Contacts []struct {
			ID           string         `json:"id"`
			Name         string         `json:"name"`
			Email        string         `json:"email"`
			Phone        string         `json:"phone"`
			Tags         []string       `json:"tags"`
			CustomFields map[string]any `json:"custom_fields"`
			IsBlocked    bool           `json:"is_blocked"`
			LastSeen     *time.Time     `json:"last_seen"`
		} `json:"contacts"`
		Total int `json:"total"`
		Page  int `json:"page"`
	} `json:"data"`
}

var errNoSuccess = errors.New("not a success")

// peer makes a call and decodes its JSON, as users of a client write it.
type peer func(ctx context.Context, path string) error

func ours(url string, options ...linktor.Option) peer {
	client := linktor.New(key, append(options, linktor.WithBaseURL(url))...)
	return func(ctx context.Context, path string) error {
		response, err := client.Get(ctx, path)
		if err != nil {
			return err
		}
		var answer contacts
		if err := response.Decode(&answer); err != nil {
			return err
		}
		return succeeded(&answer)
	}
}

func netHTTP(url string, transport *http.Transport) peer {
	client := &http.Client{Transport: transport}
	return func(ctx context.Context, path string) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+path, nil)
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+key)
		request.Header.Set("Accept", "application/json")
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return err
		}
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("HTTP %d", response.StatusCode)
		}
		var answer contacts
		if err := json.Unmarshal(body, &answer); err != nil {
			return err
		}
		return succeeded(&answer)
	}
}

func defaultTransport() *http.Transport {
	return http.DefaultTransport.(*http.Transport).Clone()
}

// tunedTransport keeps a connection for each that calls at once; the default keeps two.
func tunedTransport(connections int) *http.Transport {
	transport := defaultTransport()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = connections, connections
	return transport
}

func succeeded(answer *contacts) error {
	if !answer.Success || len(answer.Data.Contacts) != answer.Data.Total {
		return errNoSuccess
	}
	return nil
}

// made makes count calls, so many of them at a time, and gives the first error.
func made(call peer, count, concurrency int) error {
	var left atomic.Int64
	left.Store(int64(count))
	failures := make(chan error, concurrency)
	var workers sync.WaitGroup
	for range concurrency {
		workers.Go(func() {
			for left.Add(-1) >= 0 {
				if err := call(context.Background(), "/contacts"); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	workers.Wait()
	close(failures)
	return <-failures
}
