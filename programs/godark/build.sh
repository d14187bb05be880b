#!/bin/sh
# Build the program, or with --check compare what is committed with what this machine builds.
#
# `cargo build-sbf` is used where it exists; else Debian's compiler with the folder that SBF_TOOLS
# names (default ../shared/tools/sbf beside this project), whose `sbf-link` lays out the file; else
# one line says what is missing and nothing is done. CI_BUILD=path keeps what --check built.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tools=${SBF_TOOLS:-$here/../../../shared/tools/sbf}
target=${CARGO_TARGET_DIR:-$here/target}
mode=${1:-}

source_hash() { # what the bytes are made from, and nothing else
    (cd "$here" && LC_ALL=C find src Cargo.toml Cargo.lock -type f | LC_ALL=C sort |
        xargs sha256sum | sha256sum | cut -d' ' -f1)
}

if cargo build-sbf --version >/dev/null 2>&1; then
    built=$target/deploy/godark.so
    compiler=$(cargo build-sbf --version | tr '\n' ' ')
    linker="cargo build-sbf"
    (cd "$here" && cargo build-sbf --sbf-out-dir "$target/deploy")
elif [ -x "$tools/sbf-link" ] && [ -x /usr/bin/cargo ] && [ -x /usr/bin/rustc ]; then
    built=$target/bpfel-unknown-none/release/libgodark.so
    compiler=$(/usr/bin/rustc --version)
    linker="sbf-link $(sha256sum "$tools/sbf-link" | cut -c1-16)"
    # Paths end up in the bytes, so that of the crates is replaced; it has a name once they are there.
    (cd "$here" && RUSTC=/usr/bin/rustc /usr/bin/cargo fetch --quiet --locked)
    crates=
    for index in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
        crates="$crates --remap-path-prefix=$index=crates"
    done
    (cd "$here" && RUSTC=/usr/bin/rustc RUSTFLAGS="$crates" CARGO_TARGET_DIR="$target" \
        CARGO_TARGET_BPFEL_UNKNOWN_NONE_LINKER="$tools/sbf-link" /usr/bin/cargo rustc --locked --release --lib --crate-type cdylib \
        --target bpfel-unknown-none)
else
    echo "The program is not rebuilt: there is neither 'cargo build-sbf' nor $tools with Debian's rustc-web; the committed godark.so stays."
    exit 0
fi

record="compiler=$compiler
linker=$linker
source=$(source_hash)
bytes=$(sha256sum "$built" | cut -d' ' -f1)"

if [ "$mode" != --check ]; then
    cp "$built" "$here/godark.so"
    printf '%s\n' "$record" >"$here/godark.so.build"
    echo "Built $here/godark.so ($(wc -c <"$here/godark.so") bytes)."
    exit 0
fi
if [ -n "${CI_BUILD:-}" ]; then cp "$built" "$CI_BUILD"; fi
if [ "$(printf '%s\n' "$record" | head -2)" != "$(head -2 "$here/godark.so.build")" ]; then
    echo "Built with other tools than recorded in godark.so.build; bytes are not compared."
elif cmp -s "$built" "$here/godark.so"; then
    echo "The committed program is what its source gives, byte for byte."
else
    echo "The committed godark.so is not what its source gives: run 'make program'." >&2
    exit 1
fi
