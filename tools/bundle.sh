#!/bin/sh
# bundle.sh: run by Trunk when a bundle is built, before it becomes dist/ (post_build hook).
#
# Trunk leaves some files under plain names, and the page's first script inline. This script gives all of them names
# with a hash of their content, so that they can be cached for good, and moves the inline script to a file, because
# the content security policy forbids inline scripts. A JSON block in index.html lists the names and sizes of the
# engine's files (compressed responses do not tell their full size).
# Each of the page's addresses gets its own file, so that any other address is a 404.
# Finally, seal.sh makes the bundle ready to be served.
set -eu
echo "--- Naming the bundle's files by their content"
cd "${TRUNK_STAGING_DIR:?is set by Trunk, which runs this script}"

stop() {
    echo "bundle.sh: $*" >&2
    exit 1
}

for file in index.html widget.js widget_bg.wasm clean.js clean_bg.wasm engine.js engine_bg.wasm clothing.onnx \
    licences.html; do
    [ -s "$file" ] || stop "$file is not in the bundle"
done

# named FILE STEM.EXTENSION: renames FILE to STEM-<hash>.EXTENSION, which `name` then holds.
named() {
    name=${2%.*}-$(sha256sum "$1" | cut -c1-16).${2##*.}
    mv "$1" "$name"
}

# put LINE: replaces the line of index.html that contains $marker.
put() {
    [ "$(grep -cF "$marker" index.html)" = 1 ] || stop "index.html needs one line $marker"
    sed "s|^.*$marker.*\$|$1|" index.html >index.tmp
    mv index.tmp index.html
}

entry() { echo "{\"url\":\"$name\",\"bytes\":$(($(wc -c <"$name")))}"; }

named engine_bg.wasm engine.wasm
wasm=$(entry) code=$name
named clothing.onnx clothing.onnx
model=$(entry)

# The worker's script: wasm-bindgen's output, then our own lines that start it.
sed "s/engine_bg\.wasm/$code/g" engine.js >engine.tmp
cat "$TRUNK_SOURCE_DIR/src/engine/worker.js" >>engine.tmp
rm engine.js
named engine.tmp engine.js
files="{\"script\":$(entry),\"wasm\":$wasm,\"model\":$model}"
marker='<!-- engine-files -->'
put "<script type=\"application/json\" id=\"engine-files\">$files</script>"

# Trunk's script between these two lines starts the page.
begin='<script type="module">' end='</script>'
sed -n "\\|^$begin\$|,\\|^$end\$|p" index.html | sed '1d;$d' >start.tmp
grep -q TrunkApplicationStarted start.tmp || stop "index.html lacks the script by which Trunk starts the page"
page_script=$(echo page-*.js) page_wasm=$(echo page-*_bg.wasm)
grep -qF "$page_script" start.tmp && grep -qF "$page_wasm" start.tmp || stop "$page_script is not what index.html starts"

# started_by PAGE: writes PAGE, a copy of index.html that is started by start.tmp.
started_by() {
    cp start.tmp started.tmp
    named started.tmp start.js
    sed "\\|^$begin\$|,\\|^$end\$|c\\<script type=\"module\" src=\"$name\"></script>" index.html >page.tmp
    mv page.tmp "$1"
}

# Pages with their own bundle load it instead of the first page's.
for app in widget clean; do
    named ${app}_bg.wasm $app.wasm
    wasm=$name
    sed -i.tmp "s/${app}_bg\.wasm/$wasm/g" $app.js
    named $app.js $app.js
    script=$name
    mv start.tmp first.tmp
    sed "s/$page_script/$script/g; s/$page_wasm/$wasm/g" first.tmp >start.tmp
    started_by $app.html
    mv first.tmp start.tmp
    sed -i.tmp "s/$page_script/$script/g; s/$page_wasm/$wasm/g; /href=.*$app-/s/ integrity=\"[^\"]*\"//g" $app.html
done
started_by index.html
# The page of licences loads no code.
grep -E '<base |rel="icon"|rel="stylesheet"' index.html >head.tmp
[ "$(wc -l <head.tmp)" -eq 3 ] || stop "index.html needs a line each with its base, its icon and its style"
sed -i.tmp -e '/<!-- as in index.html -->/{r head.tmp' -e 'd;}' licences.html
rm -f ./*.tmp
cp widget.html embed.html
"$TRUNK_SOURCE_DIR/tools/describe.sh" .

"$TRUNK_SOURCE_DIR/tools/seal.sh" .
