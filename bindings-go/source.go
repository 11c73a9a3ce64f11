package linktor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
	"weak"

	"github.com/linktor/linktor-go/internal/ffi"
)

// TokenSource gives tokens on demand: a secrets manager, a broker of short-lived
// credentials. It is called when there is no token, when the current one has expired, and
// once after an answer 401 that says so; by one renewal at a time, however many calls wait.
//
// The client's timeout bounds it: ctx is cancelled when nobody waits for it any more. Calls
// made inside it take ctx, so that one to the same client is refused, not waited for. Its
// error, or its panic, is wrapped by an error of the kind callback of the calls that waited.
type TokenSource func(ctx context.Context) (Token, error)

// Token is an access token. It prints as ***.
type Token struct {
	// Value is the token.
	Value string
	// ExpiresIn is how long it lives. Zero is unknown: it is used until a 401 refuses it.
	ExpiresIn time.Duration
}

// String is ***.
func (Token) String() string { return "***" }

// GoString is ***.
func (Token) GoString() string { return "***" }

// Format writes ***, whatever the verb.
func (Token) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "***") }

// MarshalText gives ***: a token is not to end up in logs.
func (Token) MarshalText() ([]byte, error) { return []byte("***"), nil }

// questionKey is under what a source's context has the id of its question.
type questionKey struct{}

// questionOf gives the question that the context's caller is answering, or nil.
func questionOf(ctx context.Context) *uint64 {
	if question, ok := ctx.Value(questionKey{}).(uint64); ok {
		return &question
	}
	return nil
}

func (p *port) addSource(client *Client) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.clients[client.id] = weak.Make(client)
}

func (p *port) dropSource(client uint64) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	delete(p.clients, client)
}

// ask runs the client's source in a goroutine of its own, and answers the question.
func (p *port) ask(question, client uint64) {
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), questionKey{}, question))
	p.mutex.Lock()
	asked := p.clients[client].Value()
	p.questions[question] = cancel
	p.mutex.Unlock()
	go func() {
		defer p.answered(question)
		answer, err := "", errors.New("the token source ended its goroutine")
		defer func() {
			if panicked := recover(); panicked != nil {
				err = asPanic(panicked)
			}
			reply(question, answer, err)
		}()
		if asked == nil {
			err = errors.New("the client is no longer there")
			return
		}
		answer, err = asked.source.answer(ctx)
	}()
}

func reply(question uint64, answer string, err error) {
	// Both fail only by a defect, and the question then ends by its timeout.
	if err == nil {
		_ = ffi.Answer(question, answer)
		return
	}
	sourceErrors.add(question, err)
	// Sprint survives an Error method that panics.
	_ = ffi.Fail(question, strings.ToValidUTF8(fmt.Sprint(err), "\uFFFD"))
}

// answered ends what a question holds, and its source if that still runs.
func (p *port) answered(question uint64) {
	p.mutex.Lock()
	cancel := p.questions[question]
	delete(p.questions, question)
	p.mutex.Unlock()
	if cancel != nil {
		cancel()
	}
}

// answer calls the source and writes its token as the core reads it.
func (s TokenSource) answer(ctx context.Context) (string, error) {
	token, err := s(ctx)
	if err != nil {
		return "", err
	}
	if !utf8.ValidString(token.Value) {
		return "", errors.New("the token source gave a token that is not valid UTF-8")
	}
	record := struct {
		Token     string   `json:"token"`
		ExpiresIn *float64 `json:"expires_in,omitempty"`
	}{Token: token.Value}
	if token.ExpiresIn != 0 {
		record.ExpiresIn = new(token.ExpiresIn.Seconds())
	}
	text, err := json.Marshal(record)
	return string(text), err
}

func asPanic(panicked any) error {
	if err, ok := panicked.(error); ok {
		return fmt.Errorf("the token source panicked: %w", err)
	}
	return fmt.Errorf("the token source panicked: %v", panicked)
}

// sourceErrors are the last errors of sources, by their questions: an error of the kind
// callback finds there what it wraps.
var sourceErrors errorLog

type errorLog struct {
	mutex  sync.Mutex
	errors [64]struct {
		question uint64
		err      error
	}
	next int
}

func (l *errorLog) add(question uint64, err error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.errors[l.next].question, l.errors[l.next].err = question, err
	l.next = (l.next + 1) % len(l.errors)
}

// of gives the error of a question, or nil.
func (l *errorLog) of(question *uint64) error {
	if question == nil {
		return nil
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, entry := range l.errors {
		if entry.question == *question {
			return entry.err
		}
	}
	return nil
}
