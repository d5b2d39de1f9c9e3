package play

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/fact/facttest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// viewerOne is viewer 1, awake, or nil where its state is not readable.
func viewerOne(g *Engine) *viewer {
	v, err := g.viewer(&event.ViewerKey{1})
	if err != nil {
		return nil
	}
	return v
}

// someState is the stored state of a viewer in the middle of things.
func someState(t testing.TB, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 3))
	g := New(DefaultConfig(), nil)
	var b fact.Batch
	g.Begin()
	for p := range byte(1 + r.IntN(3)) {
		for _, e := range disorder(r, randomPlay(r, 1, p, r.IntN(2) == 0)) {
			must(t, g.Apply(&e, &b))
		}
	}
	return g.appendViewer(nil, viewerOne(g))
}

func TestStateRoundTrip(t *testing.T) {
	for seed := range uint64(300) {
		state := someState(t, seed)
		g := New(DefaultConfig(), nil)
		must(t, g.Restore(event.ViewerKey{1}, state))
		g.Ready()
		if again := g.appendViewer(nil, viewerOne(g)); !bytes.Equal(again, state) {
			t.Fatalf("seed %d: %d bytes become %d other bytes", seed, len(state), len(again))
		}
	}
}

// A damaged state is refused, or is one that can be worked with.
func FuzzRestore(f *testing.F) {
	for seed := range uint64(5) {
		f.Add(someState(f, seed))
	}
	f.Fuzz(func(t *testing.T, state []byte) {
		g := New(DefaultConfig(), nil)
		if err := g.Restore(event.ViewerKey{1}, state); err != nil {
			if !errors.Is(err, ErrState) {
				t.Fatalf("error %v is no ErrState", err)
			}
			return
		}
		g.Ready()
		var b fact.Batch
		g.Begin()
		v := viewerOne(g)
		if v == nil {
			if !errors.Is(g.Err(), ErrState) {
				t.Fatalf("error %v is no ErrState", g.Err())
			}
			return
		}
		for p := v.plays; p != nil; p = p.sibling {
			for i, typ := range []event.Type{event.Heartbeat, event.Seeked, event.StallStarted, event.PlayEnded, event.PlayStarted} {
				e := ev(typ, 0, event.Absent, int64(i)*10_000)
				e.Time, e.Play = p.at(p.newest)-int64(i%3)*10, p.ref
				must(t, g.Apply(&e, &b))
			}
		}
		g.Tick(math.MaxInt64/2, &b)
		g.Settle(1, event.Everybody, &b)
		g.Snapshot(newMemory())
	})
}

func FuzzRestoreMeta(f *testing.F) {
	g := New(DefaultConfig(), nil)
	g.imports[7], g.complete[9], g.now = 12, true, t0
	f.Add(g.appendMeta(nil))
	f.Fuzz(func(t *testing.T, state []byte) {
		if err := New(DefaultConfig(), nil).RestoreMeta(state); err != nil && !errors.Is(err, ErrState) {
			t.Fatalf("error %v is no ErrState", err)
		}
	})
}

// A client that says whatever comes to its mind takes no more than a bounded
// piece of memory, and what is not taken in is counted.
func TestHostilePlay(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	c := DefaultConfig()
	g := New(c, nil)
	var out fact.Batch
	var counts fact.Counts
	g.Begin()
	for i := range 10_000 {
		e := ev(event.Type(int(event.PlayRequested)+r.IntN(int(event.PlayEnded-event.PlayRequested)+1)), int64(i)+r.Int64N(30_000), r.Int64N(1<<40), r.Int64N(math.MaxInt64))
		if r.IntN(2) == 0 {
			e.Seq = event.Absent
		}
		e.ID = event.Ref{byte(i), byte(i >> 8), byte(i >> 16)}
		e.DurationMS, e.FromMS, e.Rate = r.Int64N(math.MaxInt64), r.Int64N(math.MaxInt64), []float64{1, 1e300, math.Inf(1), math.NaN(), -3}[r.IntN(5)]
		e.TitleID, e.Context.CDN = fmt.Sprint(i), fmt.Sprint(r.IntN(1e6))
		e.Quality.ErrorFatal = r.IntN(50) == 0
		e.Quality.StartupMS = r.Int64N(math.MaxInt64)
		must(t, g.Apply(&e, &out))
		counts.Evicted += out.Counts.Evicted
		counts.LateDropped += out.Counts.LateDropped
		out.Reset()
		g.Begin()
	}
	p := viewerOne(g).plays
	if len(p.kept) > c.MaxKept || cap(p.kept) > 4*c.MaxKept || p.dimsCount() > maxDims || p.seqs.len() > maxSeqRanges || len(p.list) > c.MaxListed {
		t.Fatalf("kept %d (%d), dims %d, seqs %d, listed %d", len(p.kept), cap(p.kept), p.dimsCount(), p.seqs.len(), len(p.list))
	}
	if counts.Evicted == 0 {
		t.Fatal("nothing was counted as evicted")
	}
	state := g.appendViewer(nil, viewerOne(g))
	if len(state) > 1<<20 {
		t.Fatalf("the state takes %d bytes", len(state))
	}
	again := New(c, nil)
	must(t, again.Restore(event.ViewerKey{1}, state))
	again.Ready()
	_, err := again.viewer(&event.ViewerKey{1})
	must(t, err)
}

// An id that everybody shares has a bounded number of plays.
func TestHostileViewer(t *testing.T) {
	c := DefaultConfig()
	c.MaxPlays = 50
	g := New(c, nil)
	var out fact.Batch
	g.Begin()
	for i := range 500 {
		e := ev(event.PlayStarted, int64(i), 0, 0)
		binary.LittleEndian.PutUint32(e.Play[:], uint32(i+1))
		must(t, g.Apply(&e, &out))
	}
	if n := viewerOne(g).count(); n != 50 || g.OpenPlays() != 50 || out.Counts.Evicted != 450 {
		t.Fatalf("%d plays, %d open, %d evicted", n, g.OpenPlays(), out.Counts.Evicted)
	}
	g.Settle(1, event.Everybody, &out)
	if got := sums(&out); got["requests"] != 500 || got["ends"] != 500 || g.OpenPlays() != 0 {
		t.Fatalf("%v, %d open", got, g.OpenPlays())
	}
}

// Attempts close after 60 s of silence and plays after 30 min, by the log's
// time; a repetition is a sign of life and holds up nobody else.
func TestSilence(t *testing.T) {
	g := New(DefaultConfig(), nil)
	var out fact.Batch
	g.Begin()
	send := func(viewer byte, typ event.Type, at, received int64) {
		e := ev(typ, at, at, 1)
		e.Viewer, e.ReceivedAt = event.ViewerKey{viewer}, t0+received
		must(t, g.Apply(&e, &out))
	}
	openAt := func(at int64, want int) {
		t.Helper()
		g.Tick(t0+at, &out)
		if g.OpenPlays() != want {
			t.Fatalf("after %d ms %d plays are open, want %d", at, g.OpenPlays(), want)
		}
	}
	send(1, event.PlayRequested, 0, 0)
	send(2, event.PlayRequested, 0, 1_000)
	send(3, event.PlayRequested, 0, 2_000)
	send(3, event.PlayStarted, 100, 3_000)
	send(1, event.PlayRequested, 0, 40_000) // said twice
	openAt(60_999, 3)
	openAt(61_000, 2)
	openAt(99_999, 2)
	openAt(100_000, 1)
	send(2, event.PlayStarted, 50_000, 110_000) // takes the exit back
	openAt(1_802_999, 2)
	openAt(1_803_000, 1)
	openAt(1_910_000, 0)
	got := sums(&out)
	if got["requests"] != 3 || got["exits"] != 1 || got["plays"] != 2 || got["ends"] != 2 {
		t.Fatalf("%v", got)
	}
}

// A repetition brings a viewer back from disk, and lets it go again.
func TestRepetitionDoesNotHoldViewers(t *testing.T) {
	store := newMemory()
	g := store.engine(t)
	var out fact.Batch
	g.Begin()
	e := ev(event.PlayStarted, 0, 0, 0)
	must(t, g.Apply(&e, &out))
	end := ev(event.PlayEnded, 1_000, 1, 0)
	must(t, g.Apply(&end, &out))
	for round := range int64(3) {
		for at := int64(0); at < 4; at++ {
			g.Tick(t0+(round*10+at)*100_000, &out)
			g.Snapshot(store)
		}
		if g.Viewers() != 0 || len(store.idle) != 1 || len(store.open) != 0 {
			t.Fatalf("round %d: %d viewers in memory, %d idle and %d open stored", round, g.Viewers(), len(store.idle), len(store.open))
		}
		e.ReceivedAt = t0 + (round*10+5)*100_000
		must(t, g.Apply(&e, &out))
	}
	if out.Counts.Duplicates != 3 {
		t.Fatalf("counts %+v", out.Counts)
	}
}

// An import that is repeated, after a crash half-way too, counts once.
func TestImportTwice(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 9))
		var events []event.Event
		for v := range byte(5) {
			events = append(events, randomPlay(r, v, 1, false)...)
		}
		for i := range events {
			events[i].Import, events[i].KeyID, events[i].ID = true, 77, event.Ref{}
			binary.BigEndian.PutUint64(events[i].ID[8:], uint64(i+1))
			events[i].ReceivedAt = t0 + int64(i)*50
		}
		want, got := facttest.NewLedger(), facttest.NewLedger()
		var out fact.Batch
		once := New(DefaultConfig(), nil)
		once.Begin()
		for i := range events {
			must(t, once.Apply(&events[i], &out))
		}
		once.Settle(77, event.Everybody, &out)
		want.Add(&out)

		store := newMemory()
		g := store.engine(t)
		out.Reset()
		g.Begin()
		received := t0
		for _, part := range [][]event.Event{events[:r.IntN(len(events))], events[:r.IntN(len(events))], events, nil, events} {
			for _, e := range part {
				received += 50_000 // a slow import: viewers are let go of
				e.ReceivedAt = received
				must(t, g.Apply(&e, &out))
				g.Tick(received, &out)
				if r.IntN(10) == 0 {
					g.Snapshot(store)
				}
			}
			if part == nil || r.IntN(2) == 0 {
				if part == nil {
					g.Settle(77, event.Everybody, &out)
				}
				g.Snapshot(store)
				got.Add(&out)
				out.Reset()
				g = store.engine(t)
				g.Begin()
			}
		}
		got.Add(&out)
		if got.String() != want.String() {
			t.Fatalf("seed %d:\n--- got\n%s\n--- want\n%s", seed, facttest.Diff(got.String(), want.String()), facttest.Diff(want.String(), got.String()))
		}
		if g.OpenPlays() != 0 {
			t.Fatalf("%d plays are open", g.OpenPlays())
		}
	}
}

// What comes for a play that closed longer ago than the late limit is counted as
// that, in memory and from disk, until the play is forgotten; what comes too late
// for an open play is counted apart.
func TestLate(t *testing.T) {
	c := DefaultConfig()
	store := newMemory()
	g := store.engine(t)
	send := func(typ event.Type, at, seq, received int64) fact.Counts {
		t.Helper()
		e := ev(typ, at, seq, 1_000)
		e.ReceivedAt = t0 + received
		var out fact.Batch
		g.Begin()
		must(t, g.Apply(&e, &out))
		return out.Counts
	}
	send(event.PlayStarted, 60_000, 1, 60_000)
	if n := send(event.Heartbeat, 29_999, 2, 60_000); n.LateDropped != 1 || n.LateHorizon != 1 {
		t.Fatalf("%+v", n)
	}
	send(event.PlayEnded, 70_000, 3, 70_000)
	if n := send(event.Heartbeat, 71_000, 4, 70_000+c.LateLimit-1); n.LateDropped != 0 {
		t.Fatalf("within the limit: %+v", n)
	}
	closed := 70_000 + c.LateLimit - 1
	for round, after := range []int64{c.LateLimit, c.LateLimit + 1, c.ForgetAfter - 1} {
		if n := send(event.Heartbeat, 72_000, 5, closed+after); n.LateDropped != 1 || n.LateClosed != 1 || g.OpenPlays() != 0 {
			t.Fatalf("round %d: %+v", round, n)
		}
		for at := range int64(3) {
			var out fact.Batch
			g.Tick(t0+closed+after+at, &out)
			g.Snapshot(store)
		}
		if round == 1 {
			g = store.engine(t)
		}
		if g.Viewers() != 0 {
			t.Fatalf("round %d: the viewer stays in memory", round)
		}
	}
	if n := send(event.PlayStarted, 73_000, 6, closed+c.ForgetAfter); n.LateDropped != 0 || g.OpenPlays() != 1 {
		t.Fatalf("after it is forgotten: %+v", n)
	}
}

// Of too many open plays those close that were silent for longest; each is
// ended, as silence would, and counted.
func TestTooManyOpenPlays(t *testing.T) {
	c := DefaultConfig()
	c.MaxOpenPlays = 100
	g := New(c, nil)
	var out fact.Batch
	g.Begin()
	send := func(viewer int, typ event.Type, at int64) {
		e := ev(typ, at, at, 0)
		binary.LittleEndian.PutUint32(e.Viewer[:], uint32(viewer+1))
		must(t, g.Apply(&e, &out))
	}
	for i := range 100 {
		send(i, event.PlayStarted, int64(i)*1_000)
	}
	send(0, event.Heartbeat, 100_000) // not the most silent any more
	for i := range 50 {
		send(100+i, event.PlayStarted, 101_000+int64(i)*1_000)
	}
	if g.OpenPlays() != 100 || out.Counts.Evicted != 50 {
		t.Fatalf("%d plays are open, %d were evicted", g.OpenPlays(), out.Counts.Evicted)
	}
	key := event.ViewerKey{1}
	if !g.viewers.get(&key).plays.open() {
		t.Fatal("the play that was heard of was closed")
	}
	if got := sums(&out); got["ends"] != 50 || got["requests"] != 150 {
		t.Fatalf("%v", got)
	}
	g.Settle(1, event.Everybody, &out)
	if got := sums(&out); got["ends"] != 150 || g.OpenPlays() != 0 {
		t.Fatalf("%v, %d open", got, g.OpenPlays())
	}
}

// A play that goes on for longer than maxLife is closed and goes on as another.
func TestEndlessPlay(t *testing.T) {
	b, g := apply(t, []event.Event{
		ev(event.PlayStarted, 0, 0, 0), ev(event.Heartbeat, 10_000, 1, 10_000),
		ev(event.Heartbeat, maxLife+10_000, 2, 20_000), ev(event.Heartbeat, maxLife+20_000, 3, 30_000),
	})
	if got := sums(b); got["requests"] != 2 || got["ends"] != 2 || got["playing"] != 20_000 || b.Counts.Evicted != 1 {
		t.Fatalf("%v, %+v, %d open", got, b.Counts, g.OpenPlays())
	}
}

// What hooks say when a play opens stays with it, over a restart too. To which
// impression it belongs is not said here.
func TestHooks(t *testing.T) {
	for _, restart := range []bool{false, true} {
		store := newMemory()
		g := store.engine(t)
		g.Hooks.Taste = func(event.ViewerKey) string { return "genre:drama" }
		g.Hooks.Labels = func(title string) string { return "title:" + title }
		sum := facttest.NewLedger()
		var out fact.Batch
		g.Begin()
		start, end := ev(event.PlayStarted, 0, 0, 0), ev(event.PlayEnded, 10_000, 1, 10_000)
		must(t, g.Apply(&start, &out))
		if restart {
			g.Snapshot(store)
			sum.Add(&out)
			out.Reset()
			g = store.engine(t)
			g.Begin()
		}
		must(t, g.Apply(&end, &out))
		sum.Add(&out)
		text := sum.String()
		if strings.Count(text, "play ") != 1 || out.Plays[0].Slot != 0 {
			t.Errorf("restart %t:\n%s", restart, text)
		}
		if !strings.Contains(text, "genre:drama") || !strings.Contains(text, "title:film") {
			t.Errorf("restart %t: no taste or no label in\n%s", restart, text)
		}
	}
}

// What the engine says that it holds is about what the heap says.
func TestBytes(t *testing.T) {
	const plays = 20_000
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	g := New(DefaultConfig(), nil)
	var out fact.Batch
	for n := range 6 {
		for i := range plays {
			typ := event.Heartbeat
			if n == 0 {
				typ = event.PlayStarted
			}
			e := ev(typ, int64(n)*10_000, int64(n), int64(n)*10_000)
			e.Viewer[0], e.Viewer[1], e.Viewer[2] = byte(i), byte(i>>8), byte(i>>16)
			must(t, g.Apply(&e, &out))
			if i%1_000 == 0 {
				out.Reset()
				g.Begin()
			}
		}
	}
	out = fact.Batch{}
	g.Snapshot(nowhere{})
	g.Snapshot(nowhere{}) // its list of what is to be stored is given back
	held, said := heap()-before, g.Bytes()
	if said < held*3/4 || said > held*5/4 {
		t.Errorf("it says %d bytes a play, the heap %d", said/plays, held/plays)
	}
	runtime.KeepAlive(g)
}

// nowhere keeps no state.
type nowhere struct{}

func (nowhere) Viewer(Place, event.ViewerKey, []byte) {}
func (nowhere) Meta([]byte)                           {}

// A viewer and its first play are one piece of memory, for which the runtime has sizes: one
// of more than 632 bytes (with the runtime's own 8, 640) takes 704.
func TestViewerSize(t *testing.T) {
	if size := unsafe.Sizeof(viewer{}); size > 632 {
		t.Errorf("a viewer with a play has %d bytes, at most 632", size)
	}
}
