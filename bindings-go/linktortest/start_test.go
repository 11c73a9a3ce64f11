package linktortest_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/linktor/linktor-go/linktortest"
)

// script makes LINKTOR_SANDBOX a program of this text.
func script(t *testing.T, text string, mode fs.FileMode) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("it needs a shell")
	}
	path := filepath.Join(t.TempDir(), "sandbox")
	check(t, os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), mode))
	t.Setenv("LINKTOR_SANDBOX", path)
	return path
}

// refusal is the error with which a start fails, soon.
func refusal(t *testing.T, ctx context.Context) *linktortest.Error {
	t.Helper()
	began := time.Now()
	sandbox, err := linktortest.Start(ctx)
	failure, ok := errors.AsType[*linktortest.Error](err)
	if sandbox != nil || !ok || time.Since(began) > 10*time.Second {
		t.Fatalf("%v, %v after %v", sandbox, err, time.Since(began))
	}
	return failure
}

func TestAProgramThatIsNoSandboxIsTold(t *testing.T) {
	for text, expected := range map[string]string{
		"exit 0":                               `did not start: it ended with exit status 0$`,
		"echo no port >&2; exit 3":             `did not start: it ended with exit status 3; it said: no port$`,
		"printf half; exit 1":                  `did not start: it ended with exit status 1$`,
		"kill -9 $$":                           `did not start: it ended with signal: killed$`,
		"echo why >&2; echo hello; cat":        `is no sandbox: its first line is "hello\\n"; it said: why$`,
		"echo hello":                           `is no sandbox: its first line is "hello\\n"$`,
		"echo '[]'; cat":                       `is no sandbox: its first line is "\[\]\\n"$`,
		"echo null; cat":                       `is no sandbox: its first line is "null\\n"$`,
		`echo '{"url":1}'; cat`:                `is no sandbox: `,
		`echo '{"url":"","more":1}'; cat`:      `is of another version than this package: it does not tell base_urls, auth_urls, credentials\. Run: npm`,
		"head -c 100000 /dev/zero; cat":        `is no sandbox: its first line is "(\\x00){200}"$`,
		"printf '\\377' >&2; exit 1":           "it said: \uFFFD$",
		"head -c 200000 /dev/zero >&2; exit 1": `did not start: it ended with exit status 1; it said: `,
	} {
		t.Run(text, func(t *testing.T) {
			path := script(t, text, 0o755)
			message := refusal(t, t.Context()).Error()
			if !strings.HasPrefix(message, "linktortest: "+path+" ") || !regexp.MustCompile(expected).MatchString(message) {
				t.Errorf("%.400s", message)
			}
		})
	}
}

func TestAMissingProgramSaysWhatToInstall(t *testing.T) {
	t.Setenv("LINKTOR_SANDBOX", "")
	t.Setenv("PATH", t.TempDir())
	failure := refusal(t, t.Context())
	if !errors.Is(failure, exec.ErrNotFound) {
		t.Errorf("%v does not wrap exec.ErrNotFound", failure)
	}
	for _, told := range []string{
		"linktortest: linktor-sandbox is not installed (", "npm install --global @linktor/sandbox",
		"pip install linktor-sandbox", "set LINKTOR_SANDBOX to where it is",
	} {
		if !strings.Contains(failure.Error(), told) {
			t.Errorf("it does not say %q: %v", told, failure)
		}
	}
}

func TestAVariableThatNamesNoProgramIsNotPassedOver(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	t.Setenv("LINKTOR_SANDBOX", nowhere)
	failure := refusal(t, t.Context())
	if !errors.Is(failure, fs.ErrNotExist) || !strings.Contains(failure.Error(), "LINKTOR_SANDBOX names no program: ") ||
		!strings.Contains(failure.Error(), nowhere) {
		t.Error(failure)
	}
	script(t, "exit 0", 0o644)
	if failure := refusal(t, t.Context()); !errors.Is(failure, fs.ErrPermission) {
		t.Error(failure)
	}
	// An interpreter that is not there.
	path := filepath.Join(t.TempDir(), "sandbox")
	check(t, os.WriteFile(path, []byte("#!/nowhere\n"), 0o755))
	t.Setenv("LINKTOR_SANDBOX", path)
	if failure := refusal(t, t.Context()); !strings.Contains(failure.Error(), path+" cannot be run: ") {
		t.Error(failure)
	}
}

func TestAProgramIsFoundOnThePATH(t *testing.T) {
	given, err := exec.LookPath(os.Getenv("LINKTOR_SANDBOX"))
	check(t, err)
	given, err = filepath.Abs(given)
	check(t, err)
	folder := t.TempDir()
	name := "linktor-sandbox" + filepath.Ext(given)
	check(t, os.Symlink(given, filepath.Join(folder, name)))
	t.Setenv("LINKTOR_SANDBOX", "")
	t.Setenv("PATH", folder)
	get(t, linktortest.NewSandbox(t).Client(linktortest.Linktor), "/me")
}

func TestTheContextEndsAStart(t *testing.T) {
	path := script(t, "echo waiting >&2; exec sleep 60", 0o755)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	failure := refusal(t, ctx)
	expected := "linktortest: " + path + " is not ready: context deadline exceeded; it said: waiting"
	if !errors.Is(failure, context.DeadlineExceeded) || failure.Error() != expected {
		t.Error(failure)
	}

	marker := filepath.Join(t.TempDir(), "started")
	script(t, "touch "+marker, 0o755)
	reason := errors.New("no longer wanted")
	cancelled, stop := context.WithCancelCause(t.Context())
	stop(reason)
	failure = refusal(t, cancelled)
	if !errors.Is(failure, context.Canceled) || !errors.Is(failure, reason) ||
		failure.Error() != "linktortest: the sandbox was not started: no longer wanted" {
		t.Error(failure)
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("the program was run")
	}
	var absent context.Context
	if failure := refusal(t, absent); failure.Error() != "linktortest: the context is nil" {
		t.Error(failure)
	}
}

func TestASandboxOutlivesTheContextThatItWasStartedIn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	sandbox, err := linktortest.Start(ctx)
	check(t, err)
	defer sandbox.Stop()
	cancel()
	get(t, sandbox.Client(linktortest.Linktor), "/me")
}

func TestASandboxBehindAScriptEndsToo(t *testing.T) {
	script(t, `"`+os.Getenv("LINKTOR_SANDBOX")+`"; exit`, 0o755)
	sandbox := linktortest.NewSandbox(t)
	get(t, sandbox.Client(linktortest.Linktor), "/me")
	began := time.Now()
	sandbox.Stop()
	if took := time.Since(began); took > time.Second || !gone(sandbox.URL()) {
		t.Errorf("it took %v", took)
	}
}

func TestWhatAProgramLeavesBehindIsNotWaitedFor(t *testing.T) {
	path := script(t, "sleep 60 & echo hello; cat", 0o755)
	if failure := refusal(t, t.Context()); !strings.Contains(failure.Error(), path+" is no sandbox") {
		t.Error(failure)
	}
}

func TestASandboxThatEndedByItselfSaysHow(t *testing.T) {
	marker := filepath.Join(t.TempDir(), "marker")
	script(t, `exec 3<&0; "`+os.Getenv("LINKTOR_SANDBOX")+`" <&3 &
		while [ ! -e "`+marker+`" ]; do sleep 0.01; done; kill $!; wait; echo the disk is full >&2; exit 4`, 0o755)
	sandbox := linktortest.NewSandbox(t)
	check(t, sandbox.Reset(t.Context()), os.WriteFile(marker, nil, 0o600))
	message := ""
	for range 1000 {
		if err := sandbox.Reset(t.Context()); err != nil {
			message = err.Error()
		}
		if strings.Contains(message, "it ended") {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if !strings.HasPrefix(message, "linktortest: the sandbox does not answer (") ||
		!strings.HasSuffix(message, "): it ended with exit status 4; it said: the disk is full") {
		t.Error(message)
	}
}

// recorder is a test that fails without failing this one.
type recorder struct {
	testing.TB
	ctx      context.Context
	message  string
	cleanups []func()
}

func (r *recorder) Helper()                  {}
func (r *recorder) Context() context.Context { return r.ctx }
func (r *recorder) Cleanup(cleanup func())   { r.cleanups = append(r.cleanups, cleanup) }
func (r *recorder) Fatal(values ...any) {
	r.message = fmt.Sprint(values...)
	runtime.Goexit()
}

// run runs a test to its end, without its cleanups.
func (r *recorder) run(test func(t testing.TB)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(r)
	}()
	<-done
}

func TestATestFailsWhereThereIsNoSandbox(t *testing.T) {
	t.Setenv("LINKTOR_SANDBOX", "")
	t.Setenv("PATH", "")
	recorder := &recorder{ctx: t.Context()}
	wentOn := false
	recorder.run(func(t testing.TB) {
		linktortest.NewSandbox(t)
		wentOn = true
	})
	if wentOn || !strings.HasPrefix(recorder.message, "linktortest: linktor-sandbox is not installed") || recorder.cleanups != nil {
		t.Errorf("%v, %q, %d", wentOn, recorder.message, len(recorder.cleanups))
	}
}

func TestASandboxEndsWithItsTest(t *testing.T) {
	recorder := &recorder{ctx: t.Context()}
	var sandbox *linktortest.Sandbox
	recorder.run(func(t testing.TB) { sandbox = linktortest.NewSandbox(t) })
	if recorder.message != "" || len(recorder.cleanups) != 1 {
		t.Fatalf("%q, %d", recorder.message, len(recorder.cleanups))
	}
	check(t, sandbox.Reset(t.Context()))
	recorder.cleanups[0]()
	if !gone(sandbox.URL()) {
		t.Error("it runs")
	}
}
