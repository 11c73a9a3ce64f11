//go:build linktor_count

package ffi

/*
#cgo CFLAGS: -DLINKTOR_COUNT_BUFFERS
#include "linktor.h"
static int64_t linktor_buffers_now(void) { return linktor_buffers; }
*/
import "C"

import "fmt"

// Balance fails if buffers of Rust are not given back.
func Balance() error {
	if count := Buffers(); count != 0 {
		return fmt.Errorf("%d buffers of Rust are not given back", count)
	}
	return nil
}

// Buffers is how many buffers Rust has given that it was not given back.
func Buffers() int64 { return int64(C.linktor_buffers_now()) }
