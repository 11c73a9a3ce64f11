package ffi

// #include "linktor.h"
import "C"

import "cmp"

// WakeFD is the descriptor that becomes readable when there is something to drain, or nil
// where there is none. Reading eight bytes from it resets it; it stays open as long as the
// process runs. Ask for it before anything else.
func WakeFD() (*uintptr, error) {
	if err := verified(); err != nil {
		return nil, err
	}
	var status C.RustCallStatus
	buffer := C.linktor_wake_fd(&status)
	return liftAs(buffer, &status, readFD)
}

// Wait blocks until there is something to drain, where nobody has asked for [WakeFD].
func Wait() error {
	var status C.RustCallStatus
	C.linktor_wait(&status)
	return lift(&status)
}

// Drain takes all that came up. Reset the descriptor before.
func Drain() ([]Item, error) {
	var status C.RustCallStatus
	buffer := C.linktor_drain(&status)
	return liftAs(buffer, &status, readItems)
}

// Answer answers a question with JSON.
func Answer(id uint64, json string) error {
	if err := checkLength("the answer", len(json)); err != nil {
		return err
	}
	var status C.RustCallStatus
	C.linktor_answer(C.uint64_t(id), textData(json), C.int32_t(len(json)), &status)
	return lift(&status)
}

// AnswerResponse answers a question to a transport. Headers are names and values in turn, by
// [Pack].
func AnswerResponse(id uint64, httpStatus uint16, headers, body []byte) error {
	if err := cmp.Or(checkLength("the headers", len(headers)), checkLength("the body", len(body))); err != nil {
		return err
	}
	var status C.RustCallStatus
	C.linktor_answer_response(C.uint64_t(id), C.uint16_t(httpStatus),
		bytesData(headers), C.int32_t(len(headers)),
		bytesData(body), C.int32_t(len(body)),
		&status)
	return lift(&status)
}

// Fail answers a question with a failure: of a function, or of the network, which is
// connect, connect_timeout, timeout, interrupted, truncated, body_too_large or decode.
func Fail(id uint64, network, message string) error {
	if err := checkLength("the message", len(message)); err != nil {
		return err
	}
	var status C.RustCallStatus
	C.linktor_fail(C.uint64_t(id),
		textData(network), C.int32_t(len(network)),
		textData(message), C.int32_t(len(message)),
		&status)
	return lift(&status)
}

// Forgotten gives those of these questions that wait for no answer, and of whose failure no
// error is left in the core.
func Forgotten(questions []uint64) ([]uint64, error) {
	list := writeNumbers(questions)
	if err := checkLength("the questions", len(list)); err != nil {
		return nil, err
	}
	var status C.RustCallStatus
	buffer := C.linktor_forgotten(bytesData(list), C.int32_t(len(list)), &status)
	return liftAs(buffer, &status, readNumbers)
}
