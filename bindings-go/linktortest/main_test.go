package linktortest_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/linktor/linktor-go/linktortest"
)

// programVariable says that the test binary is a program with a sandbox, and how it ends.
const programVariable = "LINKTORTEST_PROGRAM"

func TestMain(m *testing.M) {
	if end := os.Getenv(programVariable); end != "" {
		runProgram(end)
		return
	}
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		family, _, _ := strings.Cut(name, "_")
		switch family {
		case "LINKTOR", "LINKIT", "LIBROMI", "API":
			if name != "LINKTOR_SANDBOX" {
				_ = os.Unsetenv(name)
			}
		}
	}
	os.Exit(m.Run())
}

func runProgram(end string) {
	sandbox, err := linktortest.Start(context.Background())
	if err != nil {
		panic(err)
	}
	fmt.Println(sandbox.URL())
	switch end {
	case "exit":
		os.Exit(3)
	case "panic":
		panic("invented")
	case "killed":
		// Until it is killed; or, if its test is, until its input ends.
		_, _ = io.ReadAll(os.Stdin)
	}
}
