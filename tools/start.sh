#!/bin/sh
# start.sh: serves the bundle on $PORT, which hosting platforms set. Run it in the folder of sws.toml.
exec static-web-server --config-file sws.toml --root "${DIST:-dist}" --host "${HOST:-0.0.0.0}" --port "${PORT:-8080}"
