package linktor_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/linktor/linktor-go"
)

// ownStore is a token store in memory, which does wrong what it is told.
type ownStore struct {
	mutex   sync.Mutex
	faults  object
	saved   string
	records map[string]string
	calls   []string
}

// lockingStore is one with locks.
type lockingStore struct{ *ownStore }

func newOwnStore(told object) *ownStore {
	saved, _ := told["saved"].(string)
	return &ownStore{faults: told, saved: saved, records: map[string]string{}}
}

func (s *ownStore) Load(ctx context.Context, key string) (string, error) {
	if err := s.call(ctx, "load"); err != nil {
		return "", err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if record, ok := s.records[key]; ok {
		return record, nil
	}
	return s.saved, nil
}

func (s *ownStore) Save(ctx context.Context, key, text string) error {
	if err := s.call(ctx, "save"); err != nil {
		return err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.records[key] = text
	return nil
}

func (s lockingStore) Lock(ctx context.Context, _ string) (func() error, error) {
	if err := s.call(ctx, "lock"); err != nil {
		return nil, err
	}
	return func() error {
		s.note("unlock")
		return nil
	}, nil
}

func (s *ownStore) call(ctx context.Context, name string) error {
	faults := s.note(name)
	if faults["hang"] == name {
		<-ctx.Done()
		return ctx.Err()
	}
	if faults["fail"] == name {
		return errors.New("it cannot " + name)
	}
	return nil
}

func (s *ownStore) note(name string) (faults object) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.calls = append(s.calls, name)
	return s.faults
}

func (r *vectorRun) tokenStore(told object) linktor.Option {
	if r.store == nil {
		r.store = newOwnStore(told)
	}
	if told["locks"] == true {
		return linktor.WithTokenStore(lockingStore{r.store})
	}
	return linktor.WithTokenStore(r.store)
}

// stepOfStore makes a step about the case's own token store.
func (r *vectorRun) stepOfStore(what string, step, expect object) {
	switch call := step["store"]; call {
	case "change":
		r.store.mutex.Lock()
		defer r.store.mutex.Unlock()
		r.store.faults = step["with"].(object)
	case "calls":
		var expected []string
		for _, name := range expect["calls"].([]any) {
			expected = append(expected, name.(string))
		}
		calls, records := r.store.seen()
		// A renewal for which nobody waits any more may be about to end.
		for range 200 {
			if slices.Equal(calls, expected) {
				break
			}
			time.Sleep(10 * time.Millisecond)
			calls, records = r.store.seen()
		}
		if !slices.Equal(calls, expected) {
			r.Errorf("%s: the store was asked to %q, and %q was expected", what, calls, expected)
		}
		if expected, ok := expect["records"]; ok {
			compare(r.TB, what+": records", number(records), expected)
		}
		r.store.forget()
	default:
		r.Fatalf("the runner does not know store %q", call)
	}
}

func (s *ownStore) seen() (calls []string, records int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return slices.Clone(s.calls), len(s.records)
}

func (s *ownStore) forget() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.calls = nil
}
