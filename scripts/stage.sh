#!/usr/bin/env bash
# stage.sh NAME COMMAND...: runs the command and says how long it took, whether it passed or not.
set -uo pipefail
name=$1
shift
echo "== $name"
start=$SECONDS
"$@"
status=$?
printf '== %s: %s after %d s\n' "$name" "$([[ $status -eq 0 ]] && echo passed || echo FAILED)" \
    $((SECONDS - start))
exit "$status"
