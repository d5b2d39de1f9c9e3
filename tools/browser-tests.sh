#!/usr/bin/env bash
# Runs the test files of Node that it is given, one after another. A file that
# fails is run once more after the others: a browser's picture can come late for
# reasons that lie outside Playhead. What passes only then is named, in a line that
# begins with FLAKY, which the summary of test.sh repeats.
set -uo pipefail

timeout_ms=$1
shift
run() { node --test --test-reporter=tap --test-timeout="$timeout_ms" "$1"; }

failed=()
for file in "$@"; do
  run "$file" || failed+=("$file")
done

status=0
for file in ${failed[@]+"${failed[@]}"}; do
  echo
  echo "== once more: $file"
  if run "$file"; then
    echo "FLAKY $file failed, and passed when it ran once more; this log says what failed"
  else
    status=1
  fi
done
exit $status
