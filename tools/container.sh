#!/bin/sh
# container.sh: runs the Dockerfile's steps without Docker, in folders under target/container, starts the result and requests
# pages, the model and /healthz from it. System packages and users are left out.
#
# In a mount namespace, the first stage's folder replaces this one, but keeps its target/: what was built here, including the
# tools, is not built again, like a cached layer in Docker.
set -eu
cd "$(dirname "$0")/.."
if [ -z "${OF_ITS_OWN:-}" ]; then
    [ "$(id -u)" = 0 ] || as_root=--map-root-user
    exec unshare --mount ${as_root:-} env OF_ITS_OWN=1 "$0"
fi
here=$PWD box=$PWD/target/container
rm -rf "$box"
mkdir -p "$box/context"
sed -n 's/^!//p' .dockerignore | tar -c -T - | tar -x -C "$box/context"

stop() {
    echo "container.sh: $*" >&2
    exit 1
}

# ---- build

stage=0
while read -r step rest; do
    case $step in
    '' | '#') continue ;;
    esac
    echo "--- $step $rest"
    case $step in
    FROM)
        stage=$((stage + 1))
        root=$box/$stage workdir=/
        mkdir -p "$root"
        ;;
    WORKDIR)
        workdir=$rest
        mkdir -p "$root$workdir"
        if [ $stage = 1 ]; then
            mkdir "$root$workdir/target"
            mount --bind target "$root$workdir/target"
        fi
        ;;
    COPY)
        from=$box/context
        case $rest in
        --from=build*) from=$box/1 rest=${rest#--from=build } ;;
        esac
        # shellcheck disable=SC2086
        set -- $rest
        sources=''
        while [ $# -gt 1 ]; do
            sources="$sources $from/$1"
            shift
        done
        case $1 in
        /*) target=$root$1 ;;
        *) target=$root$workdir/$1 ;;
        esac
        mkdir -p "${target%/*}"
        # With their dates, from which cargo knows what is up to date.
        # shellcheck disable=SC2086
        cp -a $sources "$target"
        ;;
    RUN)
        case $rest in
        apt-get* | useradd*) echo "(left out)" ;;
        # shellcheck disable=SC2016
        *) unshare --mount sh -ec 'mount --rbind "$1" "$2"; cd "$2"; eval "$3"' sh "$root$workdir" "$here" "$rest" ;;
        esac
        ;;
    USER) user=$rest ;;
    CMD) command=$(echo "$rest" | tr -d '[]",') ;;
    *) stop "what is $step?" ;;
    esac
done <Dockerfile

# ---- run

# In Docker, the server would listen on all addresses.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
as_nobody=''
[ "$(id -u)" != 0 ] || as_nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
$as_nobody test -r "$root$workdir" 2>/dev/null || as_nobody='' # other users cannot read this folder
echo "--- Running $command (${as_nobody:+as nobody, }for $user), $(du -sh "$root" | cut -f1) in all"
cd "$root$workdir"
# shellcheck disable=SC2086
env -i PATH="$root/usr/local/bin:/usr/bin:/bin" HOST=127.0.0.1 PORT="$port" $as_nobody $command &
server=$!
trap 'kill $server 2>/dev/null || true' EXIT

# ask PATH: saves the response in $box/head and $box/body, and sets `status`.
ask() {
    status=$(curl --silent --show-error --header 'accept-encoding: br' --dump-header "$box/head" --output "$box/body" \
        --write-out '%{http_code}' "http://127.0.0.1:$port$1")
}
# has HEADER...: whether the response has these headers.
has() {
    for header; do
        tr -d '\r' <"$box/head" | grep -qixF "$header" || stop "no '$header' with $asked"
    done
}
# expect STATUS PATH HEADER...
expect() {
    asked=$2 wanted=$1
    ask "$asked"
    [ "$status" = "$wanted" ] || stop "$asked answers $status"
    shift 2
    has 'x-content-type-options: nosniff' "$@"
}

tries=0
until ask /healthz 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 50 ] || stop "nothing listens on port $port"
    sleep 0.2
done
expect 200 /healthz 'content-type: text/plain; charset=utf-8'
[ "$(cat "$box/body")" = ok ] || stop "/healthz answers $(cat "$box/body")"
for page in / /about /clean/; do
    expect 200 $page 'content-type: text/html; charset=utf-8' 'content-encoding: br'
    brotli --decompress --stdout <"$box/body" >"$box/page"
    grep -q 'id="engine-files"' "$box/page" || stop "$page is no page"
done
expect 404 /no-such-page
expect 200 "/$(grep -o 'clothing-[0-9a-f]*\.onnx' "$box/page")" 'content-type: application/octet-stream' \
    'content-encoding: br' 'cache-control: public, max-age=31536000, immutable'
brotli --decompress --stdout <"$box/body" | cmp - "$here/model/clothing.onnx" || stop "the model is another"
echo "--- The container's steps work: its pages, the model and /healthz answer as they should"
