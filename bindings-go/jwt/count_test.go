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
	if count := ffi.Buffers(); count != 0 {
		fmt.Printf("after all tests %d buffers of Rust are not given back\n", count)
		code = 1
	}
	os.Exit(code)
}
