// Package ffi is the Go side of uniffi's C interface of the SDK's core, written by hand
// against interface.txt. A test of crate linktor-ffi fails when the two drift apart.
//
// It knows bytes, buffers and handles, and nothing of HTTP.
package ffi

/*
#cgo noescape linktor_answer
#cgo noescape linktor_client_authorize_url
#cgo noescape linktor_client_cancel
#cgo noescape linktor_client_close
#cgo noescape linktor_client_id
#cgo noescape linktor_client_invalidate
#cgo noescape linktor_client_new
#cgo noescape linktor_client_payload
#cgo noescape linktor_client_rate_limit
#cgo noescape linktor_client_session
#cgo noescape linktor_client_submit
#cgo noescape linktor_client_submit_auth
#cgo noescape linktor_client_with_credentials
#cgo noescape linktor_client_with_organization
#cgo noescape linktor_deduplicator_begin
#cgo noescape linktor_deduplicator_commit
#cgo noescape linktor_deduplicator_new
#cgo noescape linktor_deduplicator_release
#cgo noescape linktor_fail
#cgo noescape linktor_jwt_sign
#cgo noescape linktor_jwt_verify
#cgo noescape linktor_verifier_header_names
#cgo noescape linktor_verifier_new
#cgo noescape linktor_verifier_verify
#cgo noescape linktor_verifier_verify_signature
#cgo noescape linktor_webhook_sign
#cgo noescape uniffi_linktor_ffi_fn_func_drain
#cgo noescape uniffi_linktor_ffi_fn_func_wake_fd
#cgo nocallback linktor_answer
#cgo nocallback linktor_buffer_data
#cgo nocallback linktor_buffer_free
#cgo nocallback linktor_client_authorize_url
#cgo nocallback linktor_client_cancel
#cgo nocallback linktor_client_close
#cgo nocallback linktor_client_free
#cgo nocallback linktor_client_id
#cgo nocallback linktor_client_invalidate
#cgo nocallback linktor_client_new
#cgo nocallback linktor_client_payload
#cgo nocallback linktor_client_rate_limit
#cgo nocallback linktor_client_session
#cgo nocallback linktor_client_submit
#cgo nocallback linktor_client_submit_auth
#cgo nocallback linktor_client_with_credentials
#cgo nocallback linktor_client_with_organization
#cgo nocallback linktor_deduplicator_begin
#cgo nocallback linktor_deduplicator_commit
#cgo nocallback linktor_deduplicator_free
#cgo nocallback linktor_deduplicator_new
#cgo nocallback linktor_deduplicator_release
#cgo nocallback linktor_fail
#cgo nocallback linktor_jwt_sign
#cgo nocallback linktor_jwt_verify
#cgo nocallback linktor_mismatch
#cgo nocallback linktor_verifier_free
#cgo nocallback linktor_verifier_header_names
#cgo nocallback linktor_verifier_new
#cgo nocallback linktor_verifier_verify
#cgo nocallback linktor_verifier_verify_signature
#cgo nocallback linktor_webhook_sign
#cgo nocallback uniffi_linktor_ffi_fn_func_drain
#cgo nocallback uniffi_linktor_ffi_fn_func_wake_fd
#include "linktor.h"
*/
import "C"

import (
	"fmt"
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

// verified compares the linked library with the one this package was written against.
var verified = sync.OnceValue(func() error {
	if what := C.linktor_mismatch(); what != nil {
		return &Defect{fmt.Sprintf("the linked liblinktor_ffi is of another version: %s differs", C.GoString(what))}
	}
	return nil
})

// Answer answers a question with JSON.
func Answer(id uint64, json string) error {
	if err := checkText("the answer", json); err != nil {
		return err
	}
	var status C.RustCallStatus
	C.linktor_answer(C.uint64_t(id), textData(json), C.int32_t(len(json)), &status)
	return lift(&status)
}

// Fail answers a question with a failure.
func Fail(id uint64, message string) error {
	if err := checkText("the message", message); err != nil {
		return err
	}
	var status C.RustCallStatus
	C.linktor_fail(C.uint64_t(id), textData(message), C.int32_t(len(message)), &status)
	return lift(&status)
}

// SignJWT signs a token, from arguments as JSON.
func SignJWT(arguments string) (string, error) {
	if err := checkCall("the arguments", arguments); err != nil {
		return "", err
	}
	var status C.RustCallStatus
	buffer := C.linktor_jwt_sign(textData(arguments), C.int32_t(len(arguments)), &status)
	return liftText(buffer, &status)
}

// VerifyJWT verifies a token, from arguments as JSON, and gives its claims as JSON.
func VerifyJWT(arguments string) (string, error) {
	if err := checkCall("the arguments", arguments); err != nil {
		return "", err
	}
	var status C.RustCallStatus
	buffer := C.linktor_jwt_verify(textData(arguments), C.int32_t(len(arguments)), &status)
	return liftText(buffer, &status)
}

// WakeFD is the descriptor that becomes readable when there is something to drain. Reading
// eight bytes from it resets it; it stays open as long as the process runs.
func WakeFD() (uintptr, error) {
	var status C.RustCallStatus
	fd := C.uniffi_linktor_ffi_fn_func_wake_fd(&status)
	return uintptr(fd), lift(&status)
}

// Drain takes all that came up. Reset the descriptor before.
func Drain() ([]Item, error) {
	var status C.RustCallStatus
	buffer := C.uniffi_linktor_ffi_fn_func_drain(&status)
	if err := lift(&status); err != nil {
		return nil, err
	}
	defer C.linktor_buffer_free(buffer)
	return readItems(view(buffer))
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
	if err := lift(status); err != nil {
		return "", err
	}
	defer C.linktor_buffer_free(buffer)
	return string(view(buffer)), nil
}

// view shows a buffer's bytes, which are Rust's and gone once it is freed.
func view(buffer C.RustBuffer) []byte {
	if buffer.len == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(C.linktor_buffer_data(buffer)), int(buffer.len))
}

func textData(text string) unsafe.Pointer {
	return unsafe.Pointer(unsafe.StringData(text))
}

func bytesData(bytes []byte) unsafe.Pointer {
	return unsafe.Pointer(unsafe.SliceData(bytes))
}

// checkCall is for the functions that a process may call first.
func checkCall(what, text string) error {
	if err := verified(); err != nil {
		return err
	}
	return checkText(what, text)
}

// checkText refuses what Rust would take for UTF-8 unseen.
func checkText(what, text string) error {
	if !utf8.ValidString(text) {
		return &Unfit{what + " is not valid UTF-8"}
	}
	return checkLength(what, len(text))
}

func checkLength(what string, length int) error {
	if length > math.MaxInt32 {
		return &Unfit{what + " is 2 GiB or more"}
	}
	return nil
}
