package linktor

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"

	"github.com/linktor/linktor-go/internal/ffi"
)

// WithLogger tells a logger what the client and its handles do: calls and waits at
// [slog.LevelInfo], their parts at Debug, tokens in danger at Warn. Default: the warnings
// alone, to [slog.Default].
//
// The attributes are what is known of: provider, method, path (without its query), request_id,
// attempt, attempts, status, error (the kind), reason (of a wait: rate_limit, retry_after or
// backoff), expected and elapsed. No credential, query or body is in them. What is told of a
// call is logged by its goroutine, with its context.
func WithLogger(logger *slog.Logger) Option {
	return func(s *settings) {
		if logger == nil {
			s.refuse("the logger is nil")
		}
		s.logger = logger
	}
}

// eventRecord is an event as it crosses from the core.
type eventRecord struct {
	Event     string   `json:"event"`
	Provider  string   `json:"provider"`
	Method    string   `json:"method"`
	Path      string   `json:"path"`
	RequestID string   `json:"request_id"`
	Attempt   int      `json:"attempt"`
	Attempts  *int     `json:"attempts"`
	Status    int      `json:"status"`
	Error     string   `json:"error"`
	Reason    string   `json:"reason"`
	Expected  *float64 `json:"expected"`
	Elapsed   *float64 `json:"elapsed"`
}

var messages = map[string]struct {
	level slog.Level
	text  string
}{
	"call_started":         {slog.LevelDebug, "linktor: call started"},
	"call_ended":           {slog.LevelInfo, "linktor: call ended"},
	"attempt_started":      {slog.LevelDebug, "linktor: attempt started"},
	"attempt_ended":        {slog.LevelDebug, "linktor: attempt ended"},
	"wait_started":         {slog.LevelInfo, "linktor: wait started"},
	"wait_ended":           {slog.LevelDebug, "linktor: wait ended"},
	"renewal_started":      {slog.LevelDebug, "linktor: renewal started"},
	"renewal_ended":        {slog.LevelDebug, "linktor: renewal ended"},
	"tokens_unsaved":       {slog.LevelWarn, "linktor: calls go on with tokens that the token store could not save"},
	"token_store_unlocked": {slog.LevelWarn, "linktor: the token store has no locks: two processes may renew the same session"},
}

// log writes an event as it crosses.
func (c *Client) log(ctx context.Context, record string) {
	var event eventRecord
	if err := json.Unmarshal([]byte(record), &event); err != nil {
		return
	}
	if message, isKnown := messages[event.Event]; isKnown {
		c.say(ctx, message.level, message.text, event.attributes()...)
	}
}

// say logs something. A handler that panics disturbs no call.
func (c *Client) say(ctx context.Context, level slog.Level, message string, attributes ...slog.Attr) {
	defer func() { _ = recover() }()
	logger := c.logger
	if logger == nil {
		logger = slog.Default()
	}
	logger.LogAttrs(ctx, level, message, attributes...)
}

func (c *Client) warnOfLock(err error) {
	c.say(context.Background(), slog.LevelWarn, "linktor: a lock of the token store could not be ended", slog.Any("error", err))
}

func (e *eventRecord) attributes() []slog.Attr {
	attributes := make([]slog.Attr, 1, 9)
	attributes[0] = slog.String("provider", e.Provider)
	text := func(name, value string) {
		if value != "" {
			attributes = append(attributes, slog.String(name, value))
		}
	}
	text("method", e.Method)
	text("path", e.Path)
	text("request_id", e.RequestID)
	if e.Attempt != 0 {
		attributes = append(attributes, slog.Int("attempt", e.Attempt))
	}
	if e.Attempts != nil {
		attributes = append(attributes, slog.Int("attempts", *e.Attempts))
	}
	if e.Status != 0 {
		attributes = append(attributes, slog.Int("status", e.Status))
	}
	text("error", e.Error)
	text("reason", e.Reason)
	if e.Expected != nil {
		attributes = append(attributes, slog.Duration("expected", duration(*e.Expected)))
	}
	if e.Elapsed != nil {
		attributes = append(attributes, slog.Duration("elapsed", duration(*e.Elapsed)))
	}
	return attributes
}

// listen has all events come up once the logger wants calls.
func (c *Client) listen(ctx context.Context) {
	if c.logger == nil || c.isLogged.Load() || !c.logger.Enabled(ctx, slog.LevelInfo) {
		return
	}
	if !c.isLogged.Swap(true) {
		// It fails only by a defect, and then calls do, too.
		_ = c.handle.Log(true)
	}
}

// tell hands an event to the goroutine of its call, or to one that logs what is of none.
func (p *port) tell(item *ffi.Item) {
	p.mutex.Lock()
	if w := p.calls[item.Call]; w != nil {
		w.told = append(w.told, item.Record)
		w.wake()
		p.mutex.Unlock()
		return
	}
	p.mutex.Unlock()
	if client := p.client(item.Client); client != nil {
		p.unattended.log(client, item.Record)
	}
}

// unattended are events of no call that somebody waits for, logged in their order.
type unattended struct {
	mutex  sync.Mutex
	events []func()
}

func (u *unattended) log(client *Client, record string) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	u.events = append(u.events, func() { client.log(context.Background(), record) })
	if len(u.events) == 1 {
		go u.run()
	}
}

func (u *unattended) run() {
	for {
		u.mutex.Lock()
		event := u.events[0]
		u.mutex.Unlock()
		event()
		u.mutex.Lock()
		u.events = u.events[1:]
		isEmpty := len(u.events) == 0
		u.mutex.Unlock()
		if isEmpty {
			return
		}
	}
}
