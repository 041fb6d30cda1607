#!/bin/sh
# bundle.sh: run by Trunk when a bundle is built, before it becomes dist/ (post_build hook).
#
# Trunk leaves the worker's and the model's files under plain names. This gives them names that change with
# their content, so that they can be cached for good, and tells the page these names and their sizes (which
# a compressed response does not tell) by a block of JSON in index.html.
set -eu
echo "--- Naming the worker's and the model's files by their content"
cd "${TRUNK_STAGING_DIR:?is set by Trunk, which runs this script}"
marker='<!-- engine-files -->'

for file in index.html engine.js engine_bg.wasm clothing.onnx; do
    [ -s "$file" ] || { echo "bundle.sh: $file is not in the bundle" >&2; exit 1; }
done
[ "$(grep -cF "$marker" index.html)" = 1 ] || { echo "bundle.sh: index.html needs one line $marker" >&2; exit 1; }

# named FILE STEM.EXTENSION: renames FILE to STEM-<hash>.EXTENSION and prints its entry for the page.
named() {
    hash=$(sha256sum "$1" | cut -c1-16)
    name=${2%.*}-$hash.${2##*.}
    mv "$1" "$name"
    echo "{\"url\":\"$name\",\"bytes\":$(($(wc -c <"$name")))}"
}

wasm=$(named engine_bg.wasm engine.wasm)
model=$(named clothing.onnx clothing.onnx)

# The worker's script: what wasm-bindgen made, then our own lines that start it.
sed "s/engine_bg\.wasm/$(basename "$(echo engine-*.wasm)")/g" engine.js >engine.tmp
cat "$TRUNK_SOURCE_DIR/src/engine/worker.js" >>engine.tmp
rm engine.js
script=$(named engine.tmp engine.js)

files="{\"script\":$script,\"wasm\":$wasm,\"model\":$model}"
sed "s|$marker|<script type=\"application/json\" id=\"engine-files\">$files</script>|" index.html >index.tmp
mv index.tmp index.html
