// Package ffi is the Go side of uniffi's C interface of the SDK's core, written by hand
// against interface.txt. A test of crate linktor-ffi fails when the two drift apart.
//
// It knows bytes, buffers and handles, and nothing of HTTP.
package ffi

/*
#cgo linux,amd64 LDFLAGS: -L${SRCDIR}/lib/linux_amd64 -llinktor_ffi -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc
#cgo noescape linktor_answer
#cgo noescape linktor_client_cancel
#cgo noescape linktor_client_close
#cgo noescape linktor_client_id
#cgo noescape linktor_client_new
#cgo noescape linktor_client_payload
#cgo noescape linktor_client_submit
#cgo noescape linktor_fail
#cgo noescape uniffi_linktor_ffi_fn_func_drain
#cgo noescape uniffi_linktor_ffi_fn_func_wake_fd
#cgo nocallback linktor_answer
#cgo nocallback linktor_buffer_data
#cgo nocallback linktor_buffer_free
#cgo nocallback linktor_client_cancel
#cgo nocallback linktor_client_close
#cgo nocallback linktor_client_free
#cgo nocallback linktor_client_id
#cgo nocallback linktor_client_new
#cgo nocallback linktor_client_payload
#cgo nocallback linktor_client_submit
#cgo nocallback linktor_fail
#cgo nocallback linktor_mismatch
#cgo nocallback uniffi_linktor_ffi_fn_func_drain
#cgo nocallback uniffi_linktor_ffi_fn_func_wake_fd
#include "linktor.h"
*/
import "C"

import (
	"cmp"
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

// Client is a handle of a client in the core, to be freed exactly once.
type Client struct{ handle C.uint64_t }

// NewClient makes a client from its options as a JSON object.
func NewClient(options string) (Client, error) {
	if err := verified(); err != nil {
		return Client{}, err
	}
	if err := checkText("the client's options", options); err != nil {
		return Client{}, err
	}
	var status C.RustCallStatus
	handle := C.linktor_client_new(textData(options), C.int32_t(len(options)), &status)
	return Client{handle}, lift(&status)
}

// ID is what the client's questions name.
func (c Client) ID() (uint64, error) {
	var status C.RustCallStatus
	id := C.linktor_client_id(c.handle, &status)
	return uint64(id), lift(&status)
}

// Submit starts a call and returns its id. The body is copied before it returns.
func (c Client) Submit(method, path, options string, body []byte) (uint64, error) {
	if err := cmp.Or(
		checkText("the method", method),
		checkText("the path", path),
		checkText("the call's options", options),
		checkLength("the body", len(body)),
	); err != nil {
		return 0, err
	}
	var status C.RustCallStatus
	id := C.linktor_client_submit(c.handle,
		textData(method), C.int32_t(len(method)),
		textData(path), C.int32_t(len(path)),
		textData(options), C.int32_t(len(options)),
		bytesData(body), C.int32_t(len(body)),
		&status)
	return uint64(id), lift(&status)
}

// Cancel ends a call without a completion, unless that is queued already.
func (c Client) Cancel(id uint64) error {
	var status C.RustCallStatus
	C.linktor_client_cancel(c.handle, C.uint64_t(id), &status)
	return lift(&status)
}

// Payload says where the payload of a success lies under the family's envelope.
func (c Client) Payload(status int, body []byte) (Payload, error) {
	if err := checkLength("the body", len(body)); err != nil {
		return Payload{}, err
	}
	var call C.RustCallStatus
	buffer := C.linktor_client_payload(c.handle, C.uint16_t(status), bytesData(body), C.int32_t(len(body)), &call)
	if err := lift(&call); err != nil {
		return Payload{}, err
	}
	defer C.linktor_buffer_free(buffer)
	return readPayload(view(buffer))
}

// Close ends all calls in flight, and later ones, with an error of the kind "closed".
func (c Client) Close() error {
	var status C.RustCallStatus
	C.linktor_client_close(c.handle, &status)
	return lift(&status)
}

// Free gives the handle back. Nothing may be called on it afterwards.
func (c Client) Free() {
	C.linktor_client_free(c.handle)
}

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
