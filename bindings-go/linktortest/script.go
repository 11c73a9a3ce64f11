package linktortest

import (
	"context"
	"net/http"
	"time"
)

// Answer is what the sandbox answers instead of its own route. At most one of Body and JSON
// is given, and at most one of Reset, Close, Truncate and Pass.
type Answer struct {
	// Status is the HTTP status, 200 to 999. Default: 200, or 302 for a redirect.
	Status int
	// Header has the headers besides Content-Length and Date, which the sandbox writes.
	Header http.Header
	// Body is the body as it is sent.
	Body []byte
	// JSON is the body as a value, sent with its Content-Type unless Header has one.
	// json.RawMessage("null") is a body, nil is none.
	JSON any
	// Repeat is how often the body is sent over. Default: once.
	Repeat int
	// Delay is the wait before the answer or the fault, in whole milliseconds. A client that
	// leaves ends it.
	Delay time.Duration
	// Reset resets the connection instead of answering.
	Reset bool
	// Close closes the connection instead of answering.
	Close bool
	// Truncate announces the whole body, sends half of it, and closes the connection.
	Truncate bool
	// Redirect is the Location; a path that starts with ~ is under the family's base.
	Redirect string
	// Pass lets the sandbox's own route answer after all, after the delay.
	Pass bool
	// Act lets the sandbox's own route act first, and throws its answer away: the server did
	// it, and nobody was told.
	Act bool
	// Match says which requests take the answer. Default: any.
	Match Match
}

// Match says which requests take an [Answer]; what is empty matches all.
type Match struct {
	// Family is the request's family.
	Family Family
	// Method is the request's method, in upper case.
	Method string
	// Path is the request's path, as an [Entry] has it: /api/v1/me.
	Path string
}

// Script appends answers: each request to a family takes the first one that matches it, and
// then it is the sandbox's own again. An answer that contradicts itself is an error, and none
// is appended.
//
//	err := sandbox.Script(ctx,
//		linktortest.Answer{Status: 503, Header: http.Header{"Retry-After": {"1"}}},
//		linktortest.Answer{Reset: true, Match: linktortest.Match{Path: "/api/v1/me"}})
func (s *Sandbox) Script(ctx context.Context, answers ...Answer) error {
	records := make([]answerRecord, len(answers))
	for i, answer := range answers {
		delay, err := whole("script", answer.Delay, time.Millisecond)
		if err != nil {
			return err
		}
		records[i] = answerRecord{
			answer.Status, answer.Header, answer.Body, answer.JSON, answer.Repeat, delay, answer.Reset, answer.Close,
			answer.Truncate, answer.Redirect, answer.Pass, answer.Act, matchRecord(answer.Match),
		}
	}
	return s.call(ctx, "script", struct {
		Answers []answerRecord `json:"answers"`
	}{records})
}

// answerRecord is an [Answer] as it is told.
type answerRecord struct {
	Status   int         `json:"status,omitempty"`
	Header   http.Header `json:"headers,omitempty"`
	Body     []byte      `json:"body_base64,omitempty"`
	JSON     any         `json:"json,omitempty"`
	Repeat   int         `json:"repeat,omitempty"`
	Delay    int64       `json:"delay_ms,omitempty"`
	Reset    bool        `json:"reset,omitempty"`
	Close    bool        `json:"close,omitempty"`
	Truncate bool        `json:"truncate,omitempty"`
	Redirect string      `json:"redirect,omitempty"`
	Pass     bool        `json:"pass,omitempty"`
	Act      bool        `json:"act,omitempty"`
	Match    matchRecord `json:"match,omitzero"`
}

// matchRecord is a [Match] as it is told.
type matchRecord struct {
	Family Family `json:"family,omitempty"`
	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"`
}
