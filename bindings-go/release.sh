#!/bin/sh
# Commits and tags a release of the Go module: what github.com/linktor/linktor-go holds, which is the Go files of this
# folder and the static library of every platform, as build.sh has put them into internal/ffi/lib.
# Usage: bindings-go/release.sh [--partial] <folder>
#   <folder> is a clone of that repository, or becomes a new one, from which nothing but `git push` is left to do.
#   --partial takes what libraries there are, to try them: see .ci/go-packages.
#
# All platforms are in one module. `go get`, `go mod tidy` and `go mod download` take the modules of all platforms, so
# that a module for each would be downloaded as much, be of another version by mistake, and want sums for each.
set -eu
partial=
if [ "${1-}" = --partial ]; then
  partial=yes
  shift
fi
[ $# = 1 ] || { echo "usage: bindings-go/release.sh [--partial] <folder>" >&2; exit 2; }
mkdir -p "$1"
to=$(cd "$1" && pwd)
cd "$(dirname "$0")"
version=v$(sed -n '/^\[workspace\.package\]/,/^$/s/^version = "\(.*\)"$/\1/p' ../Cargo.toml)
module=$(sed -n 's/^module //p' go.mod)
lib=internal/ffi/lib

platforms= missing=
for platform in $(sed -n 's|^#cgo .*LDFLAGS: ${SRCDIR}/lib/\([a-z0-9_]*\)/.*|\1|p' internal/ffi/link.go | sort); do
  if [ -f "$lib/$platform/liblinktor_ffi.a" ]; then
    platforms="$platforms $platform"
  else
    missing="$missing $platform"
  fi
done
if [ "$missing" ]; then
  echo "there are no libraries for$missing: bindings-go/build.sh release <platform>" >&2
  [ "$partial" ] || exit 1
fi

[ -d "$to/.git" ] || git init --quiet --initial-branch main "$to"
git -C "$to" rm -r --quiet --ignore-unmatch .
# All but what is of Rust or of this folder, and tests, which need this repository; examples are documentation.
{
  git ls-files --cached --others --exclude-standard -- . \
    ':!src' ':!tests' ':!testdata' ':!Cargo.toml' ':!*.sh' ':!.gitignore' ':!*_test.go'
  git ls-files --cached --others --exclude-standard -- '*/example*_test.go' 'example*_test.go'
} | sort -u | tar -cf - -T - | tar -xf - -C "$to"
cp ../LICENSE "$to"

# A folder with a library is a package, or `go mod vendor` would leave it out.
{
  echo '//go:build libraries'
  echo
  echo 'package ffi'
  echo
  echo '// For go mod vendor, which copies the packages of every tag. No build has this one.'
  echo 'import ('
  for platform in $platforms; do
    mkdir -p "$to/$lib/$platform"
    cp "$lib/$platform/liblinktor_ffi.a" "$to/$lib/$platform/"
    printf '// Package %s holds the library for that platform.\npackage %s\n' "$platform" "$platform" \
      >"$to/$lib/$platform/lib.go"
    printf '\t_ "%s/%s/%s"\n' "$module" "$lib" "$platform"
  done
  echo ')'
} >"$to/internal/ffi/libraries.go"

cd "$to"
git add --all --force .
git commit --quiet --message "$version"
git tag "$version"
echo "$version is tagged in $to"
