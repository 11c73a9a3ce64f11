package linktortest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
)

// Entry is a request to a family, recorded on arrival. It prints, logs and is written as JSON
// without its query, its headers and its body.
type Entry struct {
	// Family is the request's family.
	Family Family
	// Method is the method, as received.
	Method string
	// Path is the path after the family's prefix, percent-encoded as received: /api/v1/me.
	Path string
	// Query is the query, as received, without its question mark.
	Query string
	// Header has the headers, by their canonical names.
	Header http.Header
	// Body is the body; empty until it has come whole.
	Body []byte
	// Status is what was answered: 0 until then, and for ever after a reset or a close.
	Status int
	// Aborted says that the client went away before the answer was finished; it is set a
	// moment after the client left.
	Aborted bool
}

// Journal reads all requests to the families, oldest first; the last 20,000 are kept.
func (s *Sandbox) Journal(ctx context.Context) ([]Entry, error) {
	var answer struct{ Entries []entryRecord }
	if err := s.ask(ctx, "journal", nil, answerLimit, &answer); err != nil {
		return nil, err
	}
	entries := make([]Entry, len(answer.Entries))
	for i, record := range answer.Entries {
		entries[i] = record.entry()
	}
	return entries, nil
}

// entryRecord is an [Entry] as it is told.
type entryRecord struct {
	Family  Family      `json:"family"`
	Method  string      `json:"method"`
	Path    string      `json:"path"`
	Query   string      `json:"query"`
	Headers [][2]string `json:"headers"`
	Text    string      `json:"body"`
	Bytes   []byte      `json:"body_base64"`
	Status  int         `json:"status"`
	Aborted bool        `json:"aborted"`
}

func (r entryRecord) entry() Entry {
	header := make(http.Header, len(r.Headers))
	for _, pair := range r.Headers {
		header.Add(pair[0], pair[1])
	}
	body := r.Bytes
	if body == nil {
		body = []byte(r.Text)
	}
	return Entry{r.Family, r.Method, r.Path, r.Query, header, body, r.Status, r.Aborted}
}

// String shows what was asked and answered, without query, headers and body.
func (e Entry) String() string {
	text := fmt.Sprintf("linktortest.Entry(%s %s %s, HTTP %d)", e.Family, e.Method, e.Path, e.Status)
	if e.Aborted {
		text = text[:len(text)-1] + ", aborted)"
	}
	return text
}

// GoString is [Entry.String].
func (e Entry) GoString() string { return e.String() }

// Format writes [Entry.String], whatever the verb.
func (e Entry) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.String()) }

// MarshalJSON gives what [Entry.String] shows: logs are written as JSON, too.
func (e Entry) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Family  Family `json:"family"`
		Method  string `json:"method"`
		Path    string `json:"path"`
		Status  int    `json:"status"`
		Aborted bool   `json:"aborted"`
	}{e.Family, e.Method, e.Path, e.Status, e.Aborted})
}

// LogValue is [Entry.String].
func (e Entry) LogValue() slog.Value { return slog.StringValue(e.String()) }
