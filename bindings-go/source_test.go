package linktor_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

func TestASourcesErrorIsWrapped(t *testing.T) {
	reset(t)
	broken := errors.New("the vault is sealed")
	client := newClient(t, linktor.WithTokenSource(linktor.TokenSourceFunc(func(context.Context) (linktor.Token, error) {
		return linktor.Token{}, broken
	})))
	_, err := client.Get(t.Context(), "/me")
	if !errors.Is(err, linktor.ErrCallback) || !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if seen := journal(t); len(seen) != 0 {
		t.Errorf("%+v", seen)
	}
}

type brokenError struct{}

func (*brokenError) Error() string { panic("an error that cannot even be printed") }

func TestASourceMayFailInEveryWay(t *testing.T) {
	reset(t)
	for name, source := range map[string]linktor.TokenSourceFunc{
		"panic":           func(context.Context) (linktor.Token, error) { panic("out of tokens") },
		"panic error":     func(context.Context) (linktor.Token, error) { panic(io.ErrUnexpectedEOF) },
		"nil dereference": func(context.Context) (linktor.Token, error) { var t *linktor.Token; return *t, nil },
		"goexit":          func(context.Context) (linktor.Token, error) { runtime.Goexit(); return linktor.Token{}, nil },
		"broken error":    func(context.Context) (linktor.Token, error) { return linktor.Token{}, &brokenError{} },
		"invalid UTF-8":   func(context.Context) (linktor.Token, error) { return linktor.Token{Value: "a\xff"}, nil },
		"negative life": func(context.Context) (linktor.Token, error) {
			return linktor.Token{Value: "t", ExpiresIn: -time.Second}, nil
		},
	} {
		_, err := newClient(t, linktor.WithTokenSource(source)).Get(t.Context(), "/me")
		if !errors.Is(err, linktor.ErrCallback) {
			t.Errorf("%s: %v", name, err)
		}
		if name == "panic error" && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, token := range map[string]string{"empty": "", "line feed": "marker\nmarker", "bearer": "Bearer marker"} {
		source := linktor.TokenSourceFunc(func(context.Context) (linktor.Token, error) { return linktor.Token{Value: token}, nil })
		_, err := newClient(t, linktor.WithTokenSource(source)).Get(t.Context(), "/me")
		if !errors.Is(err, linktor.ErrConfig) || strings.Contains(err.Error(), "marker") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if seen := journal(t); len(seen) != 0 {
		t.Errorf("%+v", seen)
	}
}

func TestASourceThatHangsIsBoundedAndCancelled(t *testing.T) {
	reset(t)
	cancelled := make(chan struct{})
	client := newClient(t, linktor.WithTimeout(400*time.Millisecond),
		linktor.WithTokenSource(linktor.TokenSourceFunc(func(ctx context.Context) (linktor.Token, error) {
			<-ctx.Done()
			close(cancelled)
			return linktor.Token{}, ctx.Err()
		})))
	start := time.Now()
	_, err := client.Get(t.Context(), "/me", linktor.Deadline(300*time.Millisecond))
	if took := time.Since(start); !errors.Is(err, linktor.ErrTimeout) || took > 390*time.Millisecond {
		t.Errorf("after %v: %v", took, err)
	}
	select {
	case <-cancelled:
	case <-time.After(time.Second):
		t.Error("its context was not cancelled")
	}
}

func TestASourceThatCallsItsOwnClientIsRefused(t *testing.T) {
	reset(t)
	var client *linktor.Client
	client = newClient(t, linktor.WithTokenSource(linktor.TokenSourceFunc(func(ctx context.Context) (linktor.Token, error) {
		_, err := client.Get(ctx, "/me")
		return linktor.Token{}, err
	})))
	_, err := client.Get(t.Context(), "/me", linktor.Deadline(5*time.Second))
	outer, ok := errors.AsType[*linktor.Error](err)
	if !ok || outer.Kind != linktor.KindCallback || len(outer.Unwrap()) != 1 {
		t.Fatalf("%#v", err)
	}
	inner, ok := outer.Unwrap()[0].(*linktor.Error)
	if !ok || inner.Kind != linktor.KindConfig || inner.Code != "recursive_token_source" {
		t.Errorf("%#v", outer.Unwrap()[0])
	}
}

func TestASourceMayCallAnotherClient(t *testing.T) {
	reset(t)
	other := newClient(t, withKey())
	client := newClient(t, linktor.WithTokenSource(linktor.TokenSourceFunc(func(ctx context.Context) (linktor.Token, error) {
		if _, err := other.Get(ctx, "/me"); err != nil {
			return linktor.Token{}, err
		}
		return linktor.Token{Value: sandbox.Credentials["linktor"]["access_token"]}, nil
	})))
	if _, err := client.Get(t.Context(), "/me"); err != nil {
		t.Error(err)
	}
}

func TestAGivenUpCallLeavesTheRenewalToTheOthers(t *testing.T) {
	reset(t)
	asked := make(chan struct{})
	goOn := make(chan struct{})
	var count atomic.Int32
	client := newClient(t, linktor.WithTokenSource(linktor.TokenSourceFunc(func(ctx context.Context) (linktor.Token, error) {
		count.Add(1)
		close(asked)
		select {
		case <-goOn:
		case <-ctx.Done():
			return linktor.Token{}, ctx.Err()
		}
		return linktor.Token{Value: sandbox.Credentials["linktor"]["access_token"]}, nil
	})))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := client.Get(ctx, "/me")
		ended <- err
	}()
	<-asked
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(goOn)
	if _, err := client.Get(t.Context(), "/me"); err != nil || count.Load() != 1 {
		t.Errorf("%d renewals: %v", count.Load(), err)
	}
}

func TestANilSourceIsAConfigError(t *testing.T) {
	if _, err := linktor.NewClient(linktor.WithTokenSource(nil)); !errors.Is(err, linktor.ErrConfig) {
		t.Error(err)
	}
}
