package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/go-resty/resty/v2"
	"github.com/hashicorp/go-retryablehttp"
	linktor "github.com/linktor/linktor-go"
)

const (
	key = "lk_invented_0123456789"
	// callers is the most that call at once, and how many idle connections a tuned
	// transport keeps.
	callers = 2000
	// connections are those of the SDK unless it is told otherwise; further calls wait.
	connections = 128
)

// clients are as their users make them; all but net/http as it comes keep their connections.
var clients = map[string]func(url string) client{
	"linktor":          ours,
	"net/http":         func(url string) client { return netHTTP(url, http.DefaultTransport) },
	"net/http, tuned":  func(url string) client { return netHTTP(url, tunedTransport()) },
	"net/http, 128":    func(url string) client { return netHTTP(url, limitedTransport()) },
	"resty":            restyClient,
	"go-retryablehttp": retryableHTTP,
	"crypto/hmac":      func(string) client { return client{verifier: byHand} },
}

// client is what is measured of a module, or without one of Go's own.
type client struct {
	module   string
	call     call
	verifier func() (verify, error)
}

// call decodes its JSON, as users of a client write it.
type call func(ctx context.Context, path string) error

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

func (c *contacts) check() error {
	if !c.Success || len(c.Data.Contacts) != c.Data.Total {
		return errors.New("not a success")
	}
	return nil
}

func ours(url string) client {
	sdk := linktor.New(key, linktor.WithBaseURL(url))
	get := func(ctx context.Context, path string) error {
		response, err := sdk.Get(ctx, path)
		if err != nil {
			return err
		}
		var answer contacts
		if err := response.Decode(&answer); err != nil {
			return err
		}
		return answer.check()
	}
	return client{module: "github.com/linktor/linktor-go", call: get, verifier: kept}
}

func netHTTP(url string, transport http.RoundTripper) client {
	caller := &http.Client{Transport: transport}
	return client{call: func(ctx context.Context, path string) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+path, nil)
		if err != nil {
			return err
		}
		prepare(request.Header)
		response, err := caller.Do(request)
		if err != nil {
			return err
		}
		return decode(response)
	}}
}

func restyClient(url string) client {
	caller := resty.New().SetTransport(tunedTransport()).SetBaseURL(url).SetAuthToken(key).
		SetHeader("Accept", "application/json")
	get := func(ctx context.Context, path string) error {
		var answer contacts
		response, err := caller.R().SetContext(ctx).SetResult(&answer).Get(path)
		if err != nil {
			return err
		}
		if response.StatusCode() != http.StatusOK {
			return fmt.Errorf("HTTP %d", response.StatusCode())
		}
		return answer.check()
	}
	return client{module: "github.com/go-resty/resty/v2", call: get}
}

func retryableHTTP(url string) client {
	caller := retryablehttp.NewClient()
	caller.Logger = nil
	tune(caller.HTTPClient.Transport.(*http.Transport))
	get := func(ctx context.Context, path string) error {
		request, err := retryablehttp.NewRequestWithContext(ctx, http.MethodGet, url+path, nil)
		if err != nil {
			return err
		}
		prepare(request.Header)
		response, err := caller.Do(request)
		if err != nil {
			return err
		}
		return decode(response)
	}
	return client{module: "github.com/hashicorp/go-retryablehttp", call: get}
}

func prepare(header http.Header) {
	header.Set("Authorization", "Bearer "+key)
	header.Set("Accept", "application/json")
}

func decode(response *http.Response) error {
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
	return answer.check()
}

// tunedTransport keeps a connection for each that calls at once; the default keeps two.
func tunedTransport() *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	tune(transport)
	return transport
}

func tune(transport *http.Transport) {
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = callers, callers
}

func limitedTransport() *http.Transport {
	transport := tunedTransport()
	transport.MaxConnsPerHost = connections
	return transport
}
