#!/bin/sh
# Builds the static library and puts it where cgo looks for it: internal/ffi/lib/<platform>.
# Usage: bindings-go/build.sh [release|debug] [platform]      (default: release, of this machine)
# Platforms are named as in internal/ffi/link.go; another one needs its Rust target, C compiler and binutils.
set -eu
profile=${1:-release}
root=$(cd "$(dirname "$0")/.." && pwd)
ffi=$root/bindings-go/internal/ffi
host=$(rustc -vV | sed -n 's/^host: //p')

case ${2:-$host} in
linux_amd64 | x86_64-unknown-linux-gnu) platform=linux_amd64 target=x86_64-unknown-linux-gnu ;;
linux_arm64 | aarch64-unknown-linux-gnu) platform=linux_arm64 target=aarch64-unknown-linux-gnu ;;
linux_amd64_musl | x86_64-*-linux-musl) platform=linux_amd64_musl target=x86_64-unknown-linux-musl ;;
linux_arm64_musl | aarch64-*-linux-musl) platform=linux_arm64_musl target=aarch64-unknown-linux-musl ;;
darwin_amd64 | x86_64-apple-darwin) platform=darwin_amd64 target=x86_64-apple-darwin ;;
darwin_arm64 | aarch64-apple-darwin) platform=darwin_arm64 target=aarch64-apple-darwin ;;
# cgo links with MinGW, never with Visual C++.
windows_amd64 | x86_64-pc-windows-*) platform=windows_amd64 target=x86_64-pc-windows-gnu ;;
windows_arm64 | aarch64-pc-windows-*) platform=windows_arm64 target=aarch64-pc-windows-gnullvm ;;
*) echo "there is no library for the platform ${2:-$host}" >&2; exit 2 ;;
esac
built=${CARGO_TARGET_DIR:-$root/target}
set -- --locked --manifest-path "$root/Cargo.toml" --package linktor-ffi
if [ "$target" != "$host" ]; then
  set -- "$@" --target "$target"
  built=$built/$target
fi
library=$ffi/lib/$platform/liblinktor_ffi.a

case $profile in
debug)
  cargo build "$@"
  mkdir -p "$ffi/lib/$platform"
  cp "$built/debug/liblinktor_ffi.a" "$library"
  ;;
release)
  # Of this crate type alone: beside a Rust library, cargo leaves link-time optimisation out.
  cargo rustc "$@" --release --lib --crate-type staticlib
  mkdir -p "$ffi/lib/$platform"
  case $platform in
  linux_*)
    # What Go calls, and all else local: a program may have other libraries of Rust.
    place=$(mktemp -d)
    trap 'rm -rf "$place"' EXIT
    "${CC:-cc}" -E "$ffi/linktor.h" | grep -oE '\b(uni)?ffi_linktor_ffi_\w+' | sort -u >"$place/called"
    # shellcheck disable=SC2046 # names without spaces
    ld -r --gc-sections --force-group-allocation $(sed 's/^/-u /' "$place/called") \
      -o "$place/linktor_ffi.o" "$built/release/liblinktor_ffi.a"
    objcopy --keep-global-symbols="$place/called" --strip-unneeded \
      --remove-section=.llvmbc --remove-section=.llvmcmd "$place/linktor_ffi.o"
    rm -f "$library"
    ar rcs "$library" "$place/linktor_ffi.o"
    ;;
  darwin_*) strip -S -o "$library" "$built/release/liblinktor_ffi.a" ;;
  windows_*) cp "$built/release/liblinktor_ffi.a" "$library" ;;
  esac
  ;;
*) echo "profile must be release or debug" >&2; exit 2 ;;
esac

# Go's build cache does not look into libraries: it links anew when this header changes.
hash=$(cat "$ffi"/lib/*/liblinktor_ffi.a | git hash-object --stdin)
echo "static const char linktor_library[] __attribute__((used)) = \"$hash\";" >"$ffi/library.h"
