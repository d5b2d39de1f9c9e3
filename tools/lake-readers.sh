#!/usr/bin/env bash
# Writes a lake with the built binary, plain and encrypted, and lets pyarrow,
# DuckDB and Spark read it. Their packages are kept in .cache/lake-readers.
#
#   tools/lake-readers.sh            install what is missing, then read
#   tools/lake-readers.sh --install  only install
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
venv=$root/.cache/lake-readers
if [ ! -e "$venv/ready" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check pyarrow==26.0.1 duckdb==2.0.1 pyspark==4.3.0
  touch "$venv/ready"
fi
[ "${1:-}" = --install ] && exit

work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
events=60000

# write DIR: a server on the folder is sent events, and stopped.
write() {
  "$root/bin/playhead" serve --data-dir "$1" --listen 127.0.0.1:18499 >"$work/serve.log" 2>&1 &
  server=$!
  for _ in $(seq 100); do
    curl -fs http://127.0.0.1:18499/readyz >/dev/null && break
    sleep 0.2
  done
  key=$("$root/bin/playhead" keys create --write --data-dir "$1" 2>/dev/null | head -n 1)
  "$root/bin/playhead" simulate --target http://127.0.0.1:18499 --key "$key" --events "$events" --seed 5 --speed 0 --truth "$work/truth.json"
  kill "$server"
  wait "$server"
  server=
}

write "$work/plain"
"$venv/bin/python" "$root/test/lake/readers.py" "$work/plain/lake" "$events"
secret=00112233445566778899aabbccddeeff
PLAYHEAD_LAKE_KEY=$secret write "$work/sealed"
"$venv/bin/python" "$root/test/lake/readers.py" "$work/sealed/lake" "$events" "$secret"
