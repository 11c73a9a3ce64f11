package linktor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/linktor/linktor-go/internal/ffi"
)

// question is one that a function of the user's is answering, or whose lock is held.
type question struct {
	cancel context.CancelFunc
	client *Client
	// unlock ends the lock that was the answer. It is under the port's mutex.
	unlock func() error
}

// questionKey is under what a function's context has the id of its question.
type questionKey struct{}

// questionOf gives the question that the context's caller is answering, or nil.
func questionOf(ctx context.Context) *uint64 {
	if question, ok := ctx.Value(questionKey{}).(uint64); ok {
		return &question
	}
	return nil
}

// ask runs the function that an item wants, in a goroutine of its own, and answers.
func (p *port) ask(item *ffi.Item) {
	client := p.client(item.Client)
	p.mutex.Lock()
	ctx := context.Background()
	if w := p.calls[item.Call]; w != nil {
		ctx = context.WithoutCancel(w.ctx)
	}
	ctx, cancel := context.WithCancel(context.WithValue(ctx, questionKey{}, item.ID))
	asked := &question{cancel: cancel, client: client}
	p.questions[item.ID] = asked
	p.mutex.Unlock()
	go p.answer(ctx, client, *item, asked)
}

// functionOf names the function that is asked, in errors.
func functionOf(kind ffi.Kind) string {
	switch kind {
	case ffi.TokenWanted:
		return "the token source"
	case ffi.SendWanted:
		return "the transport"
	default:
		return "the token store"
	}
}

func (p *port) answer(ctx context.Context, client *Client, item ffi.Item, asked *question) {
	err := errors.New(functionOf(item.Kind) + " ended its goroutine")
	var unlock func() error
	defer func() {
		if panicked := recover(); panicked != nil {
			err = panicError(functionOf(item.Kind), panicked)
		}
		if err != nil {
			p.refuse(item, err)
		}
		p.answered(item.ID, asked, unlock)
	}()
	if client == nil {
		err = errors.New("the client is no longer there")
		return
	}
	unlock, err = client.answer(ctx, item)
}

func panicError(function string, panicked any) error {
	if err, ok := panicked.(error); ok {
		return fmt.Errorf("%s panicked: %w", function, err)
	}
	return fmt.Errorf("%s panicked: %v", function, panicked)
}

// answer calls the function that is asked, and answers with what it gives. Of a lock, it
// gives what ends it.
func (c *Client) answer(ctx context.Context, item ffi.Item) (unlock func() error, err error) {
	switch item.Kind {
	case ffi.TokenWanted:
		return nil, answerFromSource(ctx, c.source, item.ID)
	case ffi.SendWanted:
		return nil, roundTrip(ctx, c.transport, item)
	default:
		return answerFromStore(ctx, c.store, item)
	}
}

// refuse answers with the failure of a function, which errors of the kind callback wrap.
func (p *port) refuse(item ffi.Item, err error) {
	p.mutex.Lock()
	p.failures[item.ID] = err
	p.mutex.Unlock()
	network := ""
	if item.Kind == ffi.SendWanted {
		network = networkFailure(err)
	}
	// Sprint survives an Error method that panics. It fails only by a defect, and the question
	// then ends by its timeout.
	_ = ffi.Fail(item.ID, network, strings.ToValidUTF8(fmt.Sprint(err), "\uFFFD"))
}

// answered ends what a question holds, unless that is a lock.
func (p *port) answered(id uint64, asked *question, unlock func() error) {
	p.mutex.Lock()
	_, isThere := p.questions[id]
	isHeld := unlock != nil && isThere
	if asked.unlock = unlock; !isHeld {
		delete(p.questions, id)
	}
	p.mutex.Unlock()
	if !isHeld {
		asked.end(unlock)
	}
}

// abandon ends a question for whose answer nobody waits any more, or the lock that it gave.
func (p *port) abandon(id uint64) {
	p.mutex.Lock()
	asked := p.questions[id]
	delete(p.questions, id)
	p.mutex.Unlock()
	if asked != nil {
		go asked.end(asked.unlock)
	}
}

func (q *question) end(unlock func() error) {
	q.cancel()
	if unlock == nil {
		return
	}
	err := errors.New("it ended its goroutine")
	defer func() {
		if panicked := recover(); panicked != nil {
			err = panicError("it", panicked)
		}
		if err != nil {
			q.client.warnOfLock(err)
		}
	}()
	err = unlock()
}

// readError reads an error as it crosses, and finds what a function of the user's failed with.
func (p *port) readError(record string) *Error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return readError(record, func(question uint64) error { return p.failures[question] })
}

// forgetFailures lets go of those that no error can be made of any more.
func (p *port) forgetFailures() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if len(p.failures) == 0 {
		return
	}
	questions := make([]uint64, 0, len(p.failures))
	for question := range p.failures {
		questions = append(questions, question)
	}
	// It fails only by a defect, and then they stay.
	forgotten, _ := ffi.Forgotten(questions)
	for _, question := range forgotten {
		delete(p.failures, question)
	}
}
