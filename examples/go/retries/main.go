// Retries shows what is tried again and what is not, how long it takes at most, what an error
// tells, and what is left of a limit. Run: go run ./retries
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/linktortest"
)

var (
	busy = linktortest.Answer{Status: http.StatusServiceUnavailable}
	slow = linktortest.Answer{Pass: true, Delay: 10 * time.Second}
)

func main() {
	ctx := context.Background()
	sandbox, err := linktortest.Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	client := sandbox.Client(linktortest.Linktor, linktor.WithMaxRetries(2), linktor.WithMaxRetryWait(10*time.Second))
	err = errors.Join(again(ctx, sandbox, client), limits(ctx, sandbox, client))
	sandbox.Stop()
	if err != nil {
		log.Fatal(err)
	}
}

// again shows what is sent again.
func again(ctx context.Context, sandbox *linktortest.Sandbox, client *linktor.Client) error {
	_, err := client.Get(ctx, "/contacts/{id}", linktor.PathParam("id", "nobody"))
	missing, ok := errors.AsType[*linktor.Error](err)
	if !ok || !errors.Is(err, linktor.ErrNotFound) {
		return fmt.Errorf("nobody was found: %w", err)
	}
	fmt.Printf("%s: status %d, code %s, request %s\n", missing.Kind, missing.Status, missing.Code, missing.RequestID)

	if err := sandbox.Script(ctx, busy, busy); err != nil {
		return err
	}
	response, err := client.Get(ctx, "/me")
	if err != nil {
		return err
	}
	fmt.Printf("a GET that met two 503: %d attempts, %v of waiting\n", response.Attempts, response.Waited.Round(time.Millisecond))

	// A POST may have acted, so it is sent again only if that does no harm.
	if err := sandbox.Script(ctx, busy, busy); err != nil {
		return err
	}
	contact := linktor.JSON(map[string]string{"name": "Ada"})
	_, err = client.Post(ctx, "/contacts", contact)
	refused, ok := errors.AsType[*linktor.Error](err)
	if !ok || !errors.Is(err, linktor.ErrServer) {
		return fmt.Errorf("the 503 was not told: %w", err)
	}
	fmt.Printf("a POST that met one: %d attempt; has the server acted? %s\n", refused.Attempts, refused.Sent)
	response, err = client.Post(ctx, "/contacts", contact, linktor.IdempotencyKey("contact-ada-1"))
	if err != nil {
		return err
	}
	fmt.Printf("the same with an idempotency key: %d attempts\n", response.Attempts)
	if refused.Attempts != 1 || response.Attempts != 2 {
		return errors.New("a POST is sent again only with a key")
	}
	return nil
}

// limits shows how long a call takes at most, and what is left of a rate limit.
func limits(ctx context.Context, sandbox *linktortest.Sandbox, client *linktor.Client) error {
	if _, err := client.Get(ctx, "/me"); err != nil {
		return err
	}
	left, err := client.RateLimit()
	if err != nil {
		return err
	}
	fmt.Println("what is left of the limit:", left)

	if err := sandbox.Script(ctx, slow, slow); err != nil {
		return err
	}
	_, err = client.Get(ctx, "/me", linktor.Deadline(500*time.Millisecond))
	if !errors.Is(err, linktor.ErrTimeout) {
		return fmt.Errorf("the deadline did not strike: %w", err)
	}
	fmt.Println(err)

	// A context ends a call at once, wherever it is.
	limited, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	_, err = client.Get(limited, "/me")
	if !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("the context did not count: %w", err)
	}
	fmt.Println(err)

	// What the server asks for is waited for, but never past the deadline or for longer than
	// WithMaxRetryWait.
	limit := linktortest.Answer{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"20"}}}
	if err := sandbox.Script(ctx, limit); err != nil {
		return err
	}
	_, err = client.Get(ctx, "/me")
	told, ok := errors.AsType[*linktor.Error](err)
	if !ok || !errors.Is(err, linktor.ErrRateLimited) {
		return fmt.Errorf("nobody was told to wait: %w", err)
	}
	fmt.Println("too many requests: come back in", told.RetryAfter)
	return nil
}
