package linktor

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/linktor/linktor-go/internal/ffi"
)

// question is one that a function of the user's is answering, or whose lock is held.
type question struct {
	client *Client
	cancel context.CancelFunc
	// unlock ends the lock that was the answer, while that is held. It is under the port's
	// mutex.
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
	asked := &question{client: client, cancel: cancel}
	p.questions[item.ID] = asked
	p.mutex.Unlock()
	go p.answer(ctx, *item, asked)
}

func (p *port) answer(ctx context.Context, item ffi.Item, asked *question) {
	var unlock func() error
	contain(functionOf(item.Kind), func() (err error) {
		if asked.client == nil {
			return errors.New("the client is no longer there")
		}
		unlock, err = asked.client.answer(ctx, item)
		return err
	}, func(err error) {
		// Also where an error ends its goroutine when it is looked at.
		defer p.answered(item.ID, asked, unlock, err == nil)
		if err != nil {
			p.refuse(item.ID, err)
		}
	})
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

// functionOf names the function that is asked, in errors.
func functionOf(kind ffi.Kind) string {
	switch kind {
	case ffi.TokenWanted:
		return "the token source"
	case ffi.SendWanted:
		return "the round tripper"
	default:
		return "the token store"
	}
}

// contain calls a function of the user's, and tells how it ended: a panic, and an end of its
// goroutine, are errors too.
func contain(name string, function func() error, ended func(error)) {
	err := errors.New(name + " ended its goroutine")
	defer func() {
		if panicked := recover(); panicked != nil {
			err = panicError(name, panicked)
		}
		ended(err)
	}()
	err = function()
}

// panicError is the error of a function that panicked. It is called by what recovers.
func panicError(name string, panicked any) error {
	if err, ok := panicked.(error); ok {
		return fmt.Errorf("%s panicked%s: %w", name, origin(), err)
	}
	return fmt.Errorf("%s panicked%s: %v", name, origin(), panicked)
}

// origin says where the panic began that is recovered from.
func origin() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers)])
	hasPanicked := false
	for {
		frame, hasMore := frames.Next()
		switch {
		case hasPanicked && !strings.HasPrefix(frame.Function, "runtime."):
			return fmt.Sprintf(" at %s:%d", filepath.Base(frame.File), frame.Line)
		case !hasMore:
			return ""
		}
		hasPanicked = hasPanicked || frame.Function == "runtime.gopanic"
	}
}

// refuse answers with the failure of a function, which errors of the call wrap.
func (p *port) refuse(id uint64, err error) {
	network := ""
	if failed, ok := err.(networkError); ok {
		network, err = failed.failure, failed.error
	}
	p.keepFailure(id, err)
	// Sprint survives an Error method that panics. It fails only by a defect, and the question
	// then ends by its timeout.
	_ = ffi.Fail(id, network, strings.ToValidUTF8(fmt.Sprint(err), "\uFFFD"))
}

// answered ends what a question holds, unless that is a lock that is needed.
func (p *port) answered(id uint64, asked *question, unlock func() error, isAnswer bool) {
	p.mutex.Lock()
	_, isOpen := p.questions[id]
	isHeld := isOpen && isAnswer && unlock != nil
	if isHeld {
		asked.unlock = unlock
	} else {
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
	defer p.mutex.Unlock()
	asked := p.questions[id]
	delete(p.questions, id)
	switch {
	case asked == nil:
	case asked.unlock == nil:
		asked.cancel()
	default:
		go asked.end(asked.unlock)
	}
}

// end ends the lock that a question gave, if it gave one, and then its context, which may be
// needed for that.
func (q *question) end(unlock func() error) {
	defer q.cancel()
	if unlock == nil {
		return
	}
	contain("unlock", unlock, func(err error) {
		if err != nil {
			q.client.warnOfLock(err)
		}
	})
}

// failureLife is how long a failure is kept at least, once the core has no error of it: one
// may be on its way.
const failureLife = time.Second

// keepFailure keeps what a function failed with, while errors may be made of it.
func (p *port) keepFailure(question uint64, err error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.questions[question] == nil {
		// Nobody waits for it any more.
		return
	}
	if len(p.failures) == 0 {
		time.AfterFunc(failureLife, p.forgetFailures)
	}
	p.failures[question] = err
}

// readError reads an error as it crosses, and finds what a function of the user's failed with.
func (p *port) readError(record string) *Error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return readError(record, func(question uint64) error { return p.failures[question] })
}

// forgetFailures lets go of those that no error can be made of any more, and comes again
// while there are others.
func (p *port) forgetFailures() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	questions := make([]uint64, 0, len(p.failures))
	for question := range p.failures {
		questions = append(questions, question)
	}
	// It fails only by a defect, and then they stay.
	forgotten, _ := ffi.Forgotten(questions)
	before := p.forgotten
	p.forgotten = make(map[uint64]bool, len(forgotten))
	for _, question := range forgotten {
		if before[question] {
			delete(p.failures, question)
		} else {
			p.forgotten[question] = true
		}
	}
	if len(p.failures) > 0 {
		time.AfterFunc(failureLife, p.forgetFailures)
	}
}
