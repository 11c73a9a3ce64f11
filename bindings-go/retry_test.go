package linktor_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

// unavailable is a 503 that says when to come again.
func unavailable(wait string) object {
	return object{"status": 503, "json": object{}, "headers": object{"retry-after-ms": wait}}
}

func TestAResponseSaysHowLongItsCallWaited(t *testing.T) {
	reset(t, unavailable("60"), object{"json": object{}}, object{"json": object{}})
	client := newClient(t, withKey())
	response, err := client.Get(t.Context(), "/me")
	if err != nil || response.Attempts != 2 || response.Waited < 60*time.Millisecond || response.Waited > time.Second {
		t.Errorf("%v, %+v, %v", err, response, response.Waited)
	}
	if response, err := client.Get(t.Context(), "/me"); err != nil || response.Waited != 0 {
		t.Errorf("%v, %v", err, response.Waited)
	}
}

func TestAnErrorSaysHowLongItsCallWaited(t *testing.T) {
	reset(t, unavailable("60"), object{"status": 404, "json": object{}}, unavailable("60"), object{"body": "<html>"})
	client := newClient(t, withKey())
	_, err := client.Get(t.Context(), "/me")
	check := func(what string, err error, kind error) {
		failure, ok := errors.AsType[*linktor.Error](err)
		if !ok || !errors.Is(err, kind) || failure.Attempts != 2 || failure.Waited < 60*time.Millisecond ||
			failure.Waited > time.Second {
			t.Errorf("%s: %+v", what, failure)
		}
	}
	check("a server's", err, linktor.ErrNotFound)

	response, err := client.Get(t.Context(), "/me")
	if err != nil {
		t.Fatal(err)
	}
	var v object
	check("a body's", response.Decode(&v), linktor.ErrDecode)
	check("a payload's", response.Data(&v), linktor.ErrDecode)
}

func TestRetriesAreTheRequestsOrElseTheClients(t *testing.T) {
	for name, one := range map[string]struct {
		option   linktor.Option
		request  linktor.Request
		attempts int
	}{
		"default":                 {nil, linktor.Request{Method: http.MethodGet}, 4},
		"client's":                {linktor.WithMaxRetries(1), linktor.Request{Method: http.MethodGet}, 2},
		"request's":               {linktor.WithMaxRetries(1), linktor.Request{Method: http.MethodGet, MaxRetries: new(2)}, 3},
		"request's, none":         {nil, linktor.Request{Method: http.MethodGet, MaxRetries: new(0)}, 1},
		"budget, none":            {linktor.WithRetryBudget(0), linktor.Request{Method: http.MethodGet}, 1},
		"budget for one":          {linktor.WithRetryBudget(14), linktor.Request{Method: http.MethodGet}, 2},
		"no hint is waited for":   {linktor.WithMaxRetryWait(0), linktor.Request{Method: http.MethodGet}, 1},
		"nor by the request":      {nil, linktor.Request{Method: http.MethodGet, MaxRetryWait: new(time.Duration(0))}, 1},
		"not idempotent":          {nil, linktor.Request{Method: http.MethodPost}, 1},
		"said to be idempotent":   {nil, linktor.Request{Method: http.MethodPost, Idempotent: new(true)}, 4},
		"said not to be":          {nil, linktor.Request{Method: http.MethodGet, Idempotent: new(false)}, 1},
		"with an idempotency key": {nil, linktor.Request{Method: http.MethodPost, IdempotencyKey: "key-1"}, 4},
		"said not to be, key aside": {
			nil, linktor.Request{Method: http.MethodPost, IdempotencyKey: "key-1", Idempotent: new(false)}, 1,
		},
	} {
		reset(t, unavailable("1"), unavailable("1"), unavailable("1"), unavailable("1"), unavailable("1"))
		one.request.Path = "/me"
		_, err := newClient(t, withKey(), one.option).Do(t.Context(), &one.request)
		failure, ok := errors.AsType[*linktor.Error](err)
		if seen := journal(t); !ok || failure.Kind != linktor.KindServer || failure.Attempts != one.attempts ||
			len(seen) != one.attempts {
			t.Errorf("%s: %d requests, %v", name, len(seen), err)
		}
	}
}

func TestAnIdempotencyKeyIsSentWithEveryAttempt(t *testing.T) {
	reset(t, unavailable("1"), object{"json": object{}})
	_, err := newClient(t, withKey()).Post(t.Context(), "/contacts", linktor.IdempotencyKey("key-1"))
	if seen := journal(t); err != nil || len(seen) != 2 || seen[0].header("idempotency-key") != "key-1" ||
		seen[1].header("idempotency-key") != "key-1" {
		t.Errorf("%v, %+v", err, seen)
	}
}

func TestAHintBeyondTheContextsDeadlineIsTheServersErrorAtOnce(t *testing.T) {
	reset(t, object{"status": 429, "json": object{}, "headers": object{"Retry-After": "30"}})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	start := time.Now()
	_, err := newClient(t, withKey()).Get(ctx, "/me")
	failure, ok := errors.AsType[*linktor.Error](err)
	if !ok || failure.Kind != linktor.KindRateLimited || failure.RetryAfter != 30*time.Second || failure.Waited != 0 {
		t.Errorf("%+v", failure)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestOptionsOfRetriesAndLimitsAreChecked(t *testing.T) {
	for name, option := range map[string]linktor.Option{
		"fewer than 0 retries":  linktor.WithMaxRetries(-1),
		"a wait below 0":        linktor.WithMaxRetryWait(-time.Second),
		"a budget below 0":      linktor.WithRetryBudget(-1),
		"a pacing of no name":   linktor.WithPacing(""),
		"an unknown pacing":     linktor.WithPacing("eager"),
		"a pacing not in UTF-8": linktor.WithPacing("\xff"),
		"no limits":             linktor.WithLimits(),
		"a limit of 0":          linktor.WithLimits(linktor.Limit{Window: time.Second}),
		"a limit below 0":       linktor.WithLimits(linktor.Limit{Limit: -1, Window: time.Second}),
		"a window of 0":         linktor.WithLimits(linktor.Limit{Limit: 1}),
		"an unknown class":      linktor.WithLimits(linktor.Limit{Limit: 1, Window: time.Second, Class: "massages"}),
		"a class not in UTF-8":  linktor.WithLimits(linktor.Limit{Limit: 1, Window: time.Second, Class: "\xff"}),
		"an unknown tier":       linktor.WithLimitTier("gold"),
		"a tier of no name":     linktor.WithLimitTier(""),
		"a tier not in UTF-8":   linktor.WithLimitTier("\xff"),
	} {
		if _, err := linktor.NewClient(withKey(), option); !errors.Is(err, linktor.ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := linktor.NewClient(withKey(), linktor.WithMaxRetries(0), linktor.WithMaxRetryWait(0),
		linktor.WithRetryBudget(0), linktor.WithPacing(linktor.PacingProactive), linktor.WithLimitTier("published")); err != nil {
		t.Error(err)
	}
	if _, err := linktor.NewClient(withKey(), linktor.WithMaxRetries(math.MaxInt), linktor.WithRetryBudget(math.MaxInt)); err != nil {
		t.Error(err)
	}
}

func TestARequestsRetriesAreCheckedBeforeItIsSent(t *testing.T) {
	reset(t, object{"json": object{}})
	client := newClient(t, withKey())
	_, err := client.Get(t.Context(), "/me", linktor.MaxRetries(-1))
	if !errors.Is(err, linktor.ErrConfig) || !strings.Contains(err.Error(), "max_retries") || len(journal(t)) != 0 {
		t.Error(err)
	}
	if _, err := client.Get(t.Context(), "/me", linktor.MaxRetries(math.MaxInt)); err != nil {
		t.Error(err)
	}
}
