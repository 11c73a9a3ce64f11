package ffi

// #include "linktor.h"
import "C"

import "cmp"

// Client is a handle of a client in the core, to be freed exactly once.
type Client struct{ handle C.uint64_t }

// NewClient makes a client from its options as a JSON object.
func NewClient(options string) (Client, error) {
	if err := checkCall("the options", len(options)); err != nil {
		return Client{}, err
	}
	var status C.RustCallStatus
	handle := C.linktor_client_new(textData(options), C.int32_t(len(options)), &status)
	return Client{handle}, lift(&status)
}

// WithOrganization makes a handle for another organization.
func (c Client) WithOrganization(id string) (Client, error) {
	if err := checkLength("the organization", len(id)); err != nil {
		return Client{}, err
	}
	var status C.RustCallStatus
	handle := C.linktor_client_with_organization(c.handle, textData(id), C.int32_t(len(id)), &status)
	return Client{handle}, lift(&status)
}

// WithCredentials makes a handle with a credential of its own, given as in [NewClient].
func (c Client) WithCredentials(options string) (Client, error) {
	if err := checkLength("the credential", len(options)); err != nil {
		return Client{}, err
	}
	var status C.RustCallStatus
	handle := C.linktor_client_with_credentials(c.handle, textData(options), C.int32_t(len(options)), &status)
	return Client{handle}, lift(&status)
}

// ID is what the client's questions and events name.
func (c Client) ID() (uint64, error) {
	var status C.RustCallStatus
	id := C.linktor_client_id(c.handle, &status)
	return uint64(id), lift(&status)
}

// Log says whether all events come up from here on, or only those that warn of something.
func (c Client) Log(isLogged bool) error {
	var flag C.int8_t
	if isLogged {
		flag = 1
	}
	var status C.RustCallStatus
	C.linktor_client_log(c.handle, flag, &status)
	return lift(&status)
}

// IDs gives the first of so many ids for calls, that nobody else gets.
func IDs(count uint32) (uint64, error) {
	var status C.RustCallStatus
	first := C.linktor_ids(C.uint32_t(count), &status)
	return uint64(first), lift(&status)
}

// Submit starts a call under one of [IDs]. The body is copied before it returns.
func (c Client) Submit(id uint64, method, path, options string, body []byte) error {
	if err := checkRequest(method, path, options, body); err != nil {
		return err
	}
	var status C.RustCallStatus
	C.linktor_client_submit(c.handle, C.uint64_t(id),
		textData(method), C.int32_t(len(method)),
		textData(path), C.int32_t(len(path)),
		textData(options), C.int32_t(len(options)),
		bytesData(body), C.int32_t(len(body)),
		&status)
	return lift(&status)
}

// Call is [Client.Submit], but if nothing else is under way this thread drives the call for
// up to 2 ms. It gives the completion, or nil if that comes up.
func (c Client) Call(id uint64, method, path, options string, body []byte) (*Item, error) {
	if err := checkRequest(method, path, options, body); err != nil {
		return nil, err
	}
	var status C.RustCallStatus
	buffer := C.linktor_client_call(c.handle, C.uint64_t(id),
		textData(method), C.int32_t(len(method)),
		textData(path), C.int32_t(len(path)),
		textData(options), C.int32_t(len(options)),
		bytesData(body), C.int32_t(len(body)),
		&status)
	return liftAs(buffer, &status, readOptionalItem)
}

func checkRequest(method, path, options string, body []byte) error {
	if max(len(method), len(path), len(options), len(body)) > longest {
		return &Unfit{"the request is 2 GiB or more"}
	}
	return nil
}

// SubmitAuth starts an auth call, given as JSON, under one of [IDs].
func (c Client) SubmitAuth(id uint64, call string) error {
	if err := checkLength("the call", len(call)); err != nil {
		return err
	}
	var status C.RustCallStatus
	C.linktor_client_submit_auth(c.handle, C.uint64_t(id), textData(call), C.int32_t(len(call)), &status)
	return lift(&status)
}

// Session is what is known of the session, as JSON: null if there is none.
func (c Client) Session() (string, error) {
	var status C.RustCallStatus
	buffer := C.linktor_client_session(c.handle, &status)
	return liftText(buffer, &status)
}

// RateLimit is what is known of the rate limit of a class, or for nil of that of the last
// answer: nil if nothing is.
func (c Client) RateLimit(class *string) (*RateLimit, error) {
	if class != nil {
		if err := checkText("the class", *class); err != nil {
			return nil, err
		}
	}
	option := writeOption(class)
	var status C.RustCallStatus
	buffer := C.linktor_client_rate_limit(c.handle, bytesData(option), C.int32_t(len(option)), &status)
	return liftAs(buffer, &status, readRateLimit)
}

// Invalidate forgets the access token.
func (c Client) Invalidate() error {
	var status C.RustCallStatus
	C.linktor_client_invalidate(c.handle, &status)
	return lift(&status)
}

// AuthorizeURL makes a request for a user's consent, as JSON.
func (c Client) AuthorizeURL(scopes []string, redirectURI string) (string, error) {
	for _, scope := range scopes {
		if err := checkText("a scope", scope); err != nil {
			return "", err
		}
	}
	list := writeTexts(scopes)
	if err := cmp.Or(checkLength("the scopes", len(list)), checkLength("redirect_uri", len(redirectURI))); err != nil {
		return "", err
	}
	var status C.RustCallStatus
	buffer := C.linktor_client_authorize_url(c.handle,
		bytesData(list), C.int32_t(len(list)),
		textData(redirectURI), C.int32_t(len(redirectURI)),
		&status)
	return liftText(buffer, &status)
}

// Cancel ends a call: its completion says how far it had come.
func (c Client) Cancel(id uint64) error {
	var status C.RustCallStatus
	C.linktor_client_cancel(c.handle, C.uint64_t(id), &status)
	return lift(&status)
}

// Payload says where the payload of a success lies under the family's envelope.
func (c Client) Payload(httpStatus int, body []byte) (Payload, error) {
	if err := checkLength("the body", len(body)); err != nil {
		return Payload{}, err
	}
	var status C.RustCallStatus
	buffer := C.linktor_client_payload(c.handle, C.uint16_t(httpStatus), bytesData(body), C.int32_t(len(body)), &status)
	return liftAs(buffer, &status, readPayload)
}

// Close ends all calls in flight, and later ones, with an error of the kind "closed"; on a
// handle it does nothing.
func (c Client) Close() error {
	var status C.RustCallStatus
	C.linktor_client_close(c.handle, &status)
	return lift(&status)
}

// Free gives the handle back. Nothing may be called on it afterwards.
func (c Client) Free() {
	C.linktor_client_free(c.handle)
}
