package linktortest

import "context"

// Error is that the sandbox cannot be found or started, does not answer, or refused a call;
// its message says why. It wraps what it comes from: [os/exec.ErrNotFound] where there is no
// program, and what ended a context.
type Error struct {
	message string
	causes  []error
}

// Error says why.
func (e *Error) Error() string { return "linktortest: " + e.message }

// Unwrap gives what the error comes from.
func (e *Error) Unwrap() []error { return e.causes }

func newError(message string, causes ...error) *Error {
	return &Error{message, causes}
}

// contextErrors are what ended a context.
func contextErrors(ctx context.Context) []error {
	return []error{ctx.Err(), context.Cause(ctx)}
}
