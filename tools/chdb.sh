#!/usr/bin/env bash
# Brings chdb, a current ClickHouse as a library, to .cache/chdb, once, and prints the
# Python that has it.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
venv=$root/.cache/chdb
if [ ! -e "$venv/ready" ]; then
  python3 -m venv "$venv" >&2
  "$venv/bin/pip" install --quiet --disable-pip-version-check chdb==4.4.0 chdb-core==26.9.0 >&2
  touch "$venv/ready"
fi
echo "$venv/bin/python"
