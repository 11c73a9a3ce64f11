package linktortest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// startLimit is how long a sandbox may take to be ready.
	startLimit = 30 * time.Second
	// lingering is how long what a program has started, and left behind, is waited for.
	lingering = 2 * time.Second
	// kept is how much is kept of what a program says.
	kept = 64 << 10
)

// ready is the line that a sandbox begins with.
type ready struct {
	URL         string            `json:"url"`
	BaseURLs    map[Family]string `json:"base_urls"`
	AuthURLs    map[Family]string `json:"auth_urls"`
	Credentials map[string]struct {
		Credentials
		WebhookSecret string `json:"webhook_secret"`
	} `json:"credentials"`
}

// process is a sandbox that runs. It ends when its standard input closes, and so with this
// process, however that ends.
type process struct {
	path    string
	ready   ready
	command *exec.Cmd
	stdin   io.Closer
	line    firstLine
	said    tail
	stopped atomic.Bool
	ended   chan struct{}
}

// startProcess starts a sandbox, and waits until it is ready.
func startProcess(ctx context.Context, limit time.Duration) (*process, error) {
	if ctx == nil {
		return nil, newError("the context is nil")
	}
	if ctx.Err() != nil {
		return nil, newError(fmt.Sprintf("the sandbox was not started: %v", context.Cause(ctx)), contextErrors(ctx)...)
	}
	path, err := program()
	if err != nil {
		return nil, err
	}
	p := &process{path: path, command: exec.Command(path), ended: make(chan struct{})}
	p.line.whole = make(chan struct{})
	p.command.Stdout, p.command.Stderr = &p.line, &p.said
	p.command.SysProcAttr = apart
	p.command.WaitDelay = lingering
	stdin, err := p.command.StdinPipe()
	if err == nil {
		err = p.command.Start()
	}
	if err != nil {
		return nil, newError(fmt.Sprintf("%s cannot be run: %v", path, err), err)
	}
	p.stdin = stdin
	go func() {
		// How it ended is in its state.
		_ = p.command.Wait()
		close(p.ended)
	}()
	if failure := p.await(ctx, limit); failure != nil {
		// What it wrote last is heard once it has ended.
		p.stop()
		failure.message += p.said.quoted()
		return nil, failure
	}
	return p, nil
}

// await waits for the ready line, and reads it.
func (p *process) await(ctx context.Context, limit time.Duration) *Error {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-p.line.whole:
	case <-p.ended:
	case <-ctx.Done():
		return newError(fmt.Sprintf("%s is not ready: %v", p.path, context.Cause(ctx)), contextErrors(ctx)...)
	case <-timer.C:
		return newError(fmt.Sprintf("%s is not ready after %v", p.path, limit))
	}
	select {
	case <-p.line.whole:
		if failure := p.read(p.line.text()); failure != nil {
			return failure
		}
	default:
	}
	select {
	case <-p.ended:
		return newError(fmt.Sprintf("%s did not start: %s", p.path, p.state()))
	default:
		return nil
	}
}

// read reads the ready line.
func (p *process) read(line []byte) *Error {
	var told map[string]json.RawMessage
	err := json.Unmarshal(line, &told)
	if err == nil {
		err = json.Unmarshal(line, &p.ready)
	}
	if err != nil || told == nil {
		const shown = 200
		return newError(fmt.Sprintf("%s is no sandbox: its first line is %q", p.path, line[:min(len(line), shown)]))
	}
	var missing []string
	for _, field := range []string{"url", "base_urls", "auth_urls", "credentials"} {
		if _, ok := told[field]; !ok {
			missing = append(missing, field)
		}
	}
	if missing != nil {
		return newError(fmt.Sprintf("%s is of another version than this package: it does not tell %s. %s",
			p.path, strings.Join(missing, ", "), advice))
	}
	return nil
}

// stop ends it, and waits until it has ended.
func (p *process) stop() {
	p.stopped.Store(true)
	// What runs it on its behalf, a script for example, may not be killed with it.
	_ = p.stdin.Close()
	_ = p.command.Process.Kill()
	<-p.ended
}

// state tells in words whether it runs.
func (p *process) state() string {
	select {
	case <-p.ended:
	default:
		return "it runs"
	}
	if p.stopped.Load() {
		return "it was stopped"
	}
	return fmt.Sprintf("it ended with %v", p.command.ProcessState)
}

// firstLine takes what a program writes, and keeps its first line.
type firstLine struct {
	mutex sync.Mutex
	line  []byte
	whole chan struct{}
	done  bool
}

// Write never fails, so that the program can always write.
func (l *firstLine) Write(part []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.done {
		return len(part), nil
	}
	end := bytes.IndexByte(part, '\n') + 1
	l.done = end > 0
	if !l.done {
		end = len(part)
	}
	l.line = append(l.line, part[:end]...)
	if l.done = l.done || len(l.line) > kept; l.done {
		close(l.whole)
	}
	return len(part), nil
}

func (l *firstLine) text() []byte {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.line
}

// tail keeps the end of what a program writes.
type tail struct {
	mutex sync.Mutex
	end   []byte
}

func (t *tail) Write(part []byte) (int, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.end = append(t.end, part...)
	t.end = t.end[max(0, len(t.end)-kept):]
	return len(part), nil
}

// quoted is what was written, as the end of a message; empty if that is nothing.
func (t *tail) quoted() string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	said := bytes.TrimSpace(t.end)
	if len(said) == 0 {
		return ""
	}
	return "; it said: " + strings.ToValidUTF8(string(said), "\uFFFD")
}
