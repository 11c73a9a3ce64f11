package linktor_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

func TestASessionGoesOnFromAStore(t *testing.T) {
	withoutLock, withLock := &memory{}, &locking{}
	withNilLock := &faulty{take: func(context.Context) (func() error, error) { return nil, nil }}
	for name, one := range map[string]struct {
		store    linktor.TokenStore
		memory   *memory
		happened []string
		warnings int
	}{
		"without locks": {withoutLock, withoutLock, []string{"load", "load", "save", "load"}, 1},
		"with locks":    {withLock, &withLock.memory, []string{"load", "lock", "load", "save", "unlock", "load"}, 0},
		"with none now": {withNilLock, &withNilLock.memory, []string{"load", "load", "save", "load"}, 1},
	} {
		reset(t)
		logged := recording(slog.LevelDebug)
		mustGet(t, storingClient(t, one.store, logging(logged)), "/users")
		mustGet(t, storingClient(t, one.store), "/users")
		if paths := asked(t); !slices.Equal(paths, []string{"token", "users", "users"}) {
			t.Errorf("%s: %v", name, paths)
		}
		eventually(t, "all has happened", func() bool { return len(one.memory.notes()) == len(one.happened) })
		if happened := one.memory.notes(); !slices.Equal(happened, one.happened) {
			t.Errorf("%s: %v", name, happened)
		}
		warned := lines(logged.at(slog.LevelWarn))
		if len(warned) != one.warnings || len(warned) > 0 && !strings.Contains(warned[0], "has no locks") {
			t.Errorf("%s: %v", name, warned)
		}
	}
}

func TestAStoreWithoutLocksIsWarnedOfOnceForASession(t *testing.T) {
	reset(t)
	logged := recording(slog.LevelDebug)
	client := storingClient(t, &memory{}, logging(logged))
	mustGet(t, client, "/users")
	if _, err := client.Auth().Refresh(t.Context()); err != nil {
		t.Error(err)
	}
	mustGet(t, client.WithOrganization("org_1"), "/users")
	eventually(t, "it is warned of", func() bool { return len(lines(logged.at(slog.LevelWarn))) > 0 })
	time.Sleep(20 * time.Millisecond)
	if warned := lines(logged.at(slog.LevelWarn)); len(warned) != 1 {
		t.Error(warned)
	}
}

func (oddError) Error() string   { panic("no text") }
func (oddError) Is(error) bool   { panic("no comparison") }
func (oddError) As(any) bool     { panic("no conversion") }
func (oddError) Timeout() bool   { panic("no time") }
func (oddError) Temporary() bool { panic("no time") }

func TestAStoreThatCannotLoadOrLockFailsTheCallsThatNeedAToken(t *testing.T) {
	reset(t)
	broken := errors.New("the disk is gone")
	for _, method := range []string{"load", "lock"} {
		for name, end := range ends(broken) {
			_, err := storingClient(t, ending(method, end)).Get(t.Context(), "/users")
			failure, ok := errors.AsType[*linktor.Error](err)
			if !ok || failure.Kind != linktor.KindTokenStore || failure.Sent != linktor.SentNo || len(failure.Unwrap()) != 1 {
				t.Errorf("%s, %s: %v", method, name, err)
				continue
			}
			if isBroken := strings.Contains(name, " odd"); !isBroken && errors.Is(err, broken) != strings.Contains(name, "error") &&
				name != "an unprintable error" {
				t.Errorf("%s, %s: %v", method, name, failure.Unwrap())
			}
		}
	}
	if seen := journal(t); len(seen) != 0 {
		t.Errorf("%+v", seen)
	}
}

func TestAPanicSaysWhereItBegan(t *testing.T) {
	reset(t)
	for name, end := range map[string]func(context.Context) error{
		"panic":       func(context.Context) error { panic("out of tokens") },
		"dereference": func(context.Context) error { var store *memory; return errors.New(store.happened[0]) },
	} {
		_, err := storingClient(t, ending("load", end)).Get(t.Context(), "/users")
		if err == nil || !strings.Contains(err.Error(), "the token store panicked at token_store_test.go:") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAllCallsThatWaitedForAStoreWrapItsError(t *testing.T) {
	reset(t)
	broken := errors.New("the disk is gone")
	var loads atomic.Int32
	client := storingClient(t, ending("load", func(context.Context) error {
		loads.Add(1)
		time.Sleep(50 * time.Millisecond)
		return broken
	}))
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if _, err := client.Get(t.Context(), "/users"); !errors.Is(err, linktor.ErrTokenStore) || !errors.Is(err, broken) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if loads.Load() != 1 {
		t.Errorf("%d loads", loads.Load())
	}
	// And so does one that comes later, and shares the failure.
	time.Sleep(300 * time.Millisecond)
	if _, err := client.Get(t.Context(), "/users"); !errors.Is(err, broken) || loads.Load() != 1 {
		t.Errorf("%d loads: %v", loads.Load(), err)
	}
}

func TestCallsGoOnAfterAFailedSave(t *testing.T) {
	broken := errors.New("the disk is full")
	for name, end := range ends(broken) {
		reset(t)
		logged := recording(slog.LevelDebug)
		store := ending("save", end)
		client := storingClient(t, store, logging(logged))
		mustGet(t, client, "/users")
		mustGet(t, client, "/users")
		warned := lines(logged.at(slog.LevelWarn))
		if len(warned) != 2 || !strings.Contains(warned[0], "could not save") || warned[0] != warned[1] {
			t.Errorf("%s: %v", name, warned)
		}
		_, err := client.Auth().Refresh(t.Context())
		if !errors.Is(err, linktor.ErrTokenStore) || name == "an error" && !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
		eventually(t, "both locks are ended", func() bool { return store.count("unlock") == 2 })
		if paths := asked(t); !slices.Equal(paths, []string{"token", "users", "users", "token"}) {
			t.Errorf("%s: %v", name, paths)
		}
	}
}

func TestAStoreThatHangsIsBoundedByTheTimeout(t *testing.T) {
	for _, method := range []string{"load", "save"} {
		reset(t)
		cancelled := make(chan error, 1)
		store := ending(method, func(ctx context.Context) error {
			<-ctx.Done()
			cancelled <- ctx.Err()
			return ctx.Err()
		})
		start := time.Now()
		_, err := storingClient(t, store, linktor.WithTimeout(200*time.Millisecond)).Auth().Refresh(t.Context())
		took := time.Since(start)
		if !errors.Is(err, linktor.ErrTokenStore) || !strings.Contains(err.Error(), "0.2 s") ||
			took < 190*time.Millisecond || took > time.Second {
			t.Errorf("%s: after %v: %v", method, took, err)
		}
		select {
		case err := <-cancelled:
			if err != context.Canceled {
				t.Errorf("%s: %v", method, err)
			}
		case <-time.After(time.Second):
			t.Errorf("%s: its context was not cancelled", method)
		}
	}
}

func TestACallMeetsItsDeadlineWhileItsStoreHangs(t *testing.T) {
	for _, method := range []string{"load", "save", "lock"} {
		reset(t)
		release := make(chan struct{})
		store := ending(method, func(context.Context) error {
			<-release
			return nil
		})
		client := storingClient(t, store)
		start := time.Now()
		_, err := client.Get(t.Context(), "/users", linktor.Deadline(200*time.Millisecond))
		if took := time.Since(start); !errors.Is(err, linktor.ErrTimeout) || took > 400*time.Millisecond {
			t.Errorf("%s: after %v: %v", method, took, err)
		}
		close(release)
		// The renewal went on, and serves the next call.
		mustGet(t, client, "/users")
		if paths := asked(t); !slices.Equal(paths, []string{"token", "users"}) {
			t.Errorf("%s: %v", method, paths)
		}
	}
}

func TestATextThatWasNotSavedIsRefusedAndNotShown(t *testing.T) {
	reset(t)
	for name, text := range map[string]string{
		"no UTF-8":    "{" + marker + "\xff",
		"no JSON":     marker,
		"no record":   `{"token":"` + marker + `"}`,
		"JSON's null": "null",
		"a list":      `["` + marker + `"]`,
		"white space": " ",
	} {
		store := &faulty{load: func(context.Context) (string, error) { return text, nil }}
		_, err := storingClient(t, store).Get(t.Context(), "/users")
		if !errors.Is(err, linktor.ErrTokenStore) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		refuseMarker(t, name, err)
		for _, cause := range err.(*linktor.Error).Unwrap() {
			refuseMarker(t, name+"'s cause", cause)
		}
	}
	if seen := journal(t); len(seen) != 0 {
		t.Errorf("%+v", seen)
	}
}

func TestWhatIsSavedComesBackAsItWas(t *testing.T) {
	reset(t)
	store := &locking{}
	mustGet(t, storingClient(t, store), "/users")
	for key, text := range store.texts {
		var record object
		if err := json.Unmarshal([]byte(text), &record); err != nil || !strings.HasPrefix(key, "api_v2 "+sandbox.BaseURLs["api_v2"]) {
			t.Errorf("%s: %v", key, err)
		}
		// What JSON's encoder writes otherwise, and a reader has to take.
		record["note"] = "<a href=\"&\">\u2028\u2029 Zoë \U0001F511 \\ \x00 \x7f</a>"
		var written strings.Builder
		encoder := json.NewEncoder(&written)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(record); err != nil {
			t.Fatal(err)
		}
		store.texts[key] = written.String()
	}
	mustGet(t, storingClient(t, store), "/users")
	if paths := asked(t); !slices.Equal(paths, []string{"token", "users", "users"}) {
		t.Error(paths)
	}
}

type nowhere map[string]string

func (nowhere) Load(context.Context, string) (string, error) { return "", nil }
func (nowhere) Save(context.Context, string, string) error   { return nil }

func TestANilStoreIsAConfigError(t *testing.T) {
	for name, store := range map[string]linktor.TokenStore{
		"nil": nil, "nil pointer": (*memory)(nil), "nil map": nowhere(nil),
	} {
		if _, err := linktor.NewClient(storing(store)...); !errors.Is(err, linktor.ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := linktor.NewClient(storing(nowhere{})...); err != nil {
		t.Error(err)
	}
}

func TestOfTwoStoresTheLastOneCounts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.json")
	own := func(m *memory) linktor.Option { return linktor.WithTokenStore(m) }
	file := func(*memory) linktor.Option { return linktor.WithTokenStoreFile(path) }
	for name, one := range map[string]struct {
		first, second func(*memory) linktor.Option
		isFile        bool
	}{
		"a file":    {own, file, true},
		"one's own": {file, own, false},
	} {
		reset(t)
		_ = os.Remove(path)
		store := &memory{}
		mustGet(t, storingClient(t, &memory{}, one.first(store), one.second(store)), "/users")
		_, err := os.Stat(path)
		if (err == nil) != one.isFile || (len(store.notes()) == 0) != one.isFile {
			t.Errorf("%s: %v, %v", name, err, store.notes())
		}
	}
}

func TestACredentialWithoutASessionRefusesAStore(t *testing.T) {
	for name, credential := range map[string]linktor.Option{"a key": withKey(), "a token": linktor.WithAccessToken("t-1")} {
		if _, err := linktor.NewClient(credential, linktor.WithTokenStore(&memory{})); !errors.Is(err, linktor.ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestANewRefreshTokenIsSavedBeforeItsAccessTokenIsUsed(t *testing.T) {
	reset(t)
	store := &locking{}
	saved := make(chan struct{})
	client := storingClient(t, &faulty{save: func(context.Context) error {
		defer close(saved)
		time.Sleep(50 * time.Millisecond)
		store.note("saved")
		return nil
	}}, tripping(store.note))
	mustGet(t, client, "/users")
	if notes := store.notes(); !slices.Equal(notes, []string{"token", "saved", "users"}) {
		t.Error(notes)
	}
}

func TestARotatedSessionGoesOnInAnotherProcess(t *testing.T) {
	reset(t)
	store := &locking{}
	first, second := storingClient(t, store), storingClient(t, store)
	for range 3 {
		mustGet(t, first, "/users")
		mustGet(t, second, "/users")
		control(t, "POST", "/expire", object{"family": "api_v2"}, nil)
		// Each refresh token is good once, and the other client has the one that is good now.
		first, second = second, first
	}
	mustGet(t, storingClient(t, store), "/users")
	if paths := asked(t); strings.Count(strings.Join(paths, " "), "token") != 4 {
		t.Error(paths)
	}
}

func TestAStoreThatCallsItsOwnClientIsRefused(t *testing.T) {
	for _, method := range []string{"load", "save", "lock"} {
		reset(t)
		var client *linktor.Client
		inner := make(chan error, 1)
		client = storingClient(t, ending(method, func(ctx context.Context) error {
			_, err := client.Get(ctx, "/users")
			inner <- err
			return err
		}))
		_, err := client.Auth().Refresh(t.Context())
		refused, ok := errors.AsType[*linktor.Error](<-inner)
		if !ok || refused.Kind != linktor.KindConfig || refused.Code != "recursive_token_source" {
			t.Errorf("%s: %v", method, refused)
		}
		if !errors.Is(err, linktor.ErrTokenStore) || !errors.Is(err, error(refused)) {
			t.Errorf("%s: %v", method, err)
		}
	}
}

func TestAStoreMayCallAnotherClient(t *testing.T) {
	reset(t)
	other := newClient(t, withKey())
	store := &faulty{load: func(ctx context.Context) (string, error) {
		_, err := other.Get(ctx, "/contacts")
		return "", err
	}}
	mustGet(t, storingClient(t, store), "/users")
	if paths := asked(t); !slices.Equal(paths, []string{"contacts", "contacts", "token", "users"}) {
		t.Error(paths)
	}
}

func TestHandlesForOthersHaveKeysOfTheirOwn(t *testing.T) {
	reset(t)
	store := &locking{}
	known := sandbox.Credentials["linktor"]
	client := newClient(t, linktor.WithPassword(known["email"], known["password"]), linktor.WithTokenStore(store))
	mustGet(t, client, "/me")
	_, err := client.WithCredentials(linktor.WithPassword("grace@example.com", "invented")).Get(t.Context(), "/me")
	if !errors.Is(err, linktor.ErrAuthentication) {
		t.Errorf("somebody else has the session: %v", err)
	}
	mustGet(t, client.WithCredentials(linktor.WithPassword(known["email"], known["password"])), "/me")
	if paths := asked(t); !slices.Equal(paths, []string{"login", "me", "login", "me"}) {
		t.Error(paths)
	}
}

func TestAStoreIsAskedWithoutTheCallsContext(t *testing.T) {
	reset(t)
	type key struct{}
	values := make(chan any, 1)
	store := ending("save", func(ctx context.Context) error {
		values <- ctx.Value(key{})
		return io.ErrUnexpectedEOF
	})
	ctx := context.WithValue(t.Context(), key{}, "the first call's")
	if _, err := storingClient(t, store).Get(ctx, "/users"); err != nil {
		t.Error(err)
	}
	if value := <-values; value != nil {
		t.Errorf("a renewal serves all calls, and has values of one: %v", value)
	}
}
