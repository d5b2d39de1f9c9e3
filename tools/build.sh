#!/usr/bin/env bash
# Builds bin/playhead and shows what it is doing: the first time, the modules
# are downloaded and DuckDB is linked, which takes a minute or two.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
log=$root/.cache/logs/build.log
mkdir -p "$root/bin" "$(dirname "$log")"
: >"$log"

# tick runs a command and counts the seconds while it lasts: in place on a
# terminal, else a line every ten seconds.
tick() {
  local what=$1 start=$SECONDS status=0 elapsed
  shift
  "$@" >>"$log" 2>&1 </dev/null &
  local pid=$!
  trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM
  while kill -0 "$pid" 2>/dev/null; do
    elapsed=$((SECONDS - start))
    if [ -t 1 ]; then
      printf '\r  %-34s %3d s ' "$what" "$elapsed"
    elif [ "$elapsed" -gt 0 ] && [ $((elapsed % 10)) = 0 ]; then
      printf '  %-34s %3d s\n' "$what" "$elapsed"
    fi
    sleep 1
  done
  wait "$pid" || status=$?
  trap - INT TERM
  [ -t 1 ] && printf '\r'
  if [ "$status" = 0 ]; then
    printf '  %-34s %3d s  done\n' "$what" $((SECONDS - start))
  else
    printf '  %-34s failed:\n' "$what"
    tail -n 30 "$log"
    exit "$status"
  fi
}

version=$(git describe --tags --always --dirty 2>/dev/null || echo dev)
echo "Building Playhead $version"
tick "downloading modules" tools/with-cache.sh go mod download
tick "compiling, linking DuckDB" tools/with-cache.sh go build -buildvcs=false -trimpath \
  -ldflags "-s -w -X main.version=$version" -o bin/playhead ./cmd/playhead
