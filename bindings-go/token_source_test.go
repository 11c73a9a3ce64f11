package linktor_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"weak"

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

func TestConcurrentCallsShareOneQuestion(t *testing.T) {
	reset(t)
	var asked atomic.Int32
	client := newClient(t, linktor.WithTokenSource(linktor.TokenSourceFunc(func(context.Context) (linktor.Token, error) {
		asked.Add(1)
		time.Sleep(20 * time.Millisecond)
		return linktor.Token{Value: sandbox.Credentials["linktor"]["access_token"], ExpiresIn: time.Hour}, nil
	})))
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() { mustGet(t, client, "/me") })
	}
	group.Wait()
	if asked.Load() != 1 {
		t.Errorf("%d questions", asked.Load())
	}
}

func TestATokenIsUsedForItsLifeOrElseUntilA401(t *testing.T) {
	for name, one := range map[string]struct {
		life     time.Duration
		expected []string
	}{
		"unknown":   {0, []string{"t-1", "t-1", "t-1", "t-2"}},
		"an hour":   {time.Hour, []string{"t-1", "t-1", "t-1", "t-2"}},
		"for ever":  {math.MaxInt64, []string{"t-1", "t-1", "t-1", "t-2"}},
		"very soon": {time.Nanosecond, []string{"t-1", "t-2", "t-3", "t-4"}},
	} {
		reset(t, object{"json": object{}}, object{"json": object{}},
			object{"status": 401, "json": object{"error": object{"code": "TOKEN_INVALID"}}}, object{"json": object{}})
		asked := 0
		client := newClient(t, linktor.WithTokenSource(linktor.TokenSourceFunc(func(context.Context) (linktor.Token, error) {
			asked++
			return linktor.Token{Value: fmt.Sprint("t-", asked), ExpiresIn: one.life}, nil
		})))
		for range 3 {
			mustGet(t, client, "/me")
			time.Sleep(time.Millisecond)
		}
		var used []string
		for _, entry := range journal(t) {
			used = append(used, strings.TrimPrefix(entry.header("authorization"), "Bearer "))
		}
		if !slices.Equal(used, one.expected) {
			t.Errorf("%s: %v", name, used)
		}
	}
}

func TestASourceIsBoundedByTheTimeout(t *testing.T) {
	reset(t)
	ended := make(chan error, 1)
	client := newClient(t, linktor.WithTimeout(100*time.Millisecond), linktor.WithTokenSource(linktor.TokenSourceFunc(
		func(ctx context.Context) (linktor.Token, error) {
			<-ctx.Done()
			ended <- ctx.Err()
			return linktor.Token{}, ctx.Err()
		})))
	start := time.Now()
	_, err := client.Get(t.Context(), "/me")
	took := time.Since(start)
	if !errors.Is(err, linktor.ErrTimeout) || !strings.Contains(err.Error(), "0.1 s") || took > 300*time.Millisecond {
		t.Errorf("after %v: %v", took, err)
	}
	select {
	case err := <-ended:
		if err != context.Canceled {
			t.Error(err)
		}
	case <-time.After(time.Second):
		t.Error("its context was not cancelled")
	}
}

func TestAllCallsThatWaitedForASourceWrapItsError(t *testing.T) {
	reset(t)
	broken := errors.New("the vault is sealed")
	client := newClient(t, linktor.WithTokenSource(linktor.TokenSourceFunc(func(context.Context) (linktor.Token, error) {
		time.Sleep(20 * time.Millisecond)
		return linktor.Token{}, broken
	})))
	var group sync.WaitGroup
	for i := range 200 {
		group.Go(func() {
			// Some come later, and share the failure.
			time.Sleep(time.Duration(i) * time.Millisecond)
			_, err := client.Get(t.Context(), "/me")
			failure, _ := errors.AsType[*linktor.Error](err)
			if failure == nil || failure.Kind != linktor.KindCallback || failure.Sent != linktor.SentNo || failure.Attempts != 0 ||
				len(failure.Unwrap()) != 1 || failure.Unwrap()[0] != broken {
				t.Errorf("%v", err)
			}
		})
	}
	group.Wait()
}

func TestEachFailureIsItsOwnAfterManyOthers(t *testing.T) {
	reset(t)
	var last error
	client := newClient(t, linktor.WithTokenSource(linktor.TokenSourceFunc(func(context.Context) (linktor.Token, error) {
		last = fmt.Errorf("failure %w", io.ErrNoProgress)
		return linktor.Token{}, last
	})))
	var first error
	for range 300 {
		// A login always asks, where a call shares a failure of the last second.
		_, err := client.Auth().Login(t.Context())
		if !errors.Is(err, last) {
			t.Fatal(err)
		}
		first = cmp.Or(first, err)
	}
	if !errors.Is(first, io.ErrNoProgress) {
		t.Error(first)
	}
}

func TestTwoSourcesThatAskEachOtherAreRefused(t *testing.T) {
	reset(t)
	var clients [2]*linktor.Client
	for i := range clients {
		clients[i] = newClient(t, linktor.WithDeadline(5*time.Second), linktor.WithTokenSource(linktor.TokenSourceFunc(
			func(ctx context.Context) (linktor.Token, error) {
				_, err := clients[1-i].Get(ctx, "/token")
				return linktor.Token{}, err
			})))
	}
	_, err := clients[0].Get(t.Context(), "/me")
	if !errors.Is(err, linktor.ErrCallback) || !errors.Is(err, linktor.ErrConfig) {
		t.Error(err)
	}
}

func TestClosingEndsACallWhoseSourceIsAsked(t *testing.T) {
	reset(t)
	asked, ended := make(chan struct{}), make(chan struct{})
	client := newClient(t, linktor.WithTimeout(300*time.Millisecond), linktor.WithTokenSource(linktor.TokenSourceFunc(
		func(ctx context.Context) (linktor.Token, error) {
			close(asked)
			<-ctx.Done()
			close(ended)
			return linktor.Token{}, ctx.Err()
		})))
	failed := make(chan error)
	go func() {
		_, err := client.Get(t.Context(), "/me")
		failed <- err
	}()
	<-asked
	start := time.Now()
	client.Close()
	if err := <-failed; !errors.Is(err, linktor.ErrClosed) || time.Since(start) > 50*time.Millisecond {
		t.Errorf("after %v: %v", time.Since(start), err)
	}
	select {
	case <-ended:
	case <-time.After(time.Second):
		t.Error("its context was not cancelled")
	}
}

func TestAClientThatNobodyHoldsWhileItsSourceIsAskedIsFreed(t *testing.T) {
	reset(t)
	asked := make(chan struct{})
	client := func() weak.Pointer[linktor.Client] {
		client, err := linktor.NewClient(linktor.WithBaseURL(sandbox.BaseURLs["linktor"]), linktor.WithTimeout(200*time.Millisecond),
			linktor.WithTokenSource(linktor.TokenSourceFunc(func(ctx context.Context) (linktor.Token, error) {
				close(asked)
				<-ctx.Done()
				return linktor.Token{}, ctx.Err()
			})))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-asked
			cancel()
		}()
		if _, err := client.Get(ctx, "/me"); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		return weak.Make(client)
	}()
	eventually(t, "it is collected", func() bool {
		runtime.GC()
		return client.Value() == nil
	})
}

func TestAHandlesSourceOutlivesTheHandle(t *testing.T) {
	reset(t, object{"json": object{}})
	handle := newClient(t, withKey()).WithCredentials(linktor.WithTokenSource(linktor.TokenSourceFunc(
		func(context.Context) (linktor.Token, error) { return linktor.Token{Value: "t-1"}, nil }))).WithOrganization("org_1")
	for range 5 {
		runtime.GC()
		time.Sleep(5 * time.Millisecond)
	}
	mustGet(t, handle, "/me")
}

func TestANilSourceIsAConfigError(t *testing.T) {
	t.Setenv("LINKTOR_API_KEY", "lk_invented")
	for name, source := range map[string]linktor.TokenSource{"nil": nil, "nil function": linktor.TokenSourceFunc(nil)} {
		if _, err := linktor.NewClient(linktor.WithTokenSource(source)); !errors.Is(err, linktor.ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
		if err := newClient(t, withKey()).WithCredentials(linktor.WithTokenSource(source)).Err(); !errors.Is(err, linktor.ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
