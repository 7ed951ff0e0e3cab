#!/bin/sh
# Type-checks the engine for systems this machine cannot build for.
#
#   tools/check-targets.sh [target…]     default: Windows and macOS
#
# No target's std is installed: it is checked from its sources, which Debian packages together with a
# compiler of the same version (rustc-web, rust-web-src); its own dependencies come through cargo as usual.
# Windows' import libraries are made by mingw's dlltool. Nothing is linked and nothing is run, so this
# proves that the code compiles there, not that it works.
set -eu

cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- x86_64-pc-windows-gnu aarch64-apple-darwin

if ! command -v dpkg >/dev/null; then
  echo 'no Debian packages here: other systems are not checked'
  exit 0
fi

packages='rustc-web rust-web-src binutils-mingw-w64-x86-64'
# shellcheck disable=SC2086 # a list
if ! dpkg -s $packages >/dev/null 2>&1; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends $packages > /dev/null
fi
version=$(/usr/bin/rustc --version | cut -d' ' -f2)

# cargo looks for the sources below the compiler's own folder.
sysroot=$(/usr/bin/rustc --print sysroot)
mkdir -p "$sysroot/lib/rustlib/src"
[ -e "$sysroot/lib/rustlib/src/rust" ] || ln -s "/usr/src/rustc-$version" "$sysroot/lib/rustlib/src/rust"

# build-std is not stable, and this compiler is a stable one.
export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target/check-targets}"
for target in "$@"; do
  echo "== $target"
  cargo check -Zbuild-std=std,panic_abort --target "$target" -p execution-engine
done
