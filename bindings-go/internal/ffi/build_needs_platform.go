//go:build !(linux || darwin || windows) || !(amd64 || arm64)

package ffi

// The core is built for some platforms. On others, this is what the compiler says.
var _ = linktor_has_no_library_for_this_platform__only_for_linux_darwin_windows_on_amd64_arm64
