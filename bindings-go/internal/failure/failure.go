// Package failure lets the packages beside the root one fail with its errors, which they
// cannot make: a *linktor.Error has more to it than its exported fields. The root package
// fills in what is here, so a package that uses it imports the root.
package failure

var (
	// From gives an error of package ffi its public form.
	From func(err error) error
	// New makes an error of a kind that wraps its cause, if there is one.
	New func(kind, message string, cause error) error
)
