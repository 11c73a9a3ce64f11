//go:build linktor_count

package jwt_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/linktor/linktor-go/internal/ffi"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := ffi.Balance(); err != nil {
		fmt.Println("after all tests", err)
		code = 1
	}
	os.Exit(code)
}
