#!/bin/sh
# inputs.sh: fails unless .dockerignore admits and Trunk.toml watches everything that the bundle is built from: the workspace's
# packages and the files that index.html names. Also fails if the Dockerfile's Rust is older than Cargo.toml requires.
set -eu
cd "$(dirname "$0")/.."

# One per line. The root package has its sources in src; every other package is a folder.
packages=$(cargo tree --offline --workspace --depth 0 --prefix none --format '{p}' | sed -n "s|.*($PWD/\(.*\))\$|\1|p")
named=$(sed -n 's/.*data-trunk.* href="\([^"]*\)".*/\1/p' index.html)
inputs="Cargo.toml index.html src $packages $named"
# Used for building, and for serving.
others=".cargo Cargo.lock Makefile Trunk.toml tools sws.toml"

# lacks LIST INPUT...: prints the inputs that are neither in the list of paths nor in a folder that is.
lacks() {
    list=$1
    shift
    for input; do
        folder=$input
        until echo "$list" | grep -qxF "$folder"; do
            case $folder in
            */*) folder=${folder%/*} ;;
            *) echo "$input" && break ;;
            esac
        done
    done
}

stop() {
    echo "inputs.sh: $*" >&2
    exit 1
}

let_in=$(sed -n 's/^!//p' .dockerignore)
watched=$(sed -n '/^watch = \[/,/\]/p' Trunk.toml | grep -o '"[^"]*"' | tr -d '"')
# shellcheck disable=SC2086
left_out=$(lacks "$let_in" $inputs $others) unwatched=$(lacks "$watched" $inputs)
[ -z "$left_out" ] || stop ".dockerignore leaves out" $left_out
[ -z "$unwatched" ] || stop "Trunk.toml does not watch" $unwatched

wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
given=$(sed -n 's/^FROM rust:\([0-9.]*\)-.*/\1/p' Dockerfile)
[ "$(printf '%s\n' "$wanted" "$given" | sort -V | head -n 1)" = "$wanted" ] ||
    stop "the Dockerfile has Rust $given, Cargo.toml asks for $wanted"
