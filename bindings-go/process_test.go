package linktor_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// programVariable names the program that the test binary runs instead of the tests, for what
// needs a process of its own.
const programVariable = "LINKTOR_TEST_PROGRAM"

var programs = map[string]func(arguments []string) error{}

func runProgram(name string) {
	if err := programs[name](os.Args[1:]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// run runs one of the programs, and gives what it printed.
func run(t testing.TB, limit time.Duration, name string, arguments ...string) (string, error) {
	t.Helper()
	return execute(t, limit, os.Args[0], []string{programVariable + "=" + name}, arguments...)
}

func execute(t testing.TB, limit time.Duration, path string, environment []string, arguments ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	command := exec.CommandContext(ctx, path, arguments...)
	command.Env = append(os.Environ(), environment...)
	output, err := command.CombinedOutput()
	if ctx.Err() != nil {
		err = fmt.Errorf("it was killed after %v", limit)
	}
	return string(output), err
}

// buildTags are those of the tests, and so of the programs that they build.
var buildTags []string

// buildProgram builds testdata/program as a module that knows this one by a replacement.
func buildProgram(t *testing.T) string {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS("testdata/program")); err != nil {
		t.Fatal(err)
	}
	module := fmt.Sprintf("module example.com/program\n\ngo 1.26\n\nrequire github.com/linktor/linktor-go v0.0.0\n\n"+
		"replace github.com/linktor/linktor-go => %q\n", here)
	if err := os.WriteFile(filepath.Join(folder, "go.mod"), []byte(module), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "go", "build", "-tags", strings.Join(buildTags, ","), "-o", "program", ".")
	command.Dir = folder
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return filepath.Join(folder, "program")
}

func TestAProgramCallsInInitAndEndsByItself(t *testing.T) {
	path := buildProgram(t)
	for name, one := range map[string]struct {
		said string
		code int
	}{
		"returns":     {"early: 200\nlate: 200\n", 0},
		"locked":      {"early: 200\nlate: 200\n", 0},
		"in_flight":   {"early: 200\n", 0},
		"exits":       {"early: 200\n", 3},
		"panics":      {"early: 200\npanic: invented\n", 2},
		"interrupted": {"early: 200\nlate: true\n", 0},
	} {
		for _, processors := range []string{"1", "2"} {
			answers := []any{object{"json": object{}, "match": object{"path": "/api/v1/me"}},
				object{"json": object{}, "match": object{"path": "/api/v1/me"}}}
			for range 60 {
				answers = append(answers, object{"delay_ms": 60000, "match": object{"path": "/api/v1/slow"}})
			}
			reset(t, answers...)
			environment := []string{"LINKTOR_BASE_URL=" + sandbox.BaseURLs["linktor"], "GOMAXPROCS=" + processors}
			start := time.Now()
			output, err := execute(t, 10*time.Second, path, environment, name)
			code := 0
			if exit, ok := errors.AsType[*exec.ExitError](err); ok {
				code, err = exit.ExitCode(), nil
			}
			took := time.Since(start)
			if err != nil || code != one.code || !strings.HasPrefix(output, one.said) || took > 3*time.Second {
				t.Errorf("%s on %s: after %v: exit code %d, %v\n%s", name, processors, took, code, err, output)
			}
		}
	}
}
