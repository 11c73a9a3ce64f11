package linktor_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/linktor/linktor-go"
)

// programVariable names the program that the test binary is to run instead of the tests.
const programVariable = "LINKTOR_TEST_PROGRAM"

// made in an init function, which must not hang.
var early = func() *linktor.Client {
	if os.Getenv(programVariable) == "" {
		return nil
	}
	return linktor.New("lk_invented", linktor.WithBaseURL(os.Getenv("LINKTOR_TEST_URL")))
}()

var earlyResponse, earlyErr = func() (*linktor.Response, error) {
	if early == nil {
		return nil, nil
	}
	return early.Get(context.Background(), "/me")
}()

func runProgram(name string) {
	if name == "in_flight" {
		go func() { _, _ = early.Get(context.Background(), "/me") }()
		time.Sleep(100 * time.Millisecond)
	}
	fmt.Println("early:", earlyResponse, earlyErr)
}

func TestAProgramEndsByItself(t *testing.T) {
	for _, program := range []string{"after_its_last_call", "in_flight"} {
		reset(t, object{"json": object{}}, object{"delay_ms": 60000, "json": object{}})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		command := exec.CommandContext(ctx, os.Args[0])
		command.Env = append(os.Environ(), programVariable+"="+program, "LINKTOR_TEST_URL="+sandbox.BaseURLs["linktor"])
		start := time.Now()
		output, err := command.CombinedOutput()
		took := time.Since(start)
		if err != nil || took > 5*time.Second || !strings.Contains(string(output), "early: linktor.Response(HTTP 200") {
			t.Errorf("%s: after %v: %v\n%s", program, took, err, output)
		}
	}
}
