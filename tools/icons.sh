#!/bin/sh
# icons.sh: renders the icons in public/icons/ from their SVG sources, with Chromium.
set -eu
cd "$(dirname "$0")/../public/icons"
chromium=../../target/tools/bin/chromium
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# draw SOURCE SIZE FILE
draw() {
    printf '<style>html,body,img{margin:0;display:block;width:%spx;height:%spx}</style><img src="data:image/svg+xml;base64,%s">' \
        "$2" "$2" "$(base64 <"$1" | tr -d '\n')" >"$scratch/icon.html"
    $chromium --headless --no-sandbox --disable-gpu --no-first-run --user-data-dir="$scratch/profile" \
        --hide-scrollbars --default-background-color=00000000 --window-size="$2,$2" \
        --screenshot="$PWD/$3" "file://$scratch/icon.html" 2>/dev/null
    [ "$(od -An -tu1 -j18 -N2 "$3" | awk '{ print 256 * $1 + $2 }')" = "$2" ] ||
        { echo "icons.sh: $3 is not $2 pixels wide" >&2; exit 1; }
}

draw icon.svg 192 icon-192.png
draw icon.svg 512 icon-512.png
draw maskable.svg 192 maskable-192.png
draw maskable.svg 512 maskable-512.png
draw maskable.svg 180 apple-180.png
