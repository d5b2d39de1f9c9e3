#!/usr/bin/env bash
# Builds helm and docker compose from their sources into .cache/bin, if they are
# not there: what deploy/ ships is checked by the programs that will read it.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
bin=$root/.cache/bin
helm=v3.22.0
compose=v2.40.3
mkdir -p "$bin"

if [ ! -x "$bin/helm-$helm" ]; then
  GOBIN=$bin/helm.new go install -trimpath "helm.sh/helm/v3/cmd/helm@$helm"
  mv "$bin/helm.new/helm" "$bin/helm-$helm"
  rmdir "$bin/helm.new"
fi
ln -sf "helm-$helm" "$bin/helm"

# Its go.mod has exclude directives, so that go install refuses it.
if [ ! -x "$bin/docker-compose-$compose" ]; then
  src=$(mktemp -d)
  trap 'rm -rf "$src"' EXIT
  from=$(cd "$src" && GOFLAGS=-mod=mod go mod download -json "github.com/docker/compose/v2@$compose" | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p')
  cp -r "$from" "$src/compose"
  chmod -R u+w "$src/compose"
  (cd "$src/compose" && go build -trimpath -buildvcs=false -o "$bin/docker-compose-$compose" ./cmd)
fi
ln -sf "docker-compose-$compose" "$bin/docker-compose"
