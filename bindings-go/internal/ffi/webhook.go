package ffi

// #include "linktor.h"
import "C"

import "cmp"

// Verifier is a handle of a webhook verifier in the core, to be freed exactly once.
type Verifier struct{ handle C.uint64_t }

// NewVerifier makes a verifier from its options as a JSON object, and secrets of any bytes.
func NewVerifier(options string, secrets ...string) (Verifier, error) {
	packed := packAll(secrets)
	if err := cmp.Or(checkCall("the options", len(options)), checkLength("the secrets", len(packed))); err != nil {
		return Verifier{}, err
	}
	var status C.RustCallStatus
	handle := C.linktor_verifier_new(
		textData(options), C.int32_t(len(options)),
		bytesData(packed), C.int32_t(len(packed)),
		&status)
	return Verifier{handle}, lift(&status)
}

// Facts is what is to be known of the verifier before a delivery is read.
func (v Verifier) Facts() (VerifierFacts, error) {
	var status C.RustCallStatus
	buffer := C.linktor_verifier_facts(v.handle, &status)
	return liftAs(buffer, &status, readFacts)
}

// Admit refuses what need not be read. Headers are names and values in turn, by [Pack].
func (v Verifier) Admit(method string, headers []byte) error {
	if err := cmp.Or(checkLength("the method", len(method)), checkLength("the headers", len(headers))); err != nil {
		return err
	}
	var status C.RustCallStatus
	C.linktor_verifier_admit(v.handle,
		textData(method), C.int32_t(len(method)),
		bytesData(headers), C.int32_t(len(headers)),
		&status)
	return lift(&status)
}

// Verify gives the event of a delivery.
func (v Verifier) Verify(body, headers []byte) (Event, error) {
	if err := checkDelivery(body, headers); err != nil {
		return Event{}, err
	}
	var status C.RustCallStatus
	buffer := C.linktor_verifier_verify(v.handle,
		bytesData(body), C.int32_t(len(body)),
		bytesData(headers), C.int32_t(len(headers)),
		&status)
	return liftAs(buffer, &status, readEvent)
}

// Receive is [Verifier.Verify] of an event with its key.
func (v Verifier) Receive(body, headers []byte) (Event, error) {
	if err := checkDelivery(body, headers); err != nil {
		return Event{}, err
	}
	var status C.RustCallStatus
	buffer := C.linktor_verifier_receive(v.handle,
		bytesData(body), C.int32_t(len(body)),
		bytesData(headers), C.int32_t(len(headers)),
		&status)
	return liftAs(buffer, &status, readEvent)
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
		checkCall("the options", len(options)),
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
	return liftAs(buffer, &status, readPairs)
}

// AnswerTo is what the sender gets of an event that is new, in_progress or done.
func AnswerTo(begun string) (WebhookAnswer, error) {
	if err := checkLength("the answer", len(begun)); err != nil {
		return WebhookAnswer{}, err
	}
	var status C.RustCallStatus
	buffer := C.linktor_webhook_answer(textData(begun), C.int32_t(len(begun)), &status)
	return liftAs(buffer, &status, readAnswer)
}

// Refusal is what the sender gets of a delivery that was refused with this code; nil, where
// the deduplicator failed.
func Refusal(code *string) (WebhookAnswer, error) {
	option := writeOption(code)
	var status C.RustCallStatus
	buffer := C.linktor_webhook_refusal(bytesData(option), C.int32_t(len(option)), &status)
	return liftAs(buffer, &status, readAnswer)
}

// IsHandled tells whether a handler that answers with this status has handled the event.
func IsHandled(httpStatus uint16) (bool, error) {
	var status C.RustCallStatus
	is := C.linktor_webhook_is_handled(C.uint16_t(httpStatus), &status)
	return is != 0, lift(&status)
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
	if err := checkLength("the event's id", len(id)); err != nil {
		return "", err
	}
	var status C.RustCallStatus
	buffer := C.linktor_deduplicator_begin(d.handle, textData(id), C.int32_t(len(id)), &status)
	return liftText(buffer, &status)
}

// Commit says that an event was handled.
func (d Deduplicator) Commit(id string) error {
	if err := checkLength("the event's id", len(id)); err != nil {
		return err
	}
	var status C.RustCallStatus
	C.linktor_deduplicator_commit(d.handle, textData(id), C.int32_t(len(id)), &status)
	return lift(&status)
}

// Release says that handling an event failed.
func (d Deduplicator) Release(id string) error {
	if err := checkLength("the event's id", len(id)); err != nil {
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
