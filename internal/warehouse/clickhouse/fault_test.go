package clickhouse_test

import (
	"context"
	"errors"
	"flag"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"playhead/internal/warehouse"
	"playhead/internal/warehouse/clickhouse"
	"playhead/internal/warehouse/clickhouse/clickhousetest"
	"playhead/internal/warehouse/warehousetest"
)

var faults = flag.Int("faults", 14, "how many faults the cluster has")

// anotherLoader is the fault that the test itself brings about.
const anotherLoader = "another loader takes over"

// chaos is a cluster that things happen to, and the loader that writes to it.
type chaos struct {
	t       *testing.T
	cluster *clickhousetest.Cluster
	random  *rand.Rand
	dir     string
	opts    clickhouse.Options
	db      *clickhouse.DB
	facts   *stream
	done    map[string]int // faults by what they were
}

// TestClusterFaults flushes and tidies while replicas are killed and hang, ZooKeeper's
// leader is killed, and loaders take over from each other. Each answer on the way, and
// what another process finds at the end, is what the facts come to, counted one by one.
func TestClusterFaults(t *testing.T) {
	c := clickhousetest.StartCluster(t, 2, 2, 3)
	n := 2 * *faults
	x := &chaos{
		t: t, cluster: c, random: rand.New(rand.NewPCG(7, uint64(n))), dir: t.TempDir(), facts: newStream(t, 51, n, 6), done: map[string]int{},
		opts: clickhouse.Options{Runs: 4, Grace: time.Millisecond, Settle: 5 * time.Second, Patience: 8 * time.Second},
	}
	x.open()
	defer func() { _ = x.db.Close() }() // whichever it is then
	for i := 1; i <= n; i++ {
		began := time.Now()
		what := ""
		x.during(func(ctx context.Context) error { return x.db.Apply(ctx, x.facts.generations[:i]) }, func() {
			if i%2 == 0 {
				what = x.fault()
			}
		})
		if i%4 == 0 {
			if err := x.db.Maintain(t.Context(), x.facts.from); errors.Is(err, warehouse.ErrInUse) {
				t.Fatal(err)
			} else if err != nil {
				t.Logf("%d: it will tidy later: %v", i, err)
			}
		}
		if what == anotherLoader {
			x.takeOver()
		}
		x.check(i)
		t.Logf("%d: %s, %.1f s", i, what, time.Since(began).Seconds())
	}
	x.heal()
	x.patiently("tidy", func() error { return x.db.Maintain(t.Context(), x.facts.from) })
	x.check(n)
	x.takeOver()
	x.check(n)
	t.Logf("%d flushes over %v: every answer was exact", n, x.done)
}

// during does something until it succeeds, and has something happen meanwhile.
func (x *chaos) during(do func(context.Context) error, happen func()) {
	x.t.Helper()
	first := make(chan error, 1)
	go func() { first <- do(x.t.Context()) }()
	time.Sleep(time.Duration(x.random.IntN(400)) * time.Millisecond)
	happen()
	if err := <-first; err != nil {
		x.t.Logf("a flush failed and is done again: %.300v", err)
		x.patiently("flush", func() error { return do(x.t.Context()) })
	}
}

// patiently does something until it succeeds.
func (x *chaos) patiently(what string, do func() error) {
	x.t.Helper()
	const tries = 300
	for i := range tries {
		err := do()
		if err == nil {
			return
		}
		if i == tries-1 || errors.Is(err, warehouse.ErrInUse) {
			x.t.Fatalf("%s: %v", what, err)
		}
		time.Sleep(500 * time.Millisecond)
	}
}

// fault has something happen, and says what.
func (x *chaos) fault() string {
	x.t.Helper()
	servers := x.cluster.Servers()
	i := x.random.IntN(len(servers))
	s, other := servers[i], servers[i^1] // of the same shard
	switch k := x.random.IntN(8); {
	case k < 3 && s.Runs() && other.Runs():
		s.Kill()
		x.done["replicas killed"]++
		return "a replica is killed"
	case k < 5 && s.Runs() && other.Runs():
		s.Pause()
		x.done["replicas that hang"]++
		return "a replica hangs"
	case k == 5:
		leader := x.cluster.Leader()
		if leader == nil || len(x.keepersDown()) > 0 {
			break
		}
		leader.Kill()
		x.done["leaders of ZooKeeper killed"]++
		return "ZooKeeper's leader is killed"
	case k == 6:
		x.done["loaders taken over"]++
		return anotherLoader
	}
	x.heal()
	x.done["all healed"]++
	return "all is healed"
}

func (x *chaos) keepersDown() (list []*clickhousetest.Keeper) {
	for _, k := range x.cluster.Keepers {
		if !k.Runs() {
			list = append(list, k)
		}
	}
	return list
}

// heal has all go on that hangs, and starts what was killed.
func (x *chaos) heal() {
	x.t.Helper()
	for _, k := range x.keepersDown() {
		k.Run()
	}
	x.cluster.AwaitKeepers(x.t)
	for _, s := range x.cluster.Servers() {
		s.Heal()
	}
}

// open opens the database. A busy machine may take longer to make tables than a server
// is waited for.
func (x *chaos) open() {
	x.t.Helper()
	x.patiently("open the database", func() (err error) {
		x.db, err = clickhouse.Open(x.t.Context(), clusterAddress(x.t, x.cluster, x.dir), withZone(x.t, x.opts))
		return err
	})
}

// takeOver opens the database in place of the loader, which changes nothing then.
func (x *chaos) takeOver() {
	x.t.Helper()
	old := x.db
	x.open()
	// A server that lags may let it write still: that counts for nothing.
	_ = old.Maintain(x.t.Context(), x.facts.from)
	_ = old.KeepFindings(x.t.Context(), "stale", 1, []byte("{}"))
	x.patiently("look for findings", func() error {
		body, err := x.db.Findings(x.t.Context(), "stale", 1)
		if body != nil {
			x.t.Fatalf("what the loader that was taken over from wrote counts: %s", body)
		}
		return err
	})
	_ = old.Close() // it has nothing to say any more
}

// check asks until it is answered, and holds the answer to the first n batches. A
// replica that was killed may be the only one with some rows: a flush waits for a
// replica that lags, but not without end (Options.Settle). Then there is no answer,
// rather than a wrong one, until it is back.
func (x *chaos) check(n int) {
	x.t.Helper()
	const alone = 20 * time.Second
	began, healed := time.Now(), false
	for _, scan := range x.facts.scans() {
		var got warehouse.Snapshot
		x.patiently("ask", func() (err error) {
			got, err = x.db.Scan(x.t.Context(), scan)
			if err != nil && !healed && time.Since(began) > alone {
				x.t.Logf("%d: who has all rows is away: %v", n, err)
				x.heal()
				x.done["waits for who alone had all rows"]++
				healed = true
			}
			return err
		})
		if want := x.facts.want(scan, n); !maps.Equal(warehousetest.AnswerOf(withoutMarks(scan, got.Result)), want) {
			x.t.Fatalf("after %d batches and %v, of source %d, got %v\nwant %v", n, x.done, scan.Source, warehousetest.AnswerOf(got.Result), want)
		}
	}
}
