#!/usr/bin/env bash
# beside.sh COMMAND COMMAND: runs both at the same time and fails if either does. The second's lines are marked, but for
# those that tell of a step.
set -u -o pipefail

sh -c "$2" 2>&1 | sed --unbuffered '/^---/!s/^/    | /' &
sh -c "$1"
first=$?
wait $!
second=$?
exit $((first | second))
