#!/bin/sh
# load.sh DIST: serves the bundle in DIST, requests its hashed files over many connections for a while, and fails on any
# error or on fewer than 2,000 responses a second.
set -eu
wanted=2000
port=${PORT:-8099}
HOST=127.0.0.1 PORT=$port DIST=$1 PATH=$PWD/target/tools/bin:$PATH tools/start.sh &
server=$!
trap 'kill $server' EXIT
until curl --silent --fail --output /dev/null "http://127.0.0.1:$port/healthz"; do sleep 0.1; done

# The files that a visit caches for good, one after another, with brotli as browsers request it.
script=$(mktemp)
trap 'kill $server; rm -f "$script"' EXIT
{
    echo 'local paths = {'
    (cd "$1" && ls | grep -E '^(start|style|page|engine|clothing)-.*\.(js|css|wasm|onnx)$' | sed 's|.*|"/&",|')
    cat <<'LUA'
}
local next = 0
request = function()
  next = next % #paths + 1
  return wrk.format("GET", paths[next], { ["accept-encoding"] = "br" })
end
done = function(summary)
  local errors = summary.errors
  io.write(string.format("%d %d\n", summary.requests / (summary.duration / 1e6),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
LUA
} >"$script"

# measure WHAT: 64 visitors with a warm connection each, for ten seconds.
wrk --threads 1 --connections 64 --duration 10s --timeout 10s --latency --script "$script" "http://127.0.0.1:$port/" |
    tee /dev/stderr | awk -v wanted=$wanted 'END {
        print $1 " answers a second, " $2 " errors"
        exit !($1 >= wanted && $2 == 0)
    }'
