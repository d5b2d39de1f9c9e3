#!/usr/bin/env bash
# Every check there is, one step after another, each timed and with its own log:
#
#   tools/test.sh              all of it
#   tools/test.sh STEP…        only these steps
#   tools/test.sh --long       also what takes too long for every change
#   tools/test.sh --list       the steps
#
# What a step needs and does not find is installed when this runs as root on
# Debian; otherwise the step is skipped, and the summary says so and how to run it.
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
. tools/steps.sh

long=false
[ "${1:-}" = --long ] && { long=true; shift; }
wanted=("$@")

# Code of the project: named, since ./... would find Go files in node_modules.
packages=(./cmd/... ./internal/... ./tools/... ./web ./sdk)
# Under the race detector: where goroutines meet. What links DuckDB and what is
# pure is left to --long, for the time that takes.
racy=(./internal/process/... ./internal/live/... ./internal/collect/... ./internal/eventlog/... ./internal/access/...)

lint_go() {
  local unformatted
  unformatted=$("$(go env GOROOT)/bin/gofmt" -l cmd internal tools test web/*.go sdk/*.go) || return 1
  [ -z "$unformatted" ] || { echo "gofmt would change:"; echo "$unformatted"; return 1; }
  tools/with-cache.sh go vet "${packages[@]}" ./test/... &&
    tools/with-cache.sh go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 "${packages[@]}" ./test/...
}
architecture() { tools/with-cache.sh go test -count=1 ./internal/archtest; }
unit() { go list "${packages[@]}" | grep -v '/archtest$' | xargs tools/with-cache.sh go test -timeout 10m; }
# Random plays, each told by the engine and by the definitions.
oracle() { PLAYHEAD_PLAY_ORACLE=${plays:-20000} tools/with-cache.sh go test -count=1 -timeout 150m -v -run TestStreamIsTheDefinition ./internal/play; }
oracle_long() { plays=1000000 oracle; }
# 500 random questions of each driver: from roll-ups, from single plays, from facts.
answers() { tools/with-cache.sh go test -count=1 -timeout 20m -run Same -v ./internal/metric/chaintest -questions 500; }
# The warehouse on a real ClickHouse, which the tests start and stop: conformance, golden questions, random ones.
clickhouse() (
  export PLAYHEAD_CLICKHOUSE=1
  tools/with-cache.sh go test -count=1 -timeout 15m -v ./internal/warehouse/clickhouse/... &&
    tools/with-cache.sh go test -count=1 -timeout 10m -v -run Golden ./internal/metric/chaintest &&
    tools/with-cache.sh go test -count=1 -timeout 20m -v -run Same/clickhouse ./internal/metric/chaintest -questions 500
)
# The same on two shards of two replicas with ZooKeeper, which are killed and hang meanwhile.
clickhouse_cluster() (
  export PLAYHEAD_CLICKHOUSE_CLUSTER=1
  tools/with-cache.sh go test -count=1 -timeout 20m -v -run Cluster ./internal/warehouse/clickhouse -faults "${faults:-6}" &&
    tools/with-cache.sh go test -count=1 -timeout 10m -v -run Golden ./internal/metric/chaintest &&
    tools/with-cache.sh go test -count=1 -timeout 20m -v -run Same/cluster ./internal/metric/chaintest -questions 100
)
# The same on a current ClickHouse, which PyPI has as a library.
chdb() (
  PLAYHEAD_CHDB=$(tools/with-cache.sh tools/chdb.sh) || exit 1
  export PLAYHEAD_CHDB
  tools/with-cache.sh go test -count=1 -timeout 10m -v -run Golden ./internal/metric/chaintest &&
    tools/with-cache.sh go test -count=1 -timeout 20m -v -run Same/current ./internal/metric/chaintest -questions 100 &&
    tools/with-cache.sh go test -count=1 -timeout 60m -v -run Current ./internal/warehouse/clickhouse
)
# Many more faults of that cluster.
cluster_faults() {
  PLAYHEAD_CLICKHOUSE_CLUSTER=1 tools/with-cache.sh go test -count=1 -timeout 60m -v -run ClusterFaults ./internal/warehouse/clickhouse -faults 100
}
# What hot paths cost in instructions and allocations, against what is committed.
gate() { tools/with-cache.sh go run ./tools/gate; }
race() { tools/with-cache.sh go test -race -timeout 10m "${racy[@]}"; }
race_all() { tools/with-cache.sh go test -race -timeout 40m "${packages[@]}"; }
web_packages() { tools/with-cache.sh npm ci --prefix web; }
web_check() { [ -d web/node_modules ] || web_packages && tools/with-cache.sh npm run --prefix web check; }
web_test() { tools/with-cache.sh npm run --prefix web test; }
web_pages() { tools/with-cache.sh npm run --prefix web test:pages; }
web_types() { [ -d web/node_modules ] || web_packages && tools/with-cache.sh npm run --prefix web types:check; }
web_dist() { tools/with-cache.sh npm run --prefix web build:check; }
sdk() {
  tools/with-cache.sh npm ci --ignore-scripts --prefix sdk && tools/with-cache.sh npm run --prefix sdk check &&
    tools/with-cache.sh npm test --prefix sdk && tools/with-cache.sh npm run --prefix sdk build:check
}
e2e_packages() { tools/with-cache.sh npm ci --prefix test/e2e && tools/vendor-hls.sh --check; }
build() { tools/build.sh; }
process() { tools/with-cache.sh go test -count=1 -timeout 10m ./test/process -binary "$root/bin/playhead"; }
# Simulated months with planted truths, and without, asked for what is in them.
insights() { tools/with-cache.sh go test -count=1 -timeout 60m -v ./test/insights -binary "$root/bin/playhead"; }
# What deploy/ ships, read by the programs that it is for.
deploy() {
  tools/with-cache.sh go test -count=1 -timeout 5m -v ./test/deploy -binary "$root/bin/playhead" -helm "$root/.cache/bin/helm" -compose "$root/.cache/bin/docker-compose"
}
hostile() { tools/with-cache.sh go test -count=1 -timeout 10m ./test/hostile -binary "$root/bin/playhead"; }
crash() { tools/with-cache.sh go test -count=1 -timeout 60m -v ./test/crash -binary "$root/bin/playhead"; }
# Disks that are full: each is a small file system of its own.
faults() { tools/with-cache.sh go test -count=1 -timeout 20m -v ./test/faults -binary "$root/bin/playhead"; }
# A Kafka of three brokers, which are killed in turn.
cluster() {
  local libs
  # Several processes that answer do so from a ClickHouse.
  ! command -v clickhouse-server >/dev/null || export PLAYHEAD_CLICKHOUSE=1
  libs=$(tools/kafka.sh) &&
    PLAYHEAD_KAFKA=$libs tools/with-cache.sh go test -count=1 -timeout 20m -v -run TestRealKafka ./internal/eventlog/kafkalog &&
    tools/with-cache.sh go test -count=1 -timeout 30m -v ./test/cluster -skip Migrate -binary "$root/bin/playhead" -kafka "$libs"
}
# An installation moves to Kafka and ClickHouse while it is sent to.
migrate() {
  local libs
  ! command -v clickhouse-server >/dev/null || export PLAYHEAD_CLICKHOUSE=1
  libs=$(tools/kafka.sh) &&
    tools/with-cache.sh go test -count=1 -timeout 30m -v ./test/cluster -run Migrate -binary "$root/bin/playhead" -kafka "$libs"
}
# Everything that can break breaks while an audience is sent: Kafka's brokers, ClickHouse, processes, the network between them.
chaos() {
  local libs
  ! command -v clickhouse-server >/dev/null || export PLAYHEAD_CLICKHOUSE=1
  libs=$(tools/kafka.sh) &&
    tools/with-cache.sh go test -count=1 -timeout 60m -v ./test/chaos -binary "$root/bin/playhead" -kafka "$libs" -faults "${faults:-12}" -seed "${PLAYHEAD_SEED:-1}"
}
chaos_long() { faults=${PLAYHEAD_FAULTS:-100} chaos; }
# Go clients that nobody here wrote: a module of its own, for what they need.
clients_go() {
  tools/with-cache.sh go -C test/clients/go vet ./... &&
    tools/with-cache.sh go -C test/clients/go test -count=1 -timeout 5m ./... -binary "$root/bin/playhead"
}
# A certificate from Let's Encrypt's own ACME server for tests: a module of its own too.
acme() {
  tools/with-cache.sh go -C test/acme vet ./... &&
    tools/with-cache.sh go -C test/acme test -count=1 -timeout 5m ./... -binary "$root/bin/playhead"
}
# Players and SDKs that nobody here wrote, on streams that ffmpeg makes.
clients() { tools/with-cache.sh npm ci --ignore-scripts --prefix test/clients && tools/with-cache.sh npm test --prefix test/clients; }
# Readers of Parquet that nobody here wrote.
lake_readers() { tools/with-cache.sh tools/lake-readers.sh; }
# What we write, read by DataSketches' C++ library, which PyPI has.
sketches() {
  local venv=$root/.cache/datasketches
  [ -x "$venv/bin/python" ] && "$venv/bin/python" -c 'import datasketches' 2>/dev/null ||
    { python3 -m venv "$venv" && "$venv/bin/pip" --quiet install datasketches==5.2.0; } || return 1
  tools/with-cache.sh go test -count=1 -v ./internal/sketch -run Cpp -python "$venv/bin/python"
}
# A reader of Avro that nobody here wrote, on what our codecs write to Kafka.
avro() {
  local python
  python=$(tools/with-cache.sh tools/avro-readers.sh) && "$python" test/avro/readers.py .
}
# What is on Kafka as Avro, read by Confluent's client for Python and compared with the truth.
strangers() {
  local libs python
  libs=$(tools/kafka.sh) && python=$(tools/with-cache.sh tools/avro-readers.sh) &&
    tools/with-cache.sh go test -count=1 -timeout 20m -v ./test/cluster -run Strangers -binary "$root/bin/playhead" -kafka "$libs" -python "$python"
}
e2e() { tools/with-cache.sh npm test --prefix test/e2e; }
screenshots() { tools/with-cache.sh npm run --prefix test/e2e screenshots; }
# Many more random viewers for the oracle of what they do across plays.
journeys() { tools/with-cache.sh go test -count=1 -timeout 20m ./internal/journey -run TestOracle -stories 20000; }
fuzz() { tools/with-cache.sh tools/fuzz.sh 60s; }

need_go() {
  need go "install Go 1.26 or later from go.dev/dl" || return 1
  tools/prerequisites.sh >/dev/null && return 0
  need_package g++ g++ || return 1
  tools/prerequisites.sh >/dev/null && return 0
  why="what the build needs is not there" how="see make check-prerequisites"
  return 1
}
# Without valgrind allocations are held still, and the gate says so.
need_gate() { need_go && { need_package valgrind valgrind || true; }; }
need_clickhouse() { need_go && need_package clickhouse-server clickhouse-server; }
need_clickhouse_cluster() { need_clickhouse && need_package java default-jre-headless && need_package /usr/share/zookeeper/bin/zkServer.sh zookeeper; }
need_disks() {
  need_go || return 1
  local at
  at=$(mktemp -d) && mount -t tmpfs -o size=1m none "$at" 2>/dev/null && umount "$at" && rmdir "$at" && return 0
  why="small file systems cannot be mounted here" how="as root, outside a container that forbids it: make test ONLY=\"build faults\""
  return 1
}
need_kafka() {
  need_go && need_package java default-jre-headless && need_package mvn maven && need_package kcat kcat || return 1
  local mb
  mb=$(awk '/^MemAvailable/ {print int($2 / 1024)}' /proc/meminfo)
  [ "$mb" -ge 4000 ] || { why="three brokers need 4 GB of free memory, there are $mb MB" how="on a larger machine: make test-cluster"; return 1; }
  tools/kafka.sh >"$logs/kafka-install.log" 2>&1 && return 0
  why="Kafka's jars could not be brought from Maven Central (.cache/logs/kafka-install.log)" how="give mvn a way to it, then: make test-cluster"
  return 1
}
need_node() {
  node_is_new_enough || { need_package node nodejs && need_package npm npm; } || return 1
  node_is_new_enough || { why="needs Node.js 20.19 or later, there is $(node --version)"; how="install a current Node.js from nodejs.org"; return 1; }
}
need_web_go() { need_go && need_node; }
need_readers() {
  need python3 "install Python 3.11 or later" && need_package java default-jre-headless && need_package curl curl || return 1
  tools/with-cache.sh tools/lake-readers.sh --install >"$logs/lake-readers-install.log" 2>&1 && return 0
  why="pyarrow, duckdb and pyspark could not be installed (.cache/logs/lake-readers-install.log)" how="give pip a way to PyPI, then: make test ONLY=lake-readers"
  return 1
}
need_avro() {
  need python3 "install Python 3.11 or later" || return 1
  tools/with-cache.sh tools/avro-readers.sh >"$logs/avro-readers-install.log" 2>&1 && return 0
  why="fastavro could not be installed (.cache/logs/avro-readers-install.log)" how="give pip a way to PyPI, then: make test ONLY=avro"
  return 1
}
need_chdb() {
  need_go && need python3 "install Python 3.11 or later" || return 1
  tools/with-cache.sh tools/chdb.sh >"$logs/chdb-install.log" 2>&1 && return 0
  why="chdb could not be installed (.cache/logs/chdb-install.log)" how="give pip a way to PyPI, then: make test ONLY=chdb"
  return 1
}
need_strangers() { need_kafka && need_avro; }
need_deploy() {
  need_go || return 1
  tools/with-cache.sh tools/deploy-tools.sh >"$logs/deploy-tools.log" 2>&1 && return 0
  why="helm and docker compose could not be built (.cache/logs/deploy-tools.log)" how="give go a way to its modules, then: make test ONLY=\"build deploy\""
  return 1
}
need_browser() { need_node && need_package chromium chromium; }
need_clients() { need_browser && need_package ffmpeg ffmpeg; }

step lint-go       need_go      lint_go
step architecture  need_go      architecture
step web-packages  need_node    web_packages
step web-check     need_node    web_check
step web-test      need_node    web_test
step web-types     need_web_go  web_types
step web-dist      need_node    web_dist
step web-pages     need_browser web_pages
step sdk           need_node    sdk
step build         need_go      build
step unit          need_go      unit
step gate          need_gate    gate
step oracle        need_go      oracle
step answers       need_go      answers
step clickhouse    need_clickhouse clickhouse
step clickhouse-cluster need_clickhouse_cluster clickhouse_cluster
on_demand chdb          need_chdb    chdb
step race          need_go      race
step process       need_go      process
step deploy        need_deploy  deploy
step insights      need_go      insights
step hostile       need_go      hostile
step crash         need_go      crash
step faults        need_disks   faults
step cluster       need_kafka   cluster
step migrate       need_kafka   migrate
step chaos         need_kafka   chaos
step sketches      need_readers sketches
step avro          need_avro    avro
step strangers     need_strangers strangers
step clients-go    need_go      clients_go
step acme          need_go      acme
step lake-readers  need_readers lake_readers
step e2e-packages  need_node    e2e_packages
step e2e           need_browser e2e
step clients       need_clients clients
on_demand chaos-long need_kafka chaos_long
on_demand screenshots need_browser screenshots
if $long; then
  step race-all    need_go      race_all
  step oracle-long need_go      oracle_long
  step cluster-faults need_clickhouse_cluster cluster_faults
  step journeys    need_go      journeys
  step fuzz        need_go      fuzz
fi

run_steps "${wanted[@]}"
