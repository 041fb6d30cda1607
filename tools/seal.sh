#!/bin/sh
# seal.sh DIR: makes the bundle in DIR ready to be served, once its files have their final names. It writes
#
# - sw.js with the list of all files of this version, their sizes and digests;
# - compressed copies of the files, for servers that send them (QUALITY is brotli's, 11 by default).
set -eu
export LC_ALL=C
source=$(cd "$(dirname "$0")/.." && pwd)
cd "$1"
find . -name '*.br' -o -name '*.gz' | xargs rm -f

# All files but those for servers, app stores and other sites. Pages are listed by their addresses.
list=''
for file in $(find . -type f ! -path './screenshots/*' ! -name '.*' ! -name sw.js ! -name healthz ! -name '*.d.ts' | sort); do
    url=${file#./}
    case $url in
    index.html) url= ;;
    *.html) url=${url%.html} ;;
    esac
    digest=sha384-$(openssl dgst -sha384 -binary "$file" | openssl base64 -A)
    list="$list${list:+,}{\"url\":\"$url\",\"bytes\":$(($(wc -c <"$file"))),\"integrity\":\"$digest\"}"
done
version=$(printf %s "$list" | sha256sum | cut -c1-16)
sed "s|^const BUNDLE = null;|const BUNDLE = {\"version\":\"$version\",\"files\":[$list]};|" "$source/public/sw.js" >sw.js
grep -qF "\"$version\"" sw.js || { echo "seal.sh: public/sw.js has no place for the list" >&2; exit 1; }

for file in $(find . -name '*.html' -o -name '*.js' -o -name '*.css' -o -name '*.svg' -o -name '*.webmanifest' \
    -o -name '*.wasm' -o -name '*.onnx'); do
    brotli --quality="${QUALITY:-11}" --keep "$file"
    gzip -9 --no-name --keep "$file"
done
echo "--- Sealed version $version"
