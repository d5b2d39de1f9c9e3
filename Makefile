# Playhead. `make demo` shows it, `make test` proves it; `make help` lists the rest.
#
# Everything is written below the project: build output to bin/, caches, logs
# and temporary data to .cache/. Go's own caches stay where Go keeps them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo build test test-long test-crash test-faults test-cluster test-chaos bench bench-insight bench-trillion flame gate-update lint fuzz screenshots check-prerequisites clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: check-prerequisites ## build and run the demo: server, synthetic audience, a real player; prints the URL (ARGS="--viewers 2000")
	@tools/build.sh
	@exec bin/playhead demo $(ARGS)

build: check-prerequisites ## bin/playhead
	@tools/build.sh

test: ## every check there is; installs what it needs when root; says loudly what it skipped (ONLY="lint unit" picks)
	@tools/test.sh $(ONLY)

test-long: ## what takes too long for every change: the whole tree under the race detector, longer fuzzing
	@tools/test.sh --long

test-crash: ## kill the server while it is sent to, then ask for every figure (PLAYHEAD_KILLS=200 for the bar; default 12)
	@tools/test.sh build crash

test-faults: ## fill the server's disks to the last byte, then ask for every figure; needs root
	@tools/test.sh build faults

test-cluster: ## the log on a real Kafka of three brokers, which are killed; needs Java and Maven
	@tools/test.sh build cluster migrate

test-chaos: ## 100 faults of brokers, ClickHouse, processes and their network while an audience is sent (PLAYHEAD_FAULTS, PLAYHEAD_SEED)
	@tools/test.sh build chaos-long

bench: check-prerequisites ## the benchmarks: a table, and bench/results/latest.json
	@tools/build.sh
	@tools/with-cache.sh go run ./tools/bench -binary bin/playhead -out bench/results/latest.json $(ARGS)

bench-insight: check-prerequisites ## what insights say about chance, on worlds whose truth is known; takes hours (ARGS="-null-worlds 24 -looks 28" is less)
	@tools/with-cache.sh go run ./tools/insightbench $(ARGS)

bench-trillion: check-prerequisites ## the twelve questions on roll-ups of 10^12 events; about 15 min and 10 GB (ARGS="-events 1e9 -runs 5" is less)
	@tools/build.sh
	@tools/with-cache.sh go run ./tools/trillionbench -binary bin/playhead $(ARGS)

flame: check-prerequisites ## where an event's time and memory go at full rate, by stage: a table, and docs/bench/flame.svg
	@tools/build.sh
	@tools/with-cache.sh go run ./tools/bench -binary bin/playhead -only stages $(ARGS)

gate-update: ## what hot paths cost becomes what make test holds them to, after looking at the difference; needs valgrind
	@tools/with-cache.sh go run ./tools/gate -update

lint: ## gofmt, vet, staticcheck, architecture rules, svelte-check
	@tools/test.sh lint-go architecture web-check

fuzz: ## each fuzz test for FUZZTIME (default 20s)
	@tools/with-cache.sh tools/fuzz.sh $(FUZZTIME)

screenshots: ## the dashboard's pages at 1440 and 390 px, light and dark, into docs/screenshots/
	@tools/test.sh build e2e-packages screenshots

check-prerequisites:
	@tools/prerequisites.sh

clean: ## remove what was built and cached here (not Go's caches, not the demo's data)
	rm -rf bin .cache
