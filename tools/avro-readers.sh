#!/usr/bin/env bash
# Brings Confluent's client for Python and fastavro to .cache/avro-readers, once, and
# prints the Python that has them.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
venv=$root/.cache/avro-readers
if [ ! -e "$venv/ready" ]; then
  python3 -m venv "$venv" >&2
  "$venv/bin/pip" install --quiet --disable-pip-version-check 'confluent-kafka[avro,schemaregistry]==2.12.2' fastavro==1.12.1 >&2
  touch "$venv/ready"
fi
echo "$venv/bin/python"
