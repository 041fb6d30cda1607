#!/bin/sh
# sizes.sh DIST: prints the size of the files that a first visit to the bundle in DIST loads, raw and with brotli, in bytes,
# and fails if they exceed the budget.
set -eu
all_allowed=6000000
page_allowed=200000 # loaded before the page can be seen and used
embed_allowed=5120  # loaded by a site that embeds the page, before its visitor comes near the element

cd "$1"

# weigh PART FILE...: prints a line for each file, and sums up in `total` and `part`.
weigh() {
    part=0
    for file in "$@"; do
        sent=$file.br
        case $file in
        *.webp) sent=$file ;; # already compressed
        esac
        [ -f "$sent" ] || { echo "sizes.sh: the bundle has no $sent" >&2; exit 1; }
        packed=$(wc -c <"$sent")
        printf '%10d %10d  %s\n' "$(wc -c <"$file")" "$packed" "${file#./}"
        part=$((part + packed))
    done
}

printf '%10s %10s  %s\n' raw brotli file
start=$(sed -n 's/.*src="\(start-[^"]*\)".*/\1/p' index.html)
weigh index.html boot.js "$start" icons/icon.svg ./*.css page-*.js page-*.wasm
page=$part
weigh engine-*.js engine-*.wasm clothing-*.onnx samples/*.webp
all=$((page + part))
weigh embed.js
embed=$part

echo "The page's own part: $page of $page_allowed bytes. First visit: $all of $all_allowed bytes." \
    "The script for other sites: $embed of $embed_allowed bytes."
if [ $embed -gt $embed_allowed ] || [ $page -gt $page_allowed ] || [ $all -gt $all_allowed ]; then
    echo "That exceeds the budget." >&2
    exit 1
fi
