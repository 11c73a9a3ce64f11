//go:build !linktor_portable

package linktor

import (
	"errors"
	"os"

	"github.com/linktor/linktor-go/internal/ffi"
)

// openBell gives a function that waits until there is something to drain: in the netpoller,
// without a thread.
func openBell() (func() error, error) {
	fd, err := ffi.WakeFD()
	if err != nil {
		return nil, err
	}
	if fd == nil {
		return nil, errors.New("a defect of the SDK: there is no descriptor to wait for")
	}
	// The core owns the descriptor; the file is never collected, since what holds it never ends.
	bell := os.NewFile(*fd, "linktor")
	var count [8]byte
	return func() error {
		_, err := bell.Read(count[:])
		return err
	}, nil
}
