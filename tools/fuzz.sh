#!/usr/bin/env bash
# Runs each fuzz test in turn: tools/fuzz.sh [TIME]
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
time=${1:-20s}
found=0
while IFS=: read -r file name; do
  found=$((found + 1))
  echo "== $(dirname "$file") $name"
  go test "./$(dirname "$file")" -run '^$' -fuzz "^$name\$" -fuzztime "$time"
done < <(grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' internal | sed 's/func //')
echo "$found fuzz tests ran for $time each"
[ "$found" -gt 0 ]
