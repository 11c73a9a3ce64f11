package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// folderStore keeps sessions in the files of a folder.
type folderStore string

func (s folderStore) Load(_ context.Context, key string) (string, error) {
	text, err := os.ReadFile(s.path(key, "json"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(text), err
}

// Save writes whole or not at all; it is secret, so nobody else may read it.
func (s folderStore) Save(_ context.Context, key, text string) error {
	own := s.path(key, fmt.Sprint(os.Getpid()))
	if err := os.WriteFile(own, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(own, s.path(key, "json"))
}

// Lock makes a folder, which one process alone can. One that dies leaves it: locks of a
// database do not.
func (s folderStore) Lock(ctx context.Context, key string) (func() error, error) {
	lock := s.path(key, "lock")
	for {
		err := os.Mkdir(lock, 0o700)
		if err == nil {
			return func() error { return os.Remove(lock) }, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (s folderStore) path(key, suffix string) string {
	return filepath.Join(string(s), fmt.Sprintf("%x.%s", sha256.Sum256([]byte(key)), suffix))
}
