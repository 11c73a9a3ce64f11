//go:build !cgo && (linux || darwin || windows) && (amd64 || arm64)

package ffi

// The core is linked by cgo. Without it, this is what the compiler says.
var _ = linktor_needs_cgo__set_CGO_ENABLED_1_and_install_a_C_compiler
