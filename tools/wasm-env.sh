#!/bin/sh
# wasm-env.sh COMMAND...: runs COMMAND with a Rust compiler that can build for WebAssembly, and with the project's own
# tools (trunk, wasm-bindgen) on the PATH. Only this script chooses the compiler: the default one if it has the
# target, otherwise Debian's in /usr/bin, which `setup.sh wasm` prepares.
set -eu

builds_wasm() {
    echo | "$1" --target wasm32-unknown-unknown --crate-type lib --emit metadata=- - >/dev/null 2>&1
}

tools=$(cd "$(dirname "$0")/.." && pwd)/target/tools/bin
if builds_wasm rustc; then
    PATH=$tools:$PATH
elif builds_wasm /usr/bin/rustc; then
    # Debian's compiler has no linker for WebAssembly; that of rustup's toolchain works.
    linker=$(find "$(rustc --print sysroot)/lib/rustlib" -name rust-lld)
    PATH=$tools:/usr/bin:${linker%/*}:$PATH
    unset RUSTC RUSTDOC RUSTUP_TOOLCHAIN
else
    echo "No Rust compiler here builds for WebAssembly; run: tools/setup.sh wasm" >&2
    exit 1
fi
export PATH
exec "$@"
