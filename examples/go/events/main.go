// Events shows what a client tells a logger: lines to read, and counts for metrics.
// Run: go run ./events
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"sync"

	"github.com/linktor/linktor-go"
	"github.com/linktor/linktor-go/linktortest"
)

// counter is a handler that counts calls, and hands all records on.
type counter struct {
	slog.Handler
	mutex   sync.Mutex
	calls   map[int64]int
	resends int64
}

func (c *counter) Handle(ctx context.Context, record slog.Record) error {
	if record.Message == "linktor: call ended" {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		record.Attrs(func(attribute slog.Attr) bool {
			switch attribute.Key {
			case "status":
				c.calls[attribute.Value.Int64()]++
			case "attempts":
				c.resends += attribute.Value.Int64() - 1
			}
			return true
		})
	}
	return c.Handler.Handle(ctx, record)
}

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	sandbox, err := linktortest.Start(ctx)
	if err != nil {
		return err
	}
	defer sandbox.Stop()
	busy := linktortest.Answer{Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After-Ms": {"100"}}}
	if err := sandbox.Script(ctx, busy); err != nil {
		return err
	}

	counts := &counter{Handler: slog.NewTextHandler(os.Stdout, nil), calls: map[int64]int{}}
	client := sandbox.Client(linktortest.Linktor, linktor.WithLogger(slog.New(counts)))
	if _, err := client.Get(ctx, "/me"); err != nil {
		return err
	}
	_, err = client.Get(ctx, "/contacts/{id}", linktor.PathParam("id", "nobody"))
	if !errors.Is(err, linktor.ErrNotFound) {
		return fmt.Errorf("nobody was found: %w", err)
	}

	fmt.Println("calls by status:", counts.calls, "sent again:", counts.resends)
	if counts.calls[200] != 1 || counts.calls[404] != 1 || counts.resends != 1 {
		return errors.New("these are not the calls that were made")
	}
	return nil
}
