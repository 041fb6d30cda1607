#!/bin/sh
# describe.sh DIR: gives each page of the bundle in DIR its title and description, for search engines and tabs, and the
# manifest its id. $TRUNK_PUBLIC_URL is the path under which the bundle will be served (/ by default). If SITE is set to the
# origin, such as https://example.org, the pages also get link previews (Open Graph), which need absolute addresses.
set -eu
cd "$1"
base=${TRUNK_PUBLIC_URL:-/}
base=${base%/}/
site=${SITE:-}
case $site in
'' | http://?* | https://?*) site=${site%/} ;;
*)
    echo "describe.sh: SITE is $site; give it as https://example.org" >&2
    exit 1
    ;;
esac

# describe PAGE ADDRESS TITLE DESCRIPTION: a page without a file yet is one of the first bundle, and gets index.html's.
describe() {
    [ -e "$1.html" ] || cp index.html "$1.html"
    meta="<meta name=\"description\" content=\"$4\">"
    if [ -n "$site" ]; then
        for property in type=website "title=$3" "description=$4" "url=$site$base$2" \
            "image=$site${base}screenshots/social.png" image:width=1200 image:height=630 \
            "image:alt=A photo of a polo shirt and the answer"; do
            meta="$meta<meta property=\"og:${property%%=*}\" content=\"${property#*=}\">"
        done
        meta="$meta<meta name=\"twitter:card\" content=\"summary_large_image\"><link rel=\"canonical\" href=\"$site$base$2\">"
    fi
    for line in '<title>' '<meta name="description"'; do
        [ "$(grep -cF "$line" "$1.html")" = 1 ] || { echo "describe.sh: $1.html needs one line $line" >&2; exit 1; }
    done
    sed "s|<title>.*</title>|<title>$3</title>|; s|<meta name=\"description\"[^>]*>|$meta|" "$1.html" >page.tmp
    mv page.tmp "$1.html"
}

describe about about 'About – What garment is this?' \
    'What the network knows that tells garments apart, how good it is, where it fails, and where your photos go: nowhere.'
describe clean clean 'Clean labelled photos' \
    'Find wrong labels, near-duplicates and blurred photos in a folder of labelled photos. It happens on your device.'
describe widget widget 'For your site' \
    'Two lines of HTML let the visitors of your site ask what garment a photo shows. Their photos stay with them.'
# Last: the others are copies of it as it was.
describe index '' 'What garment is this?' \
    'Pick a photo of a garment and read what it is: a shirt, jeans, shoes and more. The photo never leaves your device.'

sed "s|\"id\": \"/\"|\"id\": \"$base\"|" manifest.webmanifest >manifest.tmp
mv manifest.tmp manifest.webmanifest
