package ffi

// The library is linked by its path: a shared one of its name elsewhere is not taken for it.
// The C compiler's driver adds libgcc and libc itself, as it is to link statically or not.

/*
#cgo linux,amd64,!musl CFLAGS: -I${SRCDIR}/lib/linux_amd64
#cgo linux,arm64,!musl CFLAGS: -I${SRCDIR}/lib/linux_arm64
#cgo linux,amd64,musl  CFLAGS: -I${SRCDIR}/lib/linux_amd64_musl
#cgo linux,arm64,musl  CFLAGS: -I${SRCDIR}/lib/linux_arm64_musl
#cgo darwin,amd64      CFLAGS: -I${SRCDIR}/lib/darwin_amd64
#cgo darwin,arm64      CFLAGS: -I${SRCDIR}/lib/darwin_arm64
#cgo windows,amd64     CFLAGS: -I${SRCDIR}/lib/windows_amd64
#cgo windows,arm64     CFLAGS: -I${SRCDIR}/lib/windows_arm64

#cgo linux,amd64,!musl LDFLAGS: ${SRCDIR}/lib/linux_amd64/liblinktor_ffi.a
#cgo linux,arm64,!musl LDFLAGS: ${SRCDIR}/lib/linux_arm64/liblinktor_ffi.a
#cgo linux,amd64,musl  LDFLAGS: ${SRCDIR}/lib/linux_amd64_musl/liblinktor_ffi.a
#cgo linux,arm64,musl  LDFLAGS: ${SRCDIR}/lib/linux_arm64_musl/liblinktor_ffi.a
#cgo darwin,amd64      LDFLAGS: ${SRCDIR}/lib/darwin_amd64/liblinktor_ffi.a
#cgo darwin,arm64      LDFLAGS: ${SRCDIR}/lib/darwin_arm64/liblinktor_ffi.a
#cgo windows,amd64     LDFLAGS: ${SRCDIR}/lib/windows_amd64/liblinktor_ffi.a
#cgo windows,arm64     LDFLAGS: ${SRCDIR}/lib/windows_arm64/liblinktor_ffi.a

#cgo linux   LDFLAGS: -lutil -lrt -lpthread -lm -ldl
#cgo darwin  LDFLAGS: -framework Security -framework SystemConfiguration -framework CoreFoundation -liconv -lm
#cgo windows LDFLAGS: -lws2_32 -luserenv -lntdll -ldbghelp -lcrypt32 -lbcrypt -ladvapi32

#if !defined __linux__ && !defined __APPLE__ && !defined _WIN32 || defined __ANDROID__ || \
	!defined __x86_64__ && !defined __aarch64__
#error linktor runs on Linux, macOS and Windows, on amd64 and arm64: there is no library for this platform
#elif !__has_include("liblinktor_ffi.a")
#error linktor has no liblinktor_ffi.a for this platform: run "make go-lib" in a clone of the SDK; a release has it, and vendored it needs its *.a files
#endif

// Written by build.sh: the library's hash, by which Go's build cache, which looks into no library, knows another.
#if __has_include("library.h")
#include "library.h"
#endif
*/
import "C"
