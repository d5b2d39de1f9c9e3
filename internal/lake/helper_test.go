package lake

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/eventlog/pebblelog"
	"playhead/internal/fact"
)

const startMS = 1_764_115_200_000 // 2025-11-26T00:00:00Z

// crowd makes events of some viewers, in order of time, across a few hours.
type crowd struct {
	r    *rand.Rand
	seqs map[event.Ref]int64
	next uint64
	at   int64
}

func newCrowd(seed uint64) *crowd {
	return &crowd{r: rand.New(rand.NewPCG(seed, 1)), seqs: map[event.Ref]int64{}, at: startMS + 60_000}
}

func (c *crowd) event() event.Event {
	var e event.Event
	e.Reset()
	c.at += c.r.Int64N(2_000)
	viewer := c.r.Uint64N(50)
	binary.BigEndian.PutUint64(e.Viewer[:], viewer*0x9E3779B97F4A7C15+1)
	binary.BigEndian.PutUint64(e.Play[:], viewer+1)
	c.next++
	binary.BigEndian.PutUint64(e.ID[8:], c.next)
	e.Type, e.Known, e.Time, e.KeyID = event.Heartbeat, viewer%7 != 0, c.at-c.r.Int64N(30_000), 1
	e.TitleID = fmt.Sprintf("title-%d", c.r.IntN(20))
	e.PositionMS, e.DurationMS = c.r.Int64N(1e6), 5_400_000
	e.Context.Country, e.Context.DeviceType = []string{"US", "DE", ""}[c.r.IntN(3)], "tv"
	switch c.r.IntN(10) {
	case 0:
		e.Type, e.Play = event.Impression, event.Ref{}
		e.CreativeID, e.Rank, e.Propensity = "c1", 3, 0.25
		binary.BigEndian.PutUint64(e.Impression[:], c.next)
		e.Experiments = map[string]string{"art": "b", "row": "1"}
	case 1:
		e.Type = event.Tracked
		e.Properties = []byte(fmt.Sprintf(`{"page":%d,"q":"a\"b"}`, c.next))
		e.Traits = map[string]string{"plan": "family \"x\"\n"}
	default:
		e.Seq = c.seqs[e.Play]
		c.seqs[e.Play]++
		e.Quality.BitrateKbps = 1000 + c.r.Int64N(5)
	}
	return e
}

// openLog opens a log of three partitions.
func openLog(t testing.TB) *pebblelog.Log {
	t.Helper()
	l, err := pebblelog.Open(t.TempDir(), pebblelog.Options{Partitions: 3, ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// feeder appends events as a collector would, and facts as a processor would.
type feeder struct {
	t    testing.TB
	log  *pebblelog.Log
	seen map[event.Ref]bool
	// done is how far facts speak of each partition.
	done []int64
}

func newFeeder(t testing.TB, log *pebblelog.Log) *feeder {
	return &feeder{t: t, log: log, seen: map[event.Ref]bool{}, done: make([]int64, log.Partitions())}
}

// append stores events and a tick in each partition.
func (f *feeder) append(events []event.Event) {
	f.t.Helper()
	var records []eventlog.Record
	for i := range events {
		records = append(records, eventlog.Record{
			Partition: event.PartitionOf(events[i].Viewer, f.log.Partitions()), Data: event.AppendRecord(nil, &events[i]),
		})
	}
	for p := range f.log.Partitions() {
		records = append(records, eventlog.Record{Partition: p, Data: event.AppendTick(nil)})
	}
	if err := f.log.Append(context.Background(), eventlog.Events, records); err != nil {
		f.t.Fatal(err)
	}
}

// process commits facts that speak of all that is there, repeats named.
func (f *feeder) process() {
	f.t.Helper()
	ctx := context.Background()
	for p := range f.log.Partitions() {
		b := fact.Batch{Partition: p}
		var e event.Event
		next, err := f.log.Read(ctx, eventlog.Events, eventlog.Cursor{Partition: p, Offset: f.done[p]}, 1<<30, func(x eventlog.Entry) error {
			kind, err := event.DecodeRecord(x.Data, &e)
			if kind == event.RecordEvent {
				if f.seen[e.ID] {
					b.Repeats = append(b.Repeats, x.Offset)
				}
				f.seen[e.ID] = true
			}
			return err
		})
		if err != nil {
			f.t.Fatal(err)
		}
		b.InputEnd = next
		err = f.log.Commit(ctx, []eventlog.Transaction{{Partition: p, From: f.done[p], To: next, Output: [][]byte{fact.AppendBatch(nil, &b)}}})
		if err != nil {
			f.t.Fatal(err)
		}
		f.done[p] = next
	}
}

// flushAll writes all that facts speak of.
func flushAll(t testing.TB, l *Lake) {
	t.Helper()
	if err := l.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// key tells events apart.
func key(e *event.Event) string {
	if identified(e) {
		return fmt.Sprintf("%s/%d", e.Play, e.Seq)
	}
	return halfOf(e).String()
}

// halfOf is what the lake keeps of an event's id.
func halfOf(e *event.Event) event.Ref {
	half := e.ID
	if clear(half[:8]); identified(e) {
		clear(half[:])
	}
	return half
}

// contents reads every file that the folder's manifest names.
func contents(t testing.TB, dir string, secret []byte) map[string]int {
	t.Helper()
	files, err := ListFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, f := range files {
		rows := int64(0)
		err := ReadFile(filepath.Join(dir, f.Path()), secret, func(e *event.Event) error {
			got[key(e)]++
			rows++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if rows != f.Rows {
			t.Fatalf("%s has %d rows, the manifest says %d", f.Path(), rows, f.Rows)
		}
	}
	return got
}

// once checks that every event is there once.
func once(t testing.TB, got map[string]int, events []event.Event) {
	t.Helper()
	want := map[string]bool{}
	for i := range events {
		want[key(&events[i])] = true
	}
	for k := range want {
		if got[k] != 1 {
			t.Errorf("event %s is there %d times", k, got[k])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d different events, want %d", len(got), len(want))
	}
}

// mergeAsPlanned does what is planned until nothing is, without files: become says how large
// the file is that some become. number is that of the last file.
func mergeAsPlanned(l *Lake, number *int64, become func(files []File) File) {
	for {
		period, files := l.plan(nil)
		if len(files) == 0 {
			return
		}
		*number++
		merged := become(files)
		merged.Period, merged.Number = period, *number
		gone := map[int64]bool{}
		for _, f := range files {
			gone[f.Number] = true
		}
		l.manifest.Files = append(slices.DeleteFunc(l.manifest.Files, func(f File) bool { return gone[f.Number] }), merged)
	}
}
