package process_test

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/eventlog/pebblelog"
	"playhead/internal/fact"
	"playhead/internal/fact/facttest"
	"playhead/internal/journey"
	"playhead/internal/play"
	"playhead/internal/process"
)

const partitions = 3

// clock is a log's clock that moves a millisecond a look.
type clock struct{ now atomic.Int64 }

func (c *clock) Now() int64 { return c.now.Add(1) }

func open(t *testing.T, fs vfs.FS, c *clock) *pebblelog.Log {
	t.Helper()
	l, err := pebblelog.Open("data", pebblelog.Options{FS: fs, Partitions: partitions, Clock: c.Now, ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// audience is a list of events of many viewers, in a plausible order of arrival.
func audience(r *rand.Rand, viewers int) []event.Event {
	const t0 = 1_800_000_000_000
	var out []event.Event
	for v := range viewers {
		at, n := int64(t0+r.IntN(20_000)), int64(0)
		add := func(typ event.Type, after, pos int64) {
			at += after
			var e event.Event
			e.Reset()
			e.Viewer, e.Play[0], e.Play[1] = viewerOf(v), byte(v), byte(v>>8)+1
			e.Type, e.Time, e.Seq, e.PositionMS, e.DurationMS = typ, at, n, pos, 60_000
			e.Known, e.KeyID, e.TitleID = true, 1, fmt.Sprint("t", v%5)
			e.Context.Country = []string{"US", "DE", "JP"}[v%3]
			out = append(out, e)
			n++
		}
		for range r.IntN(6) { // some artwork first, perhaps a choice, perhaps a search
			at += 1 + r.Int64N(9_000)
			out = append(out, browsing(r, v, at))
		}
		add(event.PlayRequested, 0, -1)
		add(event.PlayStarted, int64(100+r.IntN(900)), 0)
		for i := range r.IntN(20) {
			add(event.Heartbeat, 10_000, int64(i+1)*10_000)
		}
		if r.IntN(2) == 0 {
			add(event.PlayEnded, 500, -1)
		}
	}
	// Each event is up to 20 s late, which the horizon allows.
	arrival := make(map[*event.Event]int64, len(out))
	order := make([]*event.Event, len(out))
	for i := range out {
		order[i] = &out[i]
		arrival[order[i]] = out[i].Time + r.Int64N(20_000)
	}
	slices.SortStableFunc(order, func(a, b *event.Event) int { return cmp.Compare(arrival[a], arrival[b]) })
	shuffled := make([]event.Event, len(out))
	for i, e := range order {
		shuffled[i] = *e
	}
	return shuffled
}

// viewerOf is the key of the vth viewer: all over the partitions, and all over
// what settles reach.
func viewerOf(v int) (key event.ViewerKey) {
	binary.LittleEndian.PutUint32(key[:], uint32(v)*2654435761)
	binary.BigEndian.PutUint16(key[4:], uint16(v)*40503)
	key[15] = 1
	return key
}

// browsing is something a viewer does beside playing.
func browsing(r *rand.Rand, v int, at int64) event.Event {
	var e event.Event
	e.Reset()
	e.Viewer = viewerOf(v)
	binary.LittleEndian.PutUint64(e.ID[:], r.Uint64())
	binary.LittleEndian.PutUint64(e.ID[8:], r.Uint64())
	e.Type, e.Time, e.Known, e.KeyID, e.TitleID = event.Impression, at, true, 1, fmt.Sprint("t", v%5)
	e.CreativeID, e.Placement, e.Rank, e.Impression = "art", "row", int64(v%7), e.ID
	e.Context.Country = []string{"US", "DE", "JP"}[v%3]
	switch r.IntN(6) {
	case 0:
		e.Type, e.CreativeID, e.Impression = event.Select, "", event.Ref{}
	case 1:
		e.Type, e.SearchQuery, e.SearchHits, e.Search, e.TitleID = event.Search, "dr", 3, e.ID, ""
	}
	return e
}

func appendEvents(t *testing.T, l eventlog.Log, events []event.Event) {
	t.Helper()
	if err := tryAppend(t.Context(), l, events); err != nil {
		t.Fatal(err)
	}
}

func tryAppend(ctx context.Context, l eventlog.Log, events []event.Event) error {
	var records []eventlog.Record
	for i := range events {
		records = append(records, eventlog.Record{
			Partition: event.PartitionOf(events[i].Viewer, l.Partitions()), Data: event.AppendRecord(nil, &events[i]),
		})
	}
	return l.Append(ctx, eventlog.Events, records)
}

func settle(t *testing.T, l eventlog.Log) { settleSteps(t, l, 1, 1) }

// settleSteps appends the first of all the steps of a settle.
func settleSteps(t *testing.T, l eventlog.Log, first, all int) {
	t.Helper()
	var records []eventlog.Record
	for n := 1; n <= first; n++ {
		for p := range l.Partitions() {
			records = append(records, eventlog.Record{Partition: p, Data: event.AppendSettle(nil, 1, event.ReachOf(n, all))})
		}
	}
	if err := l.Append(t.Context(), eventlog.Events, records); err != nil {
		t.Fatal(err)
	}
}

// facts reads the whole log of facts.
func facts(t *testing.T, l eventlog.Log) (*facttest.Ledger, fact.Counts) {
	t.Helper()
	sum := facttest.NewLedger()
	return sum, addFacts(t, sum, l)
}

// addFacts adds the facts of a whole log to a sum.
func addFacts(t *testing.T, sum *facttest.Ledger, l eventlog.Log) (counts fact.Counts) {
	t.Helper()
	for p := range l.Partitions() {
		input := int64(0)
		_, err := l.Read(t.Context(), eventlog.Facts, eventlog.Cursor{Partition: p}, 1<<40, func(e eventlog.Entry) error {
			var b fact.Batch
			if err := fact.DecodeBatch(e.Data, &b); err != nil {
				return err
			}
			if b.InputEnd <= input {
				return fmt.Errorf("batch ends at %d after one that ended at %d", b.InputEnd, input)
			}
			input = b.InputEnd
			sum.Add(&b)
			counts.Events += b.Counts.Events
			counts.Duplicates += b.Counts.Duplicates
			counts.LateDropped += b.Counts.LateDropped
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return counts
}

// run processes until everything that is in the log is committed, or for d.
func run(t *testing.T, l *pebblelog.Log, d time.Duration) {
	t.Helper()
	r := process.New(l, l, process.Config{
		Epoch: time.Millisecond, EpochBytes: 4_000, Tick: 10 * time.Millisecond, Snapshot: 3 * time.Millisecond,
		RetainEvents: time.Hour,
	})
	targets := ends(t, l)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	if d > 0 {
		time.Sleep(d)
	}
	for start := time.Now(); d == 0 && time.Since(start) < 20*time.Second; time.Sleep(2 * time.Millisecond) {
		if committed(t, l, targets) {
			break
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// ends are the next offsets of "events", by partition.
func ends(t *testing.T, l *pebblelog.Log) []int64 {
	t.Helper()
	var out []int64
	for p := range l.Partitions() {
		_, next, err := l.Bounds(t.Context(), eventlog.Events, p)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, next)
	}
	return out
}

func committed(t *testing.T, l *pebblelog.Log, targets []int64) bool {
	t.Helper()
	for p, target := range targets {
		progress, err := l.Progress(t.Context(), int32(p))
		if err != nil {
			t.Fatal(err)
		}
		if progress.Committed < target {
			return false
		}
	}
	return true
}

// oracle folds the same events with one pair of engines and nothing around it.
func oracle(t *testing.T, events []event.Event) *facttest.Ledger {
	t.Helper()
	sum := facttest.NewLedger()
	addOracle(t, sum, events)
	return sum
}

// addOracle adds the facts of the events to sum.
func addOracle(t *testing.T, sum *facttest.Ledger, events []event.Event) {
	t.Helper()
	across := journey.New(journey.DefaultConfig(), nil)
	g := play.New(play.DefaultConfig(), nil)
	g.Hooks = across.Hooks()
	var b fact.Batch
	g.Begin()
	across.Begin()
	follow := func(s journey.Step, told int) {
		s.Changes = g.Changes[told:]
		if _, err := across.Apply(s, &b); err != nil {
			t.Fatal(err)
		}
	}
	for i := range events {
		s, told := journey.Step{Event: &events[i], Fresh: true, Spans: len(b.Spans), Marks: len(b.Marks), Plays: len(b.Plays)}, len(g.Changes)
		across.Before(s.Event)
		if err := g.Apply(s.Event, &b); err != nil {
			t.Fatal(err)
		}
		follow(s, told)
	}
	s, told := journey.Step{Plays: len(b.Plays)}, len(g.Changes)
	g.Settle(1, event.Everybody, &b)
	follow(s, told)
	if err := across.Settle(1, event.Everybody, &b); err != nil {
		t.Fatal(err)
	}
	sum.Add(&b)
}

func TestFactsAreTheSameWhateverIsCut(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	events := audience(r, 300)
	want := oracle(t, events).String()
	fs, c := vfs.NewMem(), &clock{}
	l := open(t, fs, c)
	for len(events) > 0 {
		n := min(len(events), 1+r.IntN(900))
		appendEvents(t, l, events[:n])
		events = events[n:]
		run(t, l, time.Duration(r.IntN(4))*time.Millisecond) // a start and an orderly stop each time
		if r.IntN(3) == 0 {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			l = open(t, fs, c)
		}
	}
	settle(t, l)
	run(t, l, 0)
	sum, counts := facts(t, l)
	if counts.LateDropped > 0 || counts.Duplicates > 0 {
		t.Fatalf("counts %+v", counts)
	}
	if got := sum.String(); got != want {
		t.Fatalf("facts differ\n--- got\n%s\n--- want\n%s", facttest.Diff(got, want), facttest.Diff(want, got))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// Power is lost at random moments while events come in and are processed: what
// was acknowledged is in the facts once.
func TestPowerLoss(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 7))
		events := audience(r, 120)
		want := oracle(t, events).String()
		fs, c := vfs.NewCrashableMem(), &clock{}
		for len(events) > 0 {
			l := open(t, fs, c)
			n := min(len(events), 1+r.IntN(700))
			appendEvents(t, l, events[:n])
			events = events[n:]
			runner := process.New(l, l, process.Config{
				Epoch: time.Millisecond, EpochBytes: 2_000, Tick: 5 * time.Millisecond, Snapshot: 2 * time.Millisecond,
			})
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- runner.Run(ctx) }()
			time.Sleep(time.Duration(r.IntN(12)) * time.Millisecond)
			after := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(100), RNG: r})
			cancel()
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			fs = after // the old process's last words never reached the disk
		}
		l := open(t, fs, c)
		settle(t, l)
		run(t, l, 0)
		sum, _ := facts(t, l)
		if got := sum.String(); got != want {
			t.Fatalf("seed %d: facts differ\n--- got\n%s\n--- want\n%s", seed, facttest.Diff(got, want), facttest.Diff(want, got))
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// An import that stops while it is settled, and is brought in again from its
// beginning, counts once, and as one that is settled at once.
func TestImportSettledInSteps(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	events := audience(r, 200)
	slices.SortStableFunc(events, func(a, b event.Event) int { return cmp.Compare(a.Time, b.Time) })
	for i := range events {
		events[i].Import, events[i].ID = true, event.Ref{}
		binary.BigEndian.PutUint64(events[i].ID[8:], uint64(i+1))
	}
	want := oracle(t, events).String()
	for _, stops := range []int{0, 1, 8, 17, 18} {
		fs, c := vfs.NewMem(), &clock{}
		l := open(t, fs, c)
		appendEvents(t, l, events[:len(events)/2])
		run(t, l, time.Duration(r.IntN(4))*time.Millisecond)
		appendEvents(t, l, events[len(events)/2:])
		settleSteps(t, l, stops, 18)
		run(t, l, time.Duration(r.IntN(4))*time.Millisecond)
		appendEvents(t, l, events)
		for n := 1; n <= 18; n += 6 {
			settleSteps(t, l, n, 18)
			run(t, l, time.Duration(r.IntN(4))*time.Millisecond)
		}
		settleSteps(t, l, 18, 18)
		run(t, l, 0)
		sum, counts := facts(t, l)
		if repeats := len(events); counts.Duplicates != int64(repeats) {
			t.Errorf("stopped after %d steps: %d repetitions found, %d sent", stops, counts.Duplicates, repeats)
		}
		if got := sum.String(); got != want {
			t.Errorf("stopped after %d steps: facts differ\n--- got\n%s\n--- want\n%s", stops, facttest.Diff(got, want), facttest.Diff(want, got))
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
