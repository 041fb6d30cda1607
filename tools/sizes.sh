#!/bin/sh
# sizes.sh DIST: prints the size of the files that a first visit to the bundle in DIST loads, raw and with brotli, in bytes,
# and fails if they exceed the budget.
set -eu
# Budgets in bytes, with brotli. A page's part is loaded before it can be seen and used.
page_budget=200000
embed_budget=200000
clean_budget=230000
script_budget=5120 # loaded by a site that embeds the page, before its visitor comes near the element
visit_budget=6000000

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

# fits WHAT BYTES BUDGET: says so, or notes that it does not.
failed=false
fits() {
    echo "$1: $2 of $3 bytes."
    [ "$2" -le "$3" ] || failed=true
}

# page HTML BUNDLE: leaves the bytes of that page's part in `part`.
page() {
    start=$(sed -n 's/.*src="\(start-[^"]*\)".*/\1/p' "$1")
    weigh "$1" boot.js "$start" icons/icon.svg ./*.css "$2"-*.js "$2"-*.wasm
}

printf '%10s %10s  %s\n' raw brotli file
page index.html page
page=$part
weigh engine-*.js engine-*.wasm clothing-*.onnx samples/*.webp
visit=$((page + part))
page embed.html widget
embed=$part
page clean.html clean
clean=$part
weigh embed.js

fits "The first page" $page $page_budget
fits "The page in other sites" $embed $embed_budget
fits "Cleaning" $clean $clean_budget
fits "The script for other sites" $part $script_budget
fits "First visit" $visit $visit_budget
if $failed; then
    echo "That is too much." >&2
    exit 1
fi
