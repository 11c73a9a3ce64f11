package linktortest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/linktor/linktor-go/internal/exact"
)

// answerLimit is how long the sandbox may take to answer a call that waits for nobody else.
const answerLimit = 10 * time.Second

// plane asks the control plane: through no proxy, over connections that outlive no call, and
// whatever tests make of the defaults of net/http.
var plane = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// call makes a call of the control plane that is answered at once, with nothing.
func (s *Sandbox) call(ctx context.Context, name string, told any) error {
	return s.ask(ctx, name, told, answerLimit, nil)
}

// ask makes a call of the control plane, and reads its answer. One that is told nothing reads;
// no limit is none but the context's.
func (s *Sandbox) ask(ctx context.Context, name string, told any, limit time.Duration, answer any) error {
	if s == nil || s.process == nil {
		return newError("the sandbox was not started: use NewSandbox or Start")
	}
	if ctx == nil {
		return newError(name + ": the context is nil")
	}
	method, body := http.MethodGet, []byte(nil)
	if told != nil {
		text, err := exact.Marshal(told)
		if err != nil {
			return newError(fmt.Sprintf("%s: it cannot be written as JSON: %v", name, err), err)
		}
		method, body = http.MethodPost, text
	}
	limited := ctx
	if limit > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer in %v", limit))
		defer cancel()
	}
	status, text, err := exchange(limited, method, s.URL()+"/_sandbox/"+name, body)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return newError(fmt.Sprintf("%s: %v", name, context.Cause(ctx)), contextErrors(ctx)...)
	default:
		causes := []error{err}
		if limited.Err() != nil {
			err, causes = context.Cause(limited), contextErrors(limited)
		}
		return newError(fmt.Sprintf("the sandbox does not answer (%v): %s%s", err, s.process.state(), s.process.said.quoted()), causes...)
	}
	if status != http.StatusOK {
		var refused struct{ Error string }
		if json.Unmarshal(text, &refused) != nil || refused.Error == "" {
			refused.Error = fmt.Sprintf("HTTP %d", status)
		}
		return newError(name + ": " + refused.Error)
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return newError(fmt.Sprintf("%s: the sandbox is of another version than this package: %v", name, err), err)
	}
	return nil
}

func exchange(ctx context.Context, method, url string, body []byte) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	response, err := plane.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, text, err
}
