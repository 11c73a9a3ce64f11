package linktor_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

func TestALockIsHeldAroundARenewalAlone(t *testing.T) {
	reset(t)
	store := &locking{}
	client := storingClient(t, store, tripping(store.note))
	mustGet(t, client, "/users")
	eventually(t, "the lock is ended", func() bool { return store.count("unlock") == 1 })
	mustGet(t, client, "/users")
	notes := slices.DeleteFunc(store.notes(), func(what string) bool { return what == "unlock" })
	if !slices.Equal(notes, []string{"load", "lock", "load", "token", "save", "users", "users"}) {
		t.Error(notes)
	}
	// The call goes on meanwhile.
	if all := store.notes(); slices.Index(all, "unlock") < slices.Index(all, "save") {
		t.Error(all)
	}
}

func TestClientsThatShareAStoreWithLocksRenewOnce(t *testing.T) {
	reset(t)
	store := &locking{}
	var clients []*linktor.Client
	for range 8 {
		clients = append(clients, storingClient(t, store))
	}
	for renewals := range 3 {
		var group sync.WaitGroup
		for _, client := range clients {
			for range 10 {
				group.Go(func() { mustGet(t, client, "/users") })
			}
		}
		group.Wait()
		if paths := asked(t); strings.Count(strings.Join(paths, " "), "token") != renewals+1 {
			t.Errorf("%d: %v", renewals+1, paths)
		}
		// What is expired is not adopted again: each client has seen it.
		control(t, "POST", "/expire", object{"family": "api_v2"}, nil)
	}
	eventually(t, "all locks are ended", func() bool { return store.count("lock") == store.count("unlock") })
}

func TestALockIsEndedOnceWhateverBecomesOfTheCall(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *linktor.Client){
		"success": func(t *testing.T, client *linktor.Client) { mustGet(t, client, "/users") },
		"failure": func(t *testing.T, client *linktor.Client) {
			reset(t, object{"status": 401, "json": object{}})
			if _, err := client.Get(t.Context(), "/users"); !errors.Is(err, linktor.ErrAuthentication) {
				t.Error(err)
			}
		},
		"cancelled": func(t *testing.T, client *linktor.Client) {
			reset(t, object{"delay_ms": 200, "pass": true})
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if _, err := client.Get(ctx, "/users"); !errors.Is(err, linktor.ErrTimeout) {
				t.Error(err)
			}
		},
		"closed": func(t *testing.T, client *linktor.Client) {
			reset(t, object{"delay_ms": 200, "pass": true})
			ended := make(chan error)
			go func() {
				_, err := client.Get(t.Context(), "/users")
				ended <- err
			}()
			eventually(t, "the refresh arrives", func() bool { return len(journal(t)) == 1 })
			client.Close()
			if err := <-ended; !errors.Is(err, linktor.ErrClosed) {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			reset(t)
			store := &locking{}
			end(t, storingClient(t, store))
			eventually(t, "the lock is ended", func() bool { return store.count("unlock") > 0 })
			time.Sleep(20 * time.Millisecond)
			if store.count("lock") != 1 || store.count("unlock") != 1 {
				t.Error(store.notes())
			}
		})
	}
}

func TestALockThatComesTooLateIsEndedToo(t *testing.T) {
	reset(t)
	store := &faulty{}
	asked, given := make(chan struct{}), make(chan struct{})
	store.take = func(ctx context.Context) (func() error, error) {
		close(asked)
		<-given
		return store.locking.Lock(ctx, "")
	}
	client := storingClient(t, store)
	ended := make(chan error)
	go func() {
		_, err := client.Get(t.Context(), "/users")
		ended <- err
	}()
	<-asked
	client.Close()
	if err := <-ended; !errors.Is(err, linktor.ErrClosed) {
		t.Error(err)
	}
	close(given)
	eventually(t, "it is ended", func() bool { return store.count("unlock") == 1 })
}

func TestALocksContextIsGoodUntilItIsEnded(t *testing.T) {
	reset(t)
	var atUnlock error
	over := make(chan struct{})
	store := &faulty{take: func(ctx context.Context) (func() error, error) {
		context.AfterFunc(ctx, func() { close(over) })
		return func() error {
			atUnlock = ctx.Err()
			return nil
		}, nil
	}}
	mustGet(t, storingClient(t, store), "/users")
	select {
	case <-over:
	case <-time.After(time.Second):
		t.Fatal("its context was not cancelled")
	}
	if atUnlock != nil {
		t.Error(atUnlock)
	}
}

func TestALockThatCannotBeEndedIsWarnedOf(t *testing.T) {
	broken := errors.New("the lock is stuck")
	for name, end := range ends(broken) {
		reset(t)
		logged := recording(slog.LevelDebug)
		store := &faulty{take: func(ctx context.Context) (func() error, error) {
			return func() error { return end(ctx) }, nil
		}}
		mustGet(t, storingClient(t, store, logging(logged)), "/users")
		eventually(t, "it is warned of", func() bool { return len(logged.at(slog.LevelWarn)) == 1 })
		warning := logged.at(slog.LevelWarn)[0]
		cause, _ := warning.attribute("cause").(error)
		if !strings.Contains(warning.Message, "could not be ended") || warning.attribute("provider") != "api_v2" || cause == nil ||
			name == "an error" && cause != broken {
			t.Errorf("%s: %v, %v", name, warning.Message, cause)
		}
	}
}

func TestLocksThatAreHardlyHeldAreEndedOnce(t *testing.T) {
	reset(t)
	broken := errors.New("the disk is gone")
	var locks, unlocks atomic.Int32
	var loads sync.Map
	store := &faulty{take: func(context.Context) (func() error, error) {
		locks.Add(1)
		return func() error {
			unlocks.Add(1)
			return nil
		}, nil
	}}
	var group sync.WaitGroup
	for i := range 200 {
		// The renewal is over as soon as it has its lock.
		one := &faulty{take: store.take, load: func(context.Context) (string, error) {
			if _, isSecond := loads.LoadOrStore(i, true); isSecond {
				return "", broken
			}
			return "", nil
		}}
		client := storingClient(t, one)
		group.Go(func() {
			if _, err := client.Get(t.Context(), "/users"); !errors.Is(err, broken) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	eventually(t, "all locks are ended", func() bool { return unlocks.Load() == locks.Load() })
	time.Sleep(20 * time.Millisecond)
	if locks.Load() != 200 || unlocks.Load() != 200 {
		t.Errorf("%d locks were ended %d times", locks.Load(), unlocks.Load())
	}
}

func TestALockThatIsGivenWhileItIsAbandonedIsEndedOnce(t *testing.T) {
	const locks = 10_000
	var unlocks atomic.Int32
	for range locks {
		linktor.LockAndAbandon(func() error {
			unlocks.Add(1)
			return nil
		})
	}
	eventually(t, "all locks are ended", func() bool { return unlocks.Load() >= locks })
	time.Sleep(20 * time.Millisecond)
	if unlocks.Load() != locks {
		t.Errorf("%d locks were ended %d times", locks, unlocks.Load())
	}
}

func TestACollectedClientsLockIsEnded(t *testing.T) {
	reset(t, object{"delay_ms": 200, "pass": true})
	store := &locking{}
	func() {
		client, err := linktor.NewClient(storing(store)...)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := client.Get(ctx, "/users"); !errors.Is(err, linktor.ErrTimeout) {
			t.Error(err)
		}
	}()
	for range 5 {
		runtime.GC()
	}
	eventually(t, "the lock is ended", func() bool { return store.count("unlock") == 1 })
	if store.count("save") != 1 {
		t.Errorf("the session is lost: %v", store.notes())
	}
}

func TestACollectedClientsSessionIsSavedWithoutALock(t *testing.T) {
	reset(t, object{"delay_ms": 200, "pass": true})
	store := &memory{}
	func() {
		client, err := linktor.NewClient(storing(store)...)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, _ = client.Get(ctx, "/users")
	}()
	for range 5 {
		runtime.GC()
	}
	eventually(t, "the session is saved", func() bool { return store.count("save") == 1 })
}
