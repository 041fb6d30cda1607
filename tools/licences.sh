#!/bin/sh
# licences.sh [check]: writes public/licences.html, with the licences of all crates in the page's programs, by cargo-about
# (tools/setup.sh licences). With `check`, fails if that file lists other crates than Cargo.lock; that is fast and needs only
# cargo.
set -eu
export LC_ALL=C
cd "$(dirname "$0")/.."
page=public/licences.html

if [ "${1:-}" != check ]; then
    # From the texts inside the crates, without network.
    cargo fetch --locked
    PATH=$PWD/target/tools/bin:$PATH cargo-about generate --frozen --fail --features page \
        --config tools/licences.toml --output-file "$page" tools/licences.hbs
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# crates EDGES: the dependencies. Our own crates are left out: cargo prints their folders.
crates() {
    cargo tree --locked --target wasm32-unknown-unknown --features page --edges "$1" --prefix none --format '{p}' |
        sed -n 's/^\([^ ]*\) v\([^ ]*\)\( (proc-macro)\)\{0,1\}\( (\*)\)\{0,1\}$/\1 \2/p' | sort -u
}
crates normal,no-proc-macro >"$scratch/built"
crates normal >"$scratch/all" # including macros and their dependencies
sed -n 's|^ *<li>\([^< ]* [^< ]*\)</li>$|\1|p' "$page" | sort -u >"$scratch/named"
[ -s "$scratch/built" ] || { echo "licences.sh: cargo tree names no crates" >&2; exit 1; }
lacks=$(comm -13 "$scratch/named" "$scratch/built")
names=$(comm -23 "$scratch/named" "$scratch/all")
[ -z "$lacks$names" ] && exit
echo "$page lists other crates; run: make licences" >&2
[ -z "$lacks" ] || echo "Missing:" $lacks >&2
[ -z "$names" ] || echo "Listed but not built in:" $names >&2
exit 1
