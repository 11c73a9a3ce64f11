package linktor_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

// limited is an answer that names the rate limit.
func limited(limit, remaining, reset string) object {
	return object{"json": object{}, "headers": object{
		"X-RateLimit-Limit": limit, "X-RateLimit-Remaining": remaining, "X-RateLimit-Reset": reset,
	}}
}

func TestARateLimitIsTheAnswersAndTheClients(t *testing.T) {
	reset(t, limited("60", "59", "30"), object{"json": object{}})
	client := newClient(t, withKey())
	if limit, err := client.RateLimit(); limit != nil || err != nil || limit.String() != "linktor.RateLimit(nil)" {
		t.Errorf("before any answer: %v, %v", limit, err)
	}
	first, err := client.Get(t.Context(), "/me")
	if err != nil {
		t.Fatal(err)
	}
	second, err := client.Get(t.Context(), "/me")
	if err != nil || second.RateLimit != nil {
		t.Errorf("an answer that says nothing: %v, %v", err, second.RateLimit)
	}
	last, err := client.RateLimit()
	named, err2 := client.RateLimit("other")
	handles, err3 := client.WithOrganization("org_1").RateLimit("other")
	if err := errors.Join(err, err2, err3); err != nil {
		t.Fatal(err)
	}
	for what, limit := range map[string]*linktor.RateLimit{
		"answer's": first.RateLimit, "last": last, "named": named, "handle's": handles,
	} {
		if limit == nil || limit.Class != "other" || *limit.Limit != 60 || *limit.Remaining != 59 ||
			*limit.Reset > 30*time.Second || *limit.Reset < 25*time.Second {
			t.Errorf("%s: %v", what, limit)
		}
	}
	if text := first.RateLimit.String(); text != "linktor.RateLimit(other, remaining 59, limit 60, reset in 30s)" {
		t.Error(text)
	}
	if limit, err := client.RateLimit("messages"); limit != nil || err != nil {
		t.Errorf("a class without an answer: %v, %v", limit, err)
	}
}

func TestWhatARateLimitDoesNotSayIsNil(t *testing.T) {
	reset(t, object{"json": object{}, "headers": object{"X-RateLimit-Limit": "unlimited", "X-RateLimit-Remaining": "7"}},
		object{"json": object{}, "headers": object{"X-RateLimit-Limit": "18446744073709551615"}})
	client := newClient(t, withKey())
	response, err := client.Get(t.Context(), "/me")
	if err != nil {
		t.Fatal(err)
	}
	if limit := response.RateLimit; limit.Limit != nil || *limit.Remaining != 7 || limit.Reset != nil ||
		limit.String() != "linktor.RateLimit(other, remaining 7)" {
		t.Error(limit)
	}
	response, err = client.Get(t.Context(), "/me")
	if err != nil || *response.RateLimit.Limit != 1<<63-1 {
		t.Errorf("%v, %v", err, response.RateLimit)
	}
}

func TestARateLimitIsOfOneClassThatThereIs(t *testing.T) {
	client := newClient(t, withKey())
	for name, one := range map[string]struct {
		classes []string
		kind    error
	}{
		"unknown":  {[]string{"massages"}, linktor.ErrConfig},
		"empty":    {[]string{""}, linktor.ErrConfig},
		"no UTF-8": {[]string{"\xff"}, linktor.ErrInvalidRequest},
		"two":      {[]string{"messages", "other"}, linktor.ErrInvalidRequest},
	} {
		if limit, err := client.RateLimit(one.classes...); limit != nil || !errors.Is(err, one.kind) {
			t.Errorf("%s: %v, %v", name, limit, err)
		}
	}
	if _, err := client.RateLimit("massages"); !strings.Contains(err.Error(), "messages") {
		t.Error(err)
	}
	bad := linktor.New("")
	if _, err := bad.RateLimit(); err != bad.Err() {
		t.Error(err)
	}
}

func TestLimitsOfOnesOwnAreKeptTo(t *testing.T) {
	reset(t)
	client := newClient(t, withKey(), linktor.WithPacing(linktor.PacingProactive),
		linktor.WithLimits(linktor.Limit{Limit: 1, Window: time.Hour, Class: "messages"}, linktor.Limit{Limit: 3, Window: 2 * time.Hour}))
	send := func(path string) *linktor.Error {
		_, err := client.Post(t.Context(), path, linktor.JSON(object{"name": "Ada"}))
		failure, _ := errors.AsType[*linktor.Error](err)
		return failure
	}
	const messages = "/conversations/c-1/messages"
	send(messages)
	for _, one := range []struct {
		path string
		wait time.Duration
	}{{messages, time.Hour}, {"/contacts", 0}, {"/contacts", 0}, {"/contacts", 2 * time.Hour}} {
		failure := send(one.path)
		if one.wait == 0 {
			if failure != nil {
				t.Error(failure)
			}
			continue
		}
		if failure == nil || failure.Kind != linktor.KindRateLimited || failure.Attempts != 0 ||
			failure.Status != 0 || failure.Sent != linktor.SentNo || failure.RetryAfter > one.wait || failure.RetryAfter < one.wait-time.Minute {
			t.Errorf("%s: %+v", one.path, failure)
		}
	}
	if seen := journal(t); len(seen) != 3 {
		t.Errorf("%+v", seen)
	}
}
