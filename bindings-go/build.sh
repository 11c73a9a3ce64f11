#!/bin/sh
# Builds the static library and puts it where cgo looks for it.
# Usage: bindings-go/build.sh [release|debug]      (default: release)
set -eu
profile=${1:-release}
root=$(cd "$(dirname "$0")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
ffi=$root/bindings-go/internal/ffi

case $profile in
release) cargo build --manifest-path "$root/Cargo.toml" --package linktor-ffi --release ;;
debug) cargo build --manifest-path "$root/Cargo.toml" --package linktor-ffi ;;
*) echo "profile must be release or debug" >&2; exit 2 ;;
esac
mkdir -p "$ffi/lib/linux_amd64"
cp "$target/$profile/liblinktor_ffi.a" "$ffi/lib/linux_amd64/"
# Go's build cache does not look into libraries: it links anew when this header changes.
hash=$(sha256sum <"$ffi/lib/linux_amd64/liblinktor_ffi.a" | cut -d ' ' -f 1)
echo "static const char linktor_library[] __attribute__((used)) = \"$hash\";" >"$ffi/library.h"
