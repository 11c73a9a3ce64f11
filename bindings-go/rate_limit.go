package linktor

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"time"
)

// Pacing says whether requests wait for a rate limit before they meet it.
type Pacing string

// The values of Pacing.
const (
	// PacingReactive obeys what the server has said: where it named no room until its reset,
	// requests queue for it, and after a 429 all wait for its hint.
	PacingReactive Pacing = "reactive"
	// PacingProactive besides never sends more than the limits that it knows in any window,
	// so that a process that is alone with its credential meets no 429: see [WithLimits].
	PacingProactive Pacing = "proactive"
	// PacingOff sends at once. Each call waits for its own 429s.
	PacingOff Pacing = "off"
)

// Limit is so many requests in a window of time. As JSON, as it stands in a [Provider], it is
// {"limit": 30, "window": 60, "class": "messages"}, whose window is in seconds.
type Limit struct {
	// Limit is how many requests, at least 1.
	Limit int
	// Window is in how long a time: more than zero, and at most a year.
	Window time.Duration
	// Class is the class of requests that it holds for, by the family's name. Default: all
	// classes together.
	Class string
}

// limitRecord is a [Limit] as JSON, and as it crosses.
type limitRecord struct {
	Limit  int     `json:"limit"`
	Window float64 `json:"window"`
	Class  string  `json:"class,omitzero"`
}

// MarshalJSON writes the window in seconds.
func (l Limit) MarshalJSON() ([]byte, error) {
	return json.Marshal(limitRecord{l.Limit, l.Window.Seconds(), l.Class})
}

// UnmarshalJSON reads the window in seconds.
func (l *Limit) UnmarshalJSON(data []byte) error {
	var record limitRecord
	if err := json.Unmarshal(data, &record); err != nil {
		return err
	}
	*l = Limit{record.Limit, duration(record.Window), record.Class}
	return nil
}

// RateLimit is what is known of one class of requests. What is not known is nil.
type RateLimit struct {
	// Class is the class, by the family's name for it; other where it has none for them.
	Class string
	// Limit is how many requests a window allows.
	Limit *int64
	// Remaining is how many of them are left.
	Remaining *int64
	// Reset is how long until the window ends: from the answer on for a response's, from now
	// on for a client's.
	Reset *time.Duration
}

// RateLimit is what is known of the rate limit of a class of requests, by the family's name
// for it: authentication, messages or other for linktor. Without a class it is that of the
// last answer. It is nil as long as no answer has told a number, and sends nothing.
//
// A class that the family does not have is an error of the kind config, and more than one
// is invalid_request.
func (c *Client) RateLimit(class ...string) (*RateLimit, error) {
	if err := c.Err(); err != nil {
		return nil, err
	}
	var named *string
	switch len(class) {
	case 0:
	case 1:
		named = &class[0]
	default:
		return nil, newError(KindInvalidRequest, "a rate limit is of one class: give at most one")
	}
	limit, err := c.handle.RateLimit(named)
	runtime.KeepAlive(c)
	if err != nil {
		return nil, asError(err)
	}
	return (*RateLimit)(limit), nil
}

// String is one line with what is known.
func (r *RateLimit) String() string {
	if r == nil {
		return "linktor.RateLimit(nil)"
	}
	var text strings.Builder
	fmt.Fprintf(&text, "linktor.RateLimit(%s", r.Class)
	if r.Remaining != nil {
		fmt.Fprintf(&text, ", remaining %d", *r.Remaining)
	}
	if r.Limit != nil {
		fmt.Fprintf(&text, ", limit %d", *r.Limit)
	}
	if r.Reset != nil {
		fmt.Fprintf(&text, ", reset in %s", r.Reset.Round(time.Millisecond))
	}
	text.WriteByte(')')
	return text.String()
}
