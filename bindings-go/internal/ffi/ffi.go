// Package ffi is the Go side of uniffi's C interface of the SDK's core, written by hand
// against interface.txt. A test of crate linktor-ffi fails when the two drift apart.
//
// It knows bytes, buffers and handles, and nothing of HTTP.
package ffi

/*
#include "linktor.h"
*/
import "C"

import (
	_ "embed"
	"fmt"
	"hash/fnv"
	"math"
	"sync"
	"unicode/utf8"
	"unsafe"
)

// Failure is an error of the core: an error record as JSON.
type Failure struct{ Record string }

func (f *Failure) Error() string { return f.Record }

// Defect is a panic in the core, or an interface other than the one this package knows.
type Defect struct{ Message string }

func (d *Defect) Error() string { return d.Message }

// Unfit is an argument that cannot cross: no UTF-8, or 2 GiB and more.
type Unfit struct{ Message string }

func (u *Unfit) Error() string { return u.Message }

//go:embed interface.txt
var writtenAgainst []byte

// verified compares the linked library with the one this package was written against:
// uniffi's contract and checksums say how functions are called, the hash how all that
// crosses is laid out.
var verified = sync.OnceValue(func() error {
	if what := C.linktor_mismatch(); what != nil {
		return mismatch(C.GoString(what))
	}
	hash := fnv.New64a()
	_, _ = hash.Write(writtenAgainst)
	var status C.RustCallStatus
	theirs := C.linktor_interface_hash(&status)
	if err := lift(&status); err != nil {
		return err
	}
	if uint64(theirs) != hash.Sum64() {
		return mismatch("its interface")
	}
	return nil
})

func mismatch(what string) error {
	return &Defect{fmt.Sprintf("the linked liblinktor_ffi is of another version: %s differs; build it anew with "+
		"`make go-lib`, or take the library and the module of one release", what)}
}

// Provider gives the whole document of a provider: of a family by its name as JSON, or of one
// of the user's own.
func Provider(document string) (string, error) {
	return convert("the provider", document, func(data *C.uint8_t, length C.int32_t, status *C.RustCallStatus) C.RustBuffer {
		return C.linktor_provider(data, length, status)
	})
}

// SignJWT signs a token, from arguments as JSON.
func SignJWT(arguments string) (string, error) {
	return convert("the arguments", arguments, func(data *C.uint8_t, length C.int32_t, status *C.RustCallStatus) C.RustBuffer {
		return C.linktor_jwt_sign(data, length, status)
	})
}

// VerifyJWT verifies a token, from arguments as JSON, and gives its claims as JSON.
func VerifyJWT(arguments string) (string, error) {
	return convert("the arguments", arguments, func(data *C.uint8_t, length C.int32_t, status *C.RustCallStatus) C.RustBuffer {
		return C.linktor_jwt_verify(data, length, status)
	})
}

// convert makes one text of another.
func convert(what, text string, call func(*C.uint8_t, C.int32_t, *C.RustCallStatus) C.RustBuffer) (string, error) {
	if err := checkCall(what, len(text)); err != nil {
		return "", err
	}
	var status C.RustCallStatus
	buffer := call(textData(text), C.int32_t(len(text)), &status)
	return liftText(buffer, &status)
}

// lift turns a call's status into an error, and frees what it holds.
func lift(status *C.RustCallStatus) error {
	const success, failure = 0, 1
	if status.code == success {
		return nil
	}
	defer C.linktor_buffer_free(status.error)
	if status.code == failure {
		return readFailure(view(status.error))
	}
	return &Defect{"a defect of the SDK: " + string(view(status.error))}
}

// liftText gives a text that was returned, and frees it.
func liftText(buffer C.RustBuffer, status *C.RustCallStatus) (string, error) {
	return liftAs(buffer, status, func(data []byte) (string, error) { return string(data), nil })
}

// liftAs reads what was returned, and frees it.
func liftAs[T any](buffer C.RustBuffer, status *C.RustCallStatus, read func([]byte) (T, error)) (T, error) {
	if err := lift(status); err != nil {
		var none T
		return none, err
	}
	defer C.linktor_buffer_free(buffer)
	return read(view(buffer))
}

// view shows a buffer's bytes, which are Rust's and gone once it is freed.
func view(buffer C.RustBuffer) []byte {
	if buffer.len == 0 {
		return nil
	}
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&buffer.data)), int(buffer.len))
}

func textData(text string) *C.uint8_t {
	return (*C.uint8_t)(unsafe.StringData(text))
}

func bytesData(bytes []byte) *C.uint8_t {
	return (*C.uint8_t)(unsafe.SliceData(bytes))
}

// checkCall is for the functions that a process may call first.
func checkCall(what string, length int) error {
	if err := verified(); err != nil {
		return err
	}
	return checkLength(what, length)
}

// longest is the most bytes that can be lent.
const longest = math.MaxInt32

// checkText is for texts in lists, which Rust would take for UTF-8 unseen.
func checkText(what, text string) error {
	if !utf8.ValidString(text) {
		return &Unfit{what + " is not valid UTF-8"}
	}
	return nil
}

func checkLength(what string, length int) error {
	if length > longest {
		return &Unfit{what + " is 2 GiB or more"}
	}
	return nil
}
