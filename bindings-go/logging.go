package linktor

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"

	"github.com/linktor/linktor-go/internal/ffi"
)

// WithLogger tells a logger what the client and its handles do: calls that end, and waits that
// begin, at [slog.LevelInfo], all else of a call at Debug, what is in danger at Warn. Default:
// the warnings alone, to [slog.Default].
//
// The attributes are what is known of: provider, method, path (without its query), request_id,
// attempt, attempts, status, error (the kind), reason (of a wait: rate_limit, retry_after or
// backoff), expected and elapsed. No credential, query or body is in them; a warning's cause
// is what your own function failed with.
//
// What happens in a call is logged by its goroutine, with its context, before it returns; so a
// handler that blocks holds up this call and no other. Logins and renewals are calls of their
// own, which no goroutine of yours makes. A handler that panics disturbs no call, and
// [slog.Default] is told of it, once. A logger that is not enabled costs nothing; one that is
// enabled later hears of the calls that begin then.
func WithLogger(logger *slog.Logger) Option {
	return func(s *settings) {
		if logger == nil {
			s.refuse("the logger is nil")
			return
		}
		s.logger = slog.New(&contained{Handler: logger.Handler()})
	}
}

// contained is a handler whose panics disturb nobody.
type contained struct {
	slog.Handler
	told sync.Once
}

func (c *contained) Enabled(ctx context.Context, level slog.Level) (is bool) {
	defer c.survive(ctx)
	return c.Handler.Enabled(ctx, level)
}

func (c *contained) Handle(ctx context.Context, record slog.Record) (err error) {
	defer c.survive(ctx)
	return c.Handler.Handle(ctx, record)
}

func (c *contained) survive(ctx context.Context) {
	panicked := recover()
	if panicked == nil {
		return
	}
	err := panicError("the logger", panicked)
	c.told.Do(func() {
		// It may be the same handler that panics again.
		defer func() { _ = recover() }()
		slog.Default().LogAttrs(ctx, slog.LevelWarn,
			"linktor: the logger panicked, and calls go on; it is not told again", slog.Any("cause", err))
	})
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
		if logger := c.loggerOrDefault(); logger.Enabled(ctx, message.level) {
			logger.LogAttrs(ctx, message.level, message.text, event.attributes()...)
		}
	}
}

// loggerOrDefault is what hears of warnings at least.
func (c *Client) loggerOrDefault() *slog.Logger {
	if c.logger != nil {
		return c.logger
	}
	return slog.New(&contained{Handler: slog.Default().Handler()})
}

func (c *Client) warnOfLock(err error) {
	c.loggerOrDefault().LogAttrs(context.Background(), slog.LevelWarn, "linktor: a lock of the token store could not be ended",
		slog.String("provider", c.provider), slog.Any("cause", err))
}

func (e *eventRecord) attributes() []slog.Attr {
	attributes := make([]slog.Attr, 1, 8)
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

// listen has all events come up from here on, if the logger wants calls.
func (c *Client) listen(ctx context.Context) {
	if c.logger == nil || c.isLogged.Load() || !c.logger.Enabled(ctx, slog.LevelInfo) {
		return
	}
	// Twice is as good as once. It fails only by a defect, and then calls do, too.
	_ = c.handle.Log(true)
	c.isLogged.Store(true)
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
	client := p.clients[item.Client].Value()
	if client != nil {
		p.hold(client, item.Record)
	}
	p.mutex.Unlock()
	if client != nil {
		p.unattended.log(client, item.Record)
	}
}

// hold keeps a client while a session is renewed that its store is to keep: a refresh token
// may be used up, and the new one would be lost with the client.
func (p *port) hold(client *Client, record string) {
	switch {
	case strings.HasPrefix(record, `{"event":"session_renewing"`):
		p.renewing[client]++
	case strings.HasPrefix(record, `{"event":"session_renewed"`):
		if p.renewing[client]--; p.renewing[client] <= 0 {
			delete(p.renewing, client)
		}
	}
}

// unattended are events of no call that somebody waits for: each client's are logged in their
// order, one after the other.
type unattended struct {
	mutex sync.Mutex
	// behind are those behind the one that is being logged.
	behind map[*Client][]string
}

func (u *unattended) log(client *Client, record string) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if behind, isBusy := u.behind[client]; isBusy {
		u.behind[client] = append(behind, record)
		return
	}
	if u.behind == nil {
		u.behind = map[*Client][]string{}
	}
	u.behind[client] = nil
	go u.run(client, record)
}

// run logs an event, and has the next one logged, also where a handler ends its goroutine.
func (u *unattended) run(client *Client, record string) {
	defer u.next(client)
	client.log(context.Background(), record)
}

func (u *unattended) next(client *Client) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	behind := u.behind[client]
	if len(behind) == 0 {
		delete(u.behind, client)
		return
	}
	u.behind[client] = behind[1:]
	go u.run(client, behind[0])
}
