#!/usr/bin/env bash
# Refreshes the hls.js that the demo player embeds: one built file and its
# licence, copied from the npm package that test/e2e/package.json pins.
#
#   npm ci --prefix test/e2e && tools/vendor-hls.sh            copy
#   npm ci --prefix test/e2e && tools/vendor-hls.sh --check    compare only
#
# To move to another version: change it in test/e2e/package.json, run
# `npm install --prefix test/e2e`, then this script, then `make test`.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
from=$root/test/e2e/node_modules/hls.js
to=$root/internal/demoplayer/third_party/hls.js

[ -f "$from/dist/hls.min.mjs" ] || { echo "vendor-hls: $from is missing: run npm ci --prefix test/e2e" >&2; exit 1; }

# The source map is not embedded, so the file must not name one.
file() { sed '/^\/\/# sourceMappingURL=/d' "$from/dist/hls.min.mjs"; }
version() { echo "hls.js $(node -p "require('$from/package.json').version"), from the npm package of that name"; }

if [ "${1:-}" = --check ]; then
  cmp <(file) "$to/hls.min.mjs" && cmp "$from/LICENSE" "$to/LICENSE.txt" && cmp <(version) "$to/VERSION.txt" ||
    { echo "vendor-hls: the embedded hls.js is not the pinned one: run tools/vendor-hls.sh" >&2; exit 1; }
  echo "vendor-hls: embedded $(version)"
  exit 0
fi
mkdir -p "$to"
file >"$to/hls.min.mjs"
cp "$from/LICENSE" "$to/LICENSE.txt"
version >"$to/VERSION.txt"
cat "$to/VERSION.txt"
