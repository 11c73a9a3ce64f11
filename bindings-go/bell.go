//go:build !linux || linktor_portable

package linktor

import "github.com/linktor/linktor-go/internal/ffi"

// openBell gives a function that waits until there is something to drain, in a thread of its
// own.
func openBell() (func() error, error) {
	return ffi.Wait, nil
}
