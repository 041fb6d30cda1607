#!/bin/sh
# container.sh: goes through the Dockerfile line by line without Docker, where that is not at hand, in folders under
# target/container, and asks what comes of it for /healthz on $PORT. Left out: packages and users of the system.
# The tools that setup.sh has already installed here are taken over, as Docker would take a layer that it has kept.
set -eu
cd "$(dirname "$0")/.."
box=$PWD/target/container
rm -rf "$box"
mkdir -p "$box/context"
sed -n 's/^!//p' .dockerignore | tar -c -T - | tar -x -C "$box/context"
export CARGO_TARGET_DIR="$PWD/target"

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
        mkdir -p "$root$workdir/target"
        [ $stage = 2 ] || cp -R target/tools "$root$workdir/target/"
        ;;
    COPY)
        from=$box/context
        case $rest in
        --from=build*) from=$box/1 rest=${rest#--from=build } ;;
        esac
        # shellcheck disable=SC2086
        set -- $rest
        while [ $# -gt 1 ]; do
            sources="${sources:-} $from/$1"
            shift
        done
        case $1 in
        /*) target=$root$1 ;;
        *) target=$root$workdir/$1 ;;
        esac
        case $1 in
        */) mkdir -p "$target" ;;
        esac
        for source in $sources; do
            if [ "$source" = "$from/." ]; then cp -R "$from/." "$target"; else cp -R "$source" "$target"; fi
        done
        sources=
        ;;
    RUN)
        case $rest in
        apt-get* | useradd*) echo "(left out)" ;;
        *) (cd "$root$workdir" && sh -ec "$rest") ;;
        esac
        ;;
    USER) user=$rest ;;
    CMD) command=$(echo "$rest" | tr -d '[]",') ;;
    *) echo "container.sh: what is $step?" >&2; exit 1 ;;
    esac
done <Dockerfile

port=${PORT:-8097}
echo "--- Running $command as an unprivileged user (for $user), PORT=$port"
du -sh "$root" | cut -f1
as_nobody=''
[ "$(id -u)" != 0 ] || as_nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
cd "$root$workdir"
# shellcheck disable=SC2086
env -i PATH="$root/usr/local/bin:/usr/bin:/bin" PORT="$port" $as_nobody $command &
server=$!
trap 'kill $server' EXIT
for _ in 1 2 3 4 5 6 7 8 9 10; do
    sleep 0.5
    answer=$(curl --silent --fail "http://127.0.0.1:$port/healthz") && break
done
[ "$answer" = ok ]
curl --silent --fail --output /dev/null "http://127.0.0.1:$port/" "http://127.0.0.1:$port/sw.js"
echo "--- The container's steps work: /healthz answers $answer"
