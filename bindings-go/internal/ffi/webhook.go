package ffi

// #include "linktor.h"
import "C"

import "cmp"

// Verifier is a handle of a webhook verifier in the core, to be freed exactly once.
type Verifier struct{ handle C.uint64_t }

// NewVerifier makes a verifier from its options as a JSON object, and secrets of any bytes.
func NewVerifier(options string, secrets ...string) (Verifier, error) {
	packed := packAll(secrets)
	if err := cmp.Or(checkCall("the options", options), checkLength("the secrets", len(packed))); err != nil {
		return Verifier{}, err
	}
	var status C.RustCallStatus
	handle := C.linktor_verifier_new(
		textData(options), C.int32_t(len(options)),
		bytesData(packed), C.int32_t(len(packed)),
		&status)
	return Verifier{handle}, lift(&status)
}

// HeaderNames gives the headers that it reads, in lower case; others need not cross.
func (v Verifier) HeaderNames() ([]string, error) {
	var status C.RustCallStatus
	buffer := C.linktor_verifier_header_names(v.handle, &status)
	if err := lift(&status); err != nil {
		return nil, err
	}
	defer C.linktor_buffer_free(buffer)
	return readTexts(view(buffer))
}

// Verify gives the event of a delivery. Headers are names and values in turn, by [Pack].
func (v Verifier) Verify(body, headers []byte) (Event, error) {
	if err := checkDelivery(body, headers); err != nil {
		return Event{}, err
	}
	var status C.RustCallStatus
	buffer := C.linktor_verifier_verify(v.handle,
		bytesData(body), C.int32_t(len(body)),
		bytesData(headers), C.int32_t(len(headers)),
		&status)
	if err := lift(&status); err != nil {
		return Event{}, err
	}
	defer C.linktor_buffer_free(buffer)
	return readEvent(view(buffer))
}

// VerifySignature is [Verifier.Verify] without an event.
func (v Verifier) VerifySignature(body, headers []byte) error {
	if err := checkDelivery(body, headers); err != nil {
		return err
	}
	var status C.RustCallStatus
	C.linktor_verifier_verify_signature(v.handle,
		bytesData(body), C.int32_t(len(body)),
		bytesData(headers), C.int32_t(len(headers)),
		&status)
	return lift(&status)
}

// Free gives the handle back. Nothing may be called on it afterwards.
func (v Verifier) Free() {
	C.linktor_verifier_free(v.handle)
}

// SignWebhook gives the headers of a delivery as names and values, from options as JSON.
func SignWebhook(options string, body []byte, secrets ...string) ([][2]string, error) {
	packed := packAll(secrets)
	if err := cmp.Or(
		checkCall("the options", options),
		checkLength("the body", len(body)),
		checkLength("the secret", len(packed)),
	); err != nil {
		return nil, err
	}
	var status C.RustCallStatus
	buffer := C.linktor_webhook_sign(
		textData(options), C.int32_t(len(options)),
		bytesData(body), C.int32_t(len(body)),
		bytesData(packed), C.int32_t(len(packed)),
		&status)
	if err := lift(&status); err != nil {
		return nil, err
	}
	defer C.linktor_buffer_free(buffer)
	return readPairs(view(buffer))
}

// Deduplicator is a handle of one in the core, to be freed exactly once.
type Deduplicator struct{ handle C.uint64_t }

// NewDeduplicator makes one that remembers so many events; nil for the default.
func NewDeduplicator(capacity *int64) (Deduplicator, error) {
	if err := verified(); err != nil {
		return Deduplicator{}, err
	}
	option := writeCount(capacity)
	var status C.RustCallStatus
	handle := C.linktor_deduplicator_new(bytesData(option), C.int32_t(len(option)), &status)
	return Deduplicator{handle}, lift(&status)
}

// Begin claims an event, and says whether it was new, in_progress or done.
func (d Deduplicator) Begin(id string) (string, error) {
	if err := checkText("the event's id", id); err != nil {
		return "", err
	}
	var status C.RustCallStatus
	buffer := C.linktor_deduplicator_begin(d.handle, textData(id), C.int32_t(len(id)), &status)
	return liftText(buffer, &status)
}

// Commit says that an event was handled.
func (d Deduplicator) Commit(id string) error {
	if err := checkText("the event's id", id); err != nil {
		return err
	}
	var status C.RustCallStatus
	C.linktor_deduplicator_commit(d.handle, textData(id), C.int32_t(len(id)), &status)
	return lift(&status)
}

// Release says that handling an event failed.
func (d Deduplicator) Release(id string) error {
	if err := checkText("the event's id", id); err != nil {
		return err
	}
	var status C.RustCallStatus
	C.linktor_deduplicator_release(d.handle, textData(id), C.int32_t(len(id)), &status)
	return lift(&status)
}

// Free gives the handle back. Nothing may be called on it afterwards.
func (d Deduplicator) Free() {
	C.linktor_deduplicator_free(d.handle)
}

func packAll(texts []string) []byte {
	var packed []byte
	for _, text := range texts {
		packed = Pack(packed, text)
	}
	return packed
}

func checkDelivery(body, headers []byte) error {
	return cmp.Or(checkLength("the body", len(body)), checkLength("the headers", len(headers)))
}
