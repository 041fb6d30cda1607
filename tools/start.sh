#!/bin/sh
# start.sh: serves the bundle on $PORT, as hosting platforms ask for it. Run from where sws.toml is.
exec static-web-server --config-file sws.toml --root "${DIST:-dist}" --host "${HOST:-0.0.0.0}" --port "${PORT:-8080}"
