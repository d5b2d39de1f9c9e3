#!/usr/bin/env bash
# Brings Kafka's jars from Maven Central to .cache/kafka, once, and holds them to the
# sums in test/cluster/kafka.sha256. Prints the folder.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
libs=$root/.cache/kafka/4.1.0
if [ ! -e "$libs/ready" ]; then
  rm -rf "$libs"
  mkdir -p "$libs"
  mvn --batch-mode --quiet -f "$root/test/cluster/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$libs" >&2
  (cd "$libs" && sha256sum --quiet --check "$root/test/cluster/kafka.sha256") >&2
  touch "$libs/ready"
fi
echo "$libs"
