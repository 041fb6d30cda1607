#!/bin/sh
# licences.sh [check]: writes public/licences.html anew, with the licences of all crates that the page's programs are built
# from, by cargo-about (tools/setup.sh licences). With `check` it fails where that file names other crates than Cargo.lock
# has: this takes no time, and needs cargo alone.
set -eu
export LC_ALL=C
cd "$(dirname "$0")/.."
page=public/licences.html

if [ "${1:-}" != check ]; then
    # From the texts that the crates come with, and nothing from the network.
    cargo fetch --locked
    PATH=$PWD/target/tools/bin:$PATH cargo-about generate --frozen --fail --features page \
        --config tools/licences.toml --output-file "$page" tools/licences.hbs
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# crates EDGES: those of others, for our own have a folder where these have nothing.
crates() {
    cargo tree --locked --target wasm32-unknown-unknown --features page --edges "$1" --prefix none --format '{p}' |
        sed -n 's/^\([^ ]*\) v\([^ ]*\)\( (proc-macro)\)\{0,1\}\( (\*)\)\{0,1\}$/\1 \2/p' | sort -u
}
crates normal,no-proc-macro >"$scratch/built"
crates normal >"$scratch/all" # with macros, and what these are built from
sed -n 's|^ *<li>\([^< ]* [^< ]*\)</li>$|\1|p' "$page" | sort -u >"$scratch/named"
[ -s "$scratch/built" ] || { echo "licences.sh: cargo tree names no crates" >&2; exit 1; }
lacks=$(comm -13 "$scratch/named" "$scratch/built")
names=$(comm -23 "$scratch/named" "$scratch/all")
[ -z "$lacks$names" ] && exit
echo "$page is of other crates; run: make licences" >&2
[ -z "$lacks" ] || echo "It lacks:" $lacks >&2
[ -z "$names" ] || echo "It names, though it is not built in:" $names >&2
exit 1
