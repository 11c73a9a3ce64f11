package linktor

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf8"

	"github.com/linktor/linktor-go/internal/ffi"
	"github.com/linktor/linktor-go/internal/missing"
)

// TokenStore keeps sessions: one text by key, opaque and secret. Encrypt it, put it into a
// database; give back exactly what was saved. A new refresh token is saved before the access
// token that came with it is used.
//
// A failure to load or lock is an error of the kind token_store of the calls that need a
// token, and wraps the store's own, or its panic. After a failure to save calls go on from
// memory, and the logger is told ([WithLogger]); [Auth.Login] and its siblings give it as
// their error. What is not loaded or saved within the client's timeout has failed.
//
// Each ctx is cancelled when nobody waits any more. Calls made inside take it, so that one to
// a client whose token is waited for is refused, not waited for. Sessions of several
// credentials share a store, which is asked by several goroutines at once.
type TokenStore interface {
	// Load gives the text that was saved last under the key; empty if there is none.
	Load(ctx context.Context, key string) (string, error)
	// Save keeps the text under the key, whole or not at all.
	Save(ctx context.Context, key, text string) error
}

// TokenLocker is a [TokenStore] with locks. Without them two processes may renew the same
// session at once, and the logger is warned of it, once for a session.
type TokenLocker interface {
	TokenStore
	// Lock keeps everybody else from renewing the session under the key, until unlock is
	// called: once, when the renewal is over, also for callers that have given up. It waits for
	// whoever holds the lock, and nothing but itself limits that. A nil unlock says that there
	// is no lock today.
	//
	// The ctx is not done before unlock has ended. What unlock fails with is told the logger. A
	// process that ends in between never calls it: let locks run out by themselves.
	Lock(ctx context.Context, key string) (unlock func() error, err error)
}

// WithTokenStore keeps a session's tokens in a store of your own: see [TokenStore]. Default:
// they are kept in memory; [WithTokenStoreFile] keeps them in a file. A credential that has no
// session is refused with it.
func WithTokenStore(store TokenStore) Option {
	return func(s *settings) {
		if missing.Is(store) {
			s.refuse("the token store is nil")
		}
		s.store = store
		s.values["token_store"] = true
	}
}

// answerFromStore asks a store. Of a lock, it gives what ends it.
func answerFromStore(ctx context.Context, store TokenStore, item ffi.Item) (unlock func() error, err error) {
	switch item.Kind {
	case ffi.LoadWanted:
		text, err := store.Load(ctx, item.Key)
		if err != nil {
			return nil, err
		}
		return nil, answerLoaded(item.ID, text)
	case ffi.SaveWanted:
		if err := store.Save(ctx, item.Key, item.Record); err != nil {
			return nil, err
		}
		return nil, ffi.Answer(item.ID, "null")
	case ffi.LockWanted:
		if locker, ok := store.(TokenLocker); ok {
			unlock, err = locker.Lock(ctx, item.Key)
		}
		if err != nil {
			return nil, err
		}
		return unlock, ffi.Answer(item.ID, strconv.FormatBool(unlock != nil))
	default:
		return nil, errors.New("a defect of the SDK: this question is not known")
	}
}

func answerLoaded(question uint64, text string) error {
	if text == "" {
		return ffi.Answer(question, "null")
	}
	if !utf8.ValidString(text) {
		return errors.New("the token store loaded a text that is not valid UTF-8, and so not what was saved")
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		return err
	}
	return ffi.Answer(question, string(quoted))
}
