package linktor_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
)

// outcomes are how cases went, by file and name: true, or what went wrong. tests/vectors/parity.py
// reads them.
type outcomes map[string]map[string]any

func (o outcomes) add(name string, seen *witness) {
	file, name, _ := strings.Cut(name, "/")
	if o[file] == nil {
		o[file] = map[string]any{}
	}
	o[file][name] = seen.outcome()
}

func (o outcomes) write(t *testing.T) {
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	folder := "../target/vectors"
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "go.json"), text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// witness is a test that remembers what went wrong first.
type witness struct {
	testing.TB
	wrong atomic.Pointer[string]
}

func (w *witness) outcome() any {
	switch wrong := w.wrong.Load(); {
	case wrong != nil:
		return *wrong
	case w.Failed():
		return "it failed"
	case w.Skipped():
		return "it was skipped"
	default:
		return true
	}
}

// survive is deferred: a panic is one more thing that goes wrong, and the next case is run.
func (w *witness) survive() {
	if why := recover(); why != nil {
		w.Errorf("panic: %v\n%s", why, debug.Stack())
	}
}

func (w *witness) note(what string) { w.wrong.CompareAndSwap(nil, &what) }

func (w *witness) Error(values ...any) {
	w.Helper()
	w.note(fmt.Sprint(values...))
	w.TB.Error(values...)
}

func (w *witness) Errorf(format string, values ...any) {
	w.Helper()
	w.note(fmt.Sprintf(format, values...))
	w.TB.Errorf(format, values...)
}

func (w *witness) Fatal(values ...any) {
	w.Helper()
	w.note(fmt.Sprint(values...))
	w.TB.Fatal(values...)
}

func (w *witness) Fatalf(format string, values ...any) {
	w.Helper()
	w.note(fmt.Sprintf(format, values...))
	w.TB.Fatalf(format, values...)
}
