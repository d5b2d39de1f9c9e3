package chaintest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"playhead/internal/access"
	"playhead/internal/collect"
	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/eventlog/pebblelog"
	"playhead/internal/fact"
	"playhead/internal/journey"
	"playhead/internal/metric"
	"playhead/internal/privacy"
	"playhead/internal/process"
	"playhead/internal/rollup"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/clickhouse"
	"playhead/internal/warehouse/clickhouse/clickhousetest"
	"playhead/internal/warehouse/duck"
	"playhead/internal/warehouse/warehousetest"
)

const partitions = 2

// driver is a warehouse that questions are asked of.
type driver struct {
	name string
	open func(t *testing.T, zone *time.Location) warehouse.Warehouse
}

// drivers are all warehouses that run here: ClickHouse where its tests are asked for,
// as make test does in a step of its own.
func drivers(t *testing.T) []driver {
	list := []driver{
		{"memory", func(*testing.T, *time.Location) warehouse.Warehouse { return &warehousetest.Memory{} }},
		{"duck", func(t *testing.T, zone *time.Location) warehouse.Warehouse {
			db, err := duck.Open(t.Context(), t.TempDir(), duck.Options{MemoryLimitMB: 256, TZ: zone})
			if err != nil {
				t.Fatal(err)
			}
			return db
		}},
	}
	if os.Getenv(clickhousetest.Needed) == "" {
		t.Log("SKIPPED clickhouse: make test ONLY=clickhouse")
	} else {
		list = append(list, driver{"clickhouse", openClickHouse(clickhousetest.Start(t).URL)})
	}
	if os.Getenv(clickhousetest.ClusterNeeded) == "" {
		t.Log("SKIPPED cluster: make test ONLY=clickhouse-cluster")
	} else {
		list = append(list, driver{"cluster", openClickHouse(clickhousetest.StartCluster(t, 2, 2, 1).URL)})
	}
	if os.Getenv(clickhousetest.CurrentNeeded) == "" {
		t.Log("SKIPPED current: make test ONLY=chdb")
	} else {
		list = append(list, driver{"current", openClickHouse(clickhousetest.StartCurrent(t).URL)})
	}
	return list
}

// openClickHouse opens a database of its own, by what makes an address of its name.
func openClickHouse(url func(database string) string) func(*testing.T, *time.Location) warehouse.Warehouse {
	return func(t *testing.T, zone *time.Location) warehouse.Warehouse {
		t.Helper()
		a, err := clickhouse.ParseAddress(url(clickhousetest.Database(t.TempDir())))
		if err != nil {
			t.Fatal(err)
		}
		db, err := clickhouse.Open(t.Context(), a, clickhouse.Options{TZ: zone})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
}

// keys is a key store with one key to write.
type keys struct{}

func (keys) Lookup(secret string) (access.Key, bool) {
	return access.Key{ID: 1, Name: "test", Kind: access.Write}, secret == "k"
}

// intake is the first half of the chain: what was posted, and the facts of it.
type intake struct {
	log *pebblelog.Log
	now atomic.Int64
	// present is when questions are asked.
	present time.Time
	facts   []*fact.Batch // with their offsets
	at      []int64
}

// runIntake posts events, settles, and runs the processor over all of it. The
// clock stands at now.
func runIntake(t *testing.T, now time.Time, titles []journey.Title, shares []journey.Share, events []string) *intake {
	t.Helper()
	in := &intake{}
	in.now.Store(now.UnixMilli())
	in.present = now
	var err error
	in.log, err = pebblelog.Open("data", pebblelog.Options{FS: vfs.NewMem(), Partitions: partitions, Clock: in.now.Load, ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.log.Close() })
	if len(titles) > 0 {
		in.append(t, event.AppendControl(nil, journey.AppendCatalog(nil, titles, shares)))
	}
	ring, err := privacy.OpenRing(t.TempDir(), privacy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := collect.New(collect.Config{Log: in.log, Ring: ring, Keys: keys{}, Tail: collect.NewTail(), Clock: in.now.Load})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	c.Register(mux)
	for len(events) > 0 {
		n := min(len(events), 500)
		in.post(t, mux, events[:n])
		events = events[n:]
	}
	in.append(t, event.AppendSettle(nil, 1, event.Everybody))
	in.process(t)
	// What waits for time, takes and what becomes of them, is said eight days later.
	in.now.Add(8 * 24 * 3_600_000)
	in.append(t, event.AppendTick(nil))
	in.process(t)
	in.readFacts(t)
	return in
}

func (in *intake) append(t *testing.T, data []byte) {
	t.Helper()
	var records []eventlog.Record
	for p := range in.log.Partitions() {
		records = append(records, eventlog.Record{Partition: p, Data: data})
	}
	if err := in.log.Append(t.Context(), eventlog.Events, records); err != nil {
		t.Fatal(err)
	}
}

func (in *intake) post(t *testing.T, mux *http.ServeMux, events []string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/v1/events", strings.NewReader("["+strings.Join(events, ",\n")+"]"))
	r.Header.Set("Authorization", "Bearer k")
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	var answer struct {
		Accepted int
		Rejected []json.RawMessage
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK || len(answer.Rejected) > 0 {
		t.Fatalf("the collector answered %d: %s", w.Code, w.Body)
	}
}

// process runs the processor until all is committed.
func (in *intake) process(t *testing.T) {
	t.Helper()
	runner := process.New(in.log, in.log, process.Config{Epoch: time.Millisecond, Tick: time.Hour, MaxStep: 30 * 24 * time.Hour, RetainEvents: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- runner.Run(ctx) }()
	deadline := time.Now().Add(30 * time.Second)
	for p := range in.log.Partitions() {
		_, end, err := in.log.Bounds(t.Context(), eventlog.Events, p)
		if err != nil {
			t.Fatal(err)
		}
		for {
			progress, err := in.log.Progress(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			if progress.Committed >= end {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the processor does not come to an end")
			}
			time.Sleep(2 * time.Millisecond)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// readFacts keeps the facts.
func (in *intake) readFacts(t *testing.T) {
	t.Helper()
	for p := range in.log.Partitions() {
		_, err := in.log.Read(t.Context(), eventlog.Facts, eventlog.Cursor{Partition: p}, 1<<40, func(e eventlog.Entry) error {
			b := &fact.Batch{}
			if err := fact.DecodeBatch(e.Data, b); err != nil {
				return fmt.Errorf("facts %d of partition %d: %w", e.Offset, p, err)
			}
			in.facts, in.at = append(in.facts, b), append(in.at, e.Offset)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// load runs the loader until every fact is in a store over a database. flushed
// stops it then, so that the database has all of it; else half of it is in memory.
func (in *intake) load(t *testing.T, db warehouse.Warehouse, zone *time.Location, flushed bool) *warehouse.Store {
	t.Helper()
	store, err := warehouse.NewStore(t.Context(), db, warehouse.StoreOptions{Partitions: partitions, Generation: rollup.Options{ReportTZ: zone}})
	if err != nil {
		t.Fatal(err)
	}
	loader := warehouse.NewLoader(in.log, store, warehouse.LoaderOptions{Clock: time.Now, FlushEvery: time.Hour, MaintainEvery: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- loader.Run(ctx) }()
	deadline := time.Now().Add(30 * time.Second)
	for loader.Stats(t.Context()).Batches < int64(len(in.facts)) {
		if time.Now().After(deadline) {
			t.Fatalf("the loader has %d of %d batches", loader.Stats(t.Context()).Batches, len(in.facts))
		}
		time.Sleep(time.Millisecond)
	}
	stop := func() {
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		cancel, done = func() {}, make(chan error, 1)
		done <- nil
	}
	if flushed {
		stop()
	}
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return store
}

// engine answers from a store as of the fixture's present.
func (in *intake) engine(s metric.Scanner, zone *time.Location, titles map[string]metric.CatalogTitle, least int) *metric.Engine {
	now := in.present
	return metric.NewEngine(s, metric.Options{
		Clock: func() time.Time { return now }, ReportTZ: zone, MinViewers: least,
		Catalog: func() map[string]metric.CatalogTitle { return titles },
	})
}
