#!/usr/bin/env bash
# Runs the test files of Node that it is given, AT_ONCE (1) at a time:
#
#   tools/browser-tests.sh TIMEOUT_MS FILE…
#
# A file that fails is run once more after the others: a browser's picture can come
# late for reasons that lie outside Playhead. What passes only then is named, in a
# line that begins with FLAKY, which the summary of test.sh repeats.
set -uo pipefail

export timeout_ms=$1
shift
out=$(mktemp -d)
export out
trap 'rm -rf "$out"' EXIT

run() { node --test --test-reporter=tap --test-timeout="$timeout_ms" "$1"; }
# What runs beside others says what it did when it is done.
first() {
  local log=$out/${1//\//_}
  run "$1" >"$log" 2>&1 || echo "$1" >"$log.failed"
  cat "$log"
}
export -f run first

if [ "${AT_ONCE:-1}" = 1 ]; then
  for file in "$@"; do
    run "$file" || echo "$file" >"$out/${file//\//_}.failed"
  done
else
  printf '%s\0' "$@" | xargs -0 -P "$AT_ONCE" -I FILE bash -c 'first FILE'
fi

status=0
for failed in "$out"/*.failed; do
  [ -e "$failed" ] || continue
  file=$(<"$failed")
  echo
  echo "== once more: $file"
  if run "$file"; then
    echo "FLAKY $file failed, and passed when it ran once more; this log says what failed"
  else
    status=1
  fi
done
exit $status
