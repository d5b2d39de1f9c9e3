#!/usr/bin/env bash
# Runs a command with its temporary files and npm's cache below the project:
#   tools/with-cache.sh COMMAND [ARGUMENT…]
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
export TMPDIR=$root/.cache/tmp
export npm_config_cache=$root/.cache/npm
export npm_config_update_notifier=false
export npm_config_fund=false
export npm_config_audit=false
export CGO_ENABLED=1
mkdir -p "$TMPDIR" "$npm_config_cache"
cd "$root"
exec "$@"
