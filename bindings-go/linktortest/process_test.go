package linktortest

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestAProgramThatIsNeverReadyIsNotWaitedForForEver(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it needs a shell")
	}
	path := filepath.Join(t.TempDir(), "sandbox")
	t.Setenv(variable, path)
	for text, expected := range map[string]string{
		"exec sleep 60":                          " is not ready after 200ms",
		"printf {; echo busy >&2; exec sleep 60": " is not ready after 200ms; it said: busy",
		"exec >&-; exec sleep 60":                " is not ready after 200ms",
	} {
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, err := startProcess(t.Context(), 200*time.Millisecond)
		if err == nil || err.Error() != "linktortest: "+path+expected || time.Since(began) > 5*time.Second {
			t.Errorf("%q: %v after %v", text, err, time.Since(began))
		}
	}
}

func TestOnlyTheEndOfWhatAProgramSaysIsKept(t *testing.T) {
	var said tail
	for range 3 * kept {
		_, _ = said.Write([]byte("a"))
	}
	_, _ = said.Write([]byte(strings.Repeat("b", 2*kept) + "c"))
	if expected := "; it said: " + strings.Repeat("b", kept-1) + "c"; said.quoted() != expected {
		t.Error(len(said.end))
	}
}
