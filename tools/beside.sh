#!/usr/bin/env bash
# beside.sh COMMAND COMMAND: runs both at the same time and fails if either does. The second command's lines are marked,
# except for those that announce a step.
set -u -o pipefail

sh -c "$2" 2>&1 | sed --unbuffered '/^---/!s/^/    | /' &
sh -c "$1"
first=$?
wait $!
second=$?
exit $((first | second))
