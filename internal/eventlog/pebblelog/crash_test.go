package pebblelog_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"playhead/internal/eventlog"
	"playhead/internal/eventlog/pebblelog"
)

// crashLoad is a workload that remembers what was acknowledged.
type crashLoad struct {
	mu        sync.Mutex
	acked     map[string]bool // appended calls
	committed int64           // transactions
	trimmed   int64
}

// TestCrash loses power again and again while records are appended, committed
// and trimmed: whatever was acknowledged before is there, calls and
// transactions are whole, and the next life goes on where the last one stood.
func TestCrash(t *testing.T) {
	lives := 25
	if testing.Short() {
		lives = 6
	}
	r := rand.New(rand.NewPCG(11, 12))
	load := &crashLoad{acked: map[string]bool{}}
	fs := vfs.NewCrashableMem()
	// A slow machine does less in a life, and takes more of them.
	little := func() bool {
		return len(load.acked) < lives*5 || load.committed < int64(lives)*5 || load.trimmed == 0
	}
	for life := 0; life < lives || little() && life < 8*lives; life++ {
		l := openMem(t, fs)
		load.check(t, l)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for w := range 3 {
			wg.Go(func() { load.append(t, ctx, l, fmt.Sprintf("%d.%d", life, w)) })
		}
		wg.Go(func() { load.commit(t, ctx, l) })
		time.Sleep(time.Duration(1+r.IntN(40)) * time.Millisecond)
		load.mu.Lock() // nothing is acknowledged between the count and the crash
		clone := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: r})
		before := load.copy()
		load.mu.Unlock()
		cancel()
		wg.Wait()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		load, fs = before, clone
	}
	load.check(t, openMem(t, fs))
	if little() {
		t.Errorf("only %d calls and %d transactions, trimmed to %d: the test tests little", len(load.acked), load.committed, load.trimmed)
	}
	t.Logf("%d lives, %d calls, %d transactions, trimmed to %d", lives, len(load.acked), load.committed, load.trimmed)
}

func (c *crashLoad) copy() *crashLoad {
	to := &crashLoad{acked: map[string]bool{}, committed: c.committed, trimmed: c.trimmed}
	for k := range c.acked {
		to.acked[k] = true
	}
	return to
}

// append makes calls of four records over two partitions, a tenth of them so large
// that they are written while others are synced.
func (c *crashLoad) append(t *testing.T, ctx context.Context, l *pebblelog.Log, name string) {
	for i := 0; ; i++ {
		pad := strings.Repeat("p", 700)
		if i%10 == 4 {
			pad = strings.Repeat("p", 17_000)
		}
		text := fmt.Sprintf("%s/%d", name, i)
		records := make([]eventlog.Record, 4)
		for j := range records {
			records[j] = eventlog.Record{Partition: int32(j % 2), Data: []byte(text + " " + pad)}
		}
		if err := l.Append(ctx, eventlog.Events, records); err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("append: %v", err)
			}
			return
		}
		c.mu.Lock()
		c.acked[text] = true
		c.mu.Unlock()
	}
}

// commit makes transactions over two partitions, with a snapshot now and then,
// and trims facts behind itself.
func (c *crashLoad) commit(t *testing.T, ctx context.Context, l *pebblelog.Log) {
	at, err := l.Progress(t.Context(), 0)
	if err != nil {
		t.Error(err)
		return
	}
	for n := at.Committed; ; n++ {
		var txs []eventlog.Transaction
		for p := range int32(2) {
			tx := eventlog.Transaction{Partition: p, From: n, To: n + 1, Output: [][]byte{fmt.Append(nil, n)}}
			if n%5 == 0 {
				tx.Snapshot = true
				tx.State = []eventlog.KV{{Key: []byte("n"), Value: fmt.Append(nil, n+1)}, {Key: fmt.Append(nil, "k", n%50), Value: make([]byte, 3000)}}
			}
			txs = append(txs, tx)
		}
		err := l.Commit(ctx, txs)
		if err == nil && n%20 == 19 {
			err = l.Trim(ctx, eventlog.Facts, eventlog.Cursor{Partition: 0, Offset: n - 10})
			if err == nil {
				c.mu.Lock()
				c.trimmed = n - 10
				c.mu.Unlock()
			}
		}
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("commit: %v", err)
			}
			return
		}
		c.mu.Lock()
		c.committed = n + 1
		c.mu.Unlock()
	}
}

// check compares a log after a crash with what was acknowledged before.
func (c *crashLoad) check(t *testing.T, l *pebblelog.Log) {
	t.Helper()
	var seen [2]map[string]int
	for p := range seen {
		texts, err := readAll(t.Context(), l, eventlog.Events, int32(p))
		if err != nil {
			t.Fatal(err)
		}
		seen[p] = map[string]int{}
		for _, text := range texts {
			seen[p][strings.Fields(text)[0]]++
		}
	}
	for text := range c.acked {
		if seen[0][text] != 2 || seen[1][text] != 2 {
			t.Fatalf("call %s was acknowledged and is there %d and %d times, want 2", text, seen[0][text], seen[1][text])
		}
	}
	for p := range seen {
		for text, n := range seen[p] {
			if n != 2 || seen[1-p][text] != 2 {
				t.Fatalf("call %s is torn: %d and %d records", text, n, seen[1-p][text])
			}
		}
	}
	c.checkCommits(t, l)
}

func (c *crashLoad) checkCommits(t *testing.T, l *pebblelog.Log) {
	t.Helper()
	first, err := l.Progress(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if first.Committed < c.committed {
		t.Fatalf("committed up to %d, acknowledged up to %d", first.Committed, c.committed)
	}
	for p := range int32(2) {
		at, err := l.Progress(t.Context(), p)
		if err != nil || at != first {
			t.Fatalf("partition %d stands at %+v, partition 0 at %+v, %v", p, at, first, err)
		}
		texts, err := readAll(t.Context(), l, eventlog.Facts, p)
		low, next, errBounds := l.Bounds(t.Context(), eventlog.Facts, p)
		if err := errors.Join(err, errBounds); err != nil || next != at.Committed || p == 0 && low < c.trimmed {
			t.Fatalf("facts of %d are [%d,%d), committed is %d, trimmed to %d; %v", p, low, next, at.Committed, c.trimmed, err)
		}
		for i, text := range texts {
			if text != fmt.Sprint(low+int64(i)) {
				t.Fatalf("fact %d of partition %d is %s", low+int64(i), p, text)
			}
		}
		state, err := l.State(t.Context(), p, []byte("n"))
		want := ""
		if at.Committed > 0 {
			want = fmt.Sprint(at.Snapshot)
		}
		if err != nil || string(state) != want {
			t.Fatalf("state of %d is %q, the snapshot stands at %d; %v", p, state, at.Snapshot, err)
		}
	}
}
