package linktor_test

import (
	"context"
	"errors"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

func TestAfterCloseEverythingThatSendsIsClosed(t *testing.T) {
	reset(t)
	client := consentClient(t)
	early := []*linktor.Client{client.WithOrganization("org_1"), client.WithCredentials(linktor.WithAPIKey("key-1"))}
	client.Close()
	late := []*linktor.Client{client.WithOrganization("org_1"), client.WithCredentials(linktor.WithAPIKey("key-1"))}
	for _, one := range append(append(early, late...), client) {
		if err := one.Err(); err != nil {
			t.Error(err)
		}
		for _, value := range []any{one, one.Auth()} {
			for _, name := range methodsOf(value) {
				method := reflect.ValueOf(value).MethodByName(name)
				if method.Type().NumIn() == 0 || method.Type().In(0) != reflect.TypeFor[context.Context]() {
					continue
				}
				err, _ := call(method, argumentsOf(method.Type(), t.Context()))
				if !isClosed(err) && !isEarlier(name, err) {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		one.Auth().Invalidate()
		if session := one.Auth().Session(); session != nil && session.User != nil {
			t.Error(session)
		}
		if limit, err := one.RateLimit(); limit != nil || err != nil {
			t.Errorf("%v, %v", limit, err)
		}
		one.Close()
		one.Close()
	}
	if request, err := client.Auth().AuthorizeURL(nil, "https://app.example.com/"); err != nil || request.State == "" {
		t.Errorf("%v, %v", request, err)
	}
	if seen := journal(t); len(seen) != 0 {
		t.Errorf("%+v", seen)
	}
}

func isClosed(err error) bool {
	failure, ok := errors.AsType[*linktor.Error](err)
	return ok && failure.Kind == linktor.KindClosed && errors.Is(err, linktor.ErrClosed) &&
		failure.Sent == linktor.SentNo && failure.Attempts == 0
}

// isEarlier tells whether it is an error of what is not even begun, of the arguments that
// the methods are given.
func isEarlier(name string, err error) bool {
	switch name {
	case "ExchangeCode":
		return errors.Is(err, linktor.ErrAuthentication) || errors.Is(err, linktor.ErrConfig)
	case "Login", "Refresh":
		return errors.Is(err, linktor.ErrConfig)
	default:
		return false
	}
}

func TestAResponseIsReadAfterItsClientIsClosed(t *testing.T) {
	reset(t, object{"json": object{"success": true, "data": object{"role": "admin"}}})
	client := newClient(t, withKey())
	response, err := client.Get(t.Context(), "/me")
	if err != nil {
		t.Fatal(err)
	}
	client.Close()
	var me struct{ Role string }
	if err := response.Data(&me); err != nil || me.Role != "admin" {
		t.Errorf("%+v, %v", me, err)
	}
}

func TestClosingUnderAThousandCallsEndsThemAll(t *testing.T) {
	const calls = 1000
	reset(t)
	goroutines := runtime.NumGoroutine()
	client := newClient(t, withKey())
	handle := client.WithOrganization("org_1")
	closing := make(chan struct{})
	var group sync.WaitGroup
	var answered, closed atomic.Int32
	for i := range calls {
		one := []*linktor.Client{client, handle}[i%2]
		group.Go(func() {
			for {
				switch _, err := one.Get(t.Context(), "/me"); {
				case err == nil:
					answered.Add(1)
				case errors.Is(err, linktor.ErrClosed):
					closed.Add(1)
					return
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	for range 10 {
		group.Go(func() {
			<-closing
			client.Close()
		})
	}
	eventually(t, "calls are answered", func() bool { return answered.Load() > 100 })
	start := time.Now()
	close(closing)
	group.Wait()
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	if closed.Load() != calls {
		t.Errorf("%d calls of %d were told", closed.Load(), calls)
	}
	eventually(t, "all goroutines end", func() bool { return runtime.NumGoroutine() <= goroutines })
}

// hangingLogin is for clients whose login nobody answers: it goes on when they are closed, but
// not into the tests that follow.
var hangingLogin = []linktor.Option{
	linktor.WithPassword("ada@example.com", "invented"), linktor.WithTimeout(2 * time.Second), linktor.WithMaxRetries(0),
}

func TestClosingEndsEveryWait(t *testing.T) {
	for name, one := range map[string]struct {
		answers []any
		options []linktor.Option
		others  int
	}{
		"an answer":        {[]any{object{"delay_ms": 60000}}, nil, 0},
		"a connection":     {[]any{object{"delay_ms": 60000}}, []linktor.Option{linktor.WithMaxConnections(1)}, 20},
		"a hint":           {[]any{object{"status": 503, "headers": object{"Retry-After": "50"}}}, nil, 0},
		"a closed class":   {[]any{object{"status": 429, "headers": object{"Retry-After": "50"}}}, nil, 20},
		"somebody's login": {[]any{object{"delay_ms": 60000}}, hangingLogin, 20},
	} {
		reset(t, one.answers...)
		options := one.options
		if name != "somebody's login" {
			options = append(options, withKey())
		}
		client := newClient(t, options...)
		var group sync.WaitGroup
		send := func() {
			_, err := client.Get(t.Context(), "/me")
			if failure, ok := errors.AsType[*linktor.Error](err); !ok || failure.Kind != linktor.KindClosed {
				t.Errorf("%s: %v", name, err)
			}
		}
		group.Go(send)
		eventually(t, "a request arrives", func() bool { return len(journal(t)) == 1 })
		time.Sleep(50 * time.Millisecond)
		for range one.others {
			group.Go(send)
		}
		time.Sleep(50 * time.Millisecond)
		start := time.Now()
		client.Close()
		group.Wait()
		if took := time.Since(start); took > 100*time.Millisecond {
			t.Errorf("%s: it took %v", name, took)
		}
	}
}

func TestClosingEndsAuthCallsAndWhatASourceWaitsFor(t *testing.T) {
	reset(t, object{"delay_ms": 60000})
	client := newClient(t, hangingLogin...)
	ended := make(chan error)
	go func() {
		_, err := client.Auth().Login(t.Context())
		ended <- err
	}()
	eventually(t, "the login arrives", func() bool { return len(journal(t)) == 1 })
	client.Close()
	if err := <-ended; !errors.Is(err, linktor.ErrClosed) {
		t.Error(err)
	}

	asked, cancelled := make(chan struct{}), make(chan struct{})
	source := linktor.TokenSourceFunc(func(ctx context.Context) (linktor.Token, error) {
		close(asked)
		<-ctx.Done()
		close(cancelled)
		return linktor.Token{}, ctx.Err()
	})
	client = newClient(t, linktor.WithTokenSource(source), linktor.WithTimeout(300*time.Millisecond))
	go func() {
		_, err := client.Get(t.Context(), "/me")
		ended <- err
	}()
	<-asked
	client.Close()
	if err := <-ended; !errors.Is(err, linktor.ErrClosed) {
		t.Error(err)
	}
	// A renewal goes on, as it does when its callers are cancelled, but no longer than it may.
	select {
	case <-cancelled:
	case <-time.After(time.Second):
		t.Error("the source's context was not cancelled")
	}
}
