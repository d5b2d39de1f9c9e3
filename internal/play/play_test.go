package play

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sort"
	"syscall"
	"testing"
	"time"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/fact/facttest"
)

const t0 = int64(1_800_000_000_000)

func ev(typ event.Type, at, seq, pos int64) event.Event {
	var e event.Event
	e.Reset()
	e.Type, e.Time, e.Seq, e.PositionMS = typ, t0+at, seq, pos
	e.DurationMS, e.Known, e.KeyID = 100_000, true, 1
	e.Viewer, e.Play, e.TitleID = event.ViewerKey{1}, event.Ref{1}, "film"
	e.Context.Country, e.Context.DeviceType = "US", "tv"
	e.ID = event.Ref{byte(typ), byte(at), byte(at >> 8), byte(at >> 16), byte(seq)}
	e.ReceivedAt = e.Time
	return e
}

// apply runs events through an engine, closing what is open at the end.
func apply(t testing.TB, events []event.Event) (*fact.Batch, *Engine) {
	t.Helper()
	g := New(DefaultConfig(), nil)
	var b fact.Batch
	g.Begin()
	for i := range events {
		if err := g.Apply(&events[i], &b); err != nil {
			t.Fatal(err)
		}
	}
	g.Settle(1, event.Everybody, &b)
	return &b, g
}

// sums are the totals a test speaks about.
func sums(b *fact.Batch) map[string]int64 {
	out := map[string]int64{}
	names := [...]string{"startup", "playing", "seeking", "stalled", "seekstalled", "paused", "ad", "activeplay", "activeviewer"}
	for _, s := range b.Spans {
		out[names[s.Kind]] += int64(s.N) * (s.To - s.From)
	}
	marks := map[fact.MarkKind]string{
		fact.Request: "requests", fact.FirstFrame: "plays", fact.Exit: "exits", fact.StartFailure: "startfailures",
		fact.PlaybackFailure: "failures", fact.End: "ends", fact.Stall: "stalls", fact.Measured: "measured", fact.Completed: "completed",
		fact.Pause: "pauses", fact.Rewind: "rewinds", fact.Skip: "skips", fact.DroppedFrames: "dropped",
		fact.StartupKnown: "startups", fact.BusinessFailure: "businessfailures", fact.Viewed: "viewed",
	}
	for _, m := range b.Marks {
		n := int64(m.N)
		if m.Kind == fact.DroppedFrames || m.Kind == fact.Viewed {
			n *= m.Value
		}
		out[marks[m.Kind]] += n
	}
	for k, v := range out {
		if v == 0 {
			delete(out, k)
		}
	}
	delete(out, "activeplay")
	delete(out, "activeviewer")
	return out
}

func TestLifeOfAPlay(t *testing.T) {
	req, start := ev(event.PlayRequested, 0, 0, -1), ev(event.PlayStarted, 1_000, 1, 0)
	fatal := func(at, seq int64) event.Event {
		e := ev(event.Error, at, seq, -1)
		e.Quality.ErrorFatal = true
		return e
	}
	for name, c := range map[string]struct {
		events []event.Event
		want   map[string]int64
	}{
		"watched to the end": {
			[]event.Event{req, start, ev(event.Heartbeat, 31_000, 2, 30_000), ev(event.Heartbeat, 61_000, 3, 60_000),
				ev(event.Heartbeat, 91_000, 4, 90_000), ev(event.PlayEnded, 101_000, 5, 100_000)},
			map[string]int64{"requests": 1, "plays": 1, "startups": 1, "ends": 1, "startup": 1_000, "playing": 100_000, "measured": 1, "viewed": 1_000_000, "completed": 1},
		},
		"pause is not watched": {
			[]event.Event{req, start, ev(event.Paused, 11_000, 2, 10_000), ev(event.Resumed, 41_000, 3, 10_000), ev(event.PlayEnded, 51_000, 4, 20_000)},
			map[string]int64{"requests": 1, "plays": 1, "startups": 1, "ends": 1, "startup": 1_000, "playing": 20_000, "paused": 30_000, "pauses": 1, "measured": 1, "viewed": 200_000},
		},
		"stall and seek-caused stall": {
			[]event.Event{req, start, ev(event.StallStarted, 11_000, 2, 10_000), ev(event.StallEnded, 13_000, 3, 10_000),
				ev(event.Seeked, 20_000, 4, 50_000), ev(event.StallStarted, 20_100, 5, 50_000), ev(event.StallEnded, 21_100, 6, 50_000), ev(event.PlayEnded, 22_100, 7, 51_000)},
			map[string]int64{"requests": 1, "plays": 1, "startups": 1, "ends": 1, "startup": 1_000, "playing": 10_000 + 7_000 + 100 + 1_000, "stalled": 2_000, "seekstalled": 1_000, "stalls": 2, "skips": 1, "measured": 1, "viewed": 180_000},
		},
		"a wait of 20 ms after a seek is no stall": {
			[]event.Event{req, start, ev(event.SeekStarted, 10_000, 2, -1), ev(event.StallStarted, 10_010, 3, -1), ev(event.Resumed, 10_030, 4, 40_000), ev(event.PlayEnded, 20_000, 5, -1)},
			map[string]int64{"requests": 1, "plays": 1, "startups": 1, "ends": 1, "startup": 1_000, "playing": 9_000 + 20 + 9_970, "seeking": 10, "skips": 1, "measured": 1, "viewed": 189_700},
		},
		"exit":          {[]event.Event{req, ev(event.PlayEnded, 5_000, 1, -1)}, map[string]int64{"requests": 1, "exits": 1, "startup": 5_000}},
		"silent exit":   {[]event.Event{req}, map[string]int64{"requests": 1, "exits": 1}},
		"start failure": {[]event.Event{req, fatal(3_000, 1)}, map[string]int64{"requests": 1, "startfailures": 1, "startup": 3_000}},
		"playback failure": {[]event.Event{req, start, fatal(6_000, 2)},
			map[string]int64{"requests": 1, "plays": 1, "startups": 1, "ends": 1, "failures": 1, "startup": 1_000, "playing": 5_000, "measured": 1, "viewed": 50_000}},
		"time nobody reported": {
			[]event.Event{req, start, ev(event.Heartbeat, 11_000, 2, 10_000), ev(event.Heartbeat, 311_000, 3, 40_000)},
			map[string]int64{"requests": 1, "plays": 1, "startups": 1, "ends": 1, "startup": 1_000, "playing": 40_000, "measured": 1, "viewed": 400_000},
		},
		"started without a request": {[]event.Event{start, ev(event.PlayEnded, 5_000, 2, 4_000)},
			map[string]int64{"requests": 1, "plays": 1, "ends": 1, "playing": 4_000, "measured": 1, "viewed": 40_000}},
		"an idle player is no attempt": {[]event.Event{ev(event.Heartbeat, 0, 0, 0), ev(event.Paused, 10, 1, -1)}, map[string]int64{}},
		"seen from its middle": {[]event.Event{ev(event.Heartbeat, 0, 7, 20_000), ev(event.Heartbeat, 10_000, 8, 30_000)},
			map[string]int64{"requests": 1, "plays": 1, "ends": 1, "playing": 10_000, "measured": 1, "viewed": 100_000}},
		"a further part is no new play": {
			[]event.Event{req, start, ev(event.Paused, 11_000, 2, 10_000), ev(event.Resumed, 11_000+3_600_000, 3, 10_000), ev(event.PlayEnded, 21_000+3_600_000, 4, 20_000)},
			map[string]int64{"requests": 1, "pauses": 1, "plays": 1, "startups": 1, "ends": 1, "startup": 1_000, "playing": 20_000, "measured": 1, "viewed": 200_000},
		},
		"an ad is neither content nor a stall": {
			[]event.Event{req, ev(event.AdStarted, 2_000, 1, -1), ev(event.StallStarted, 3_000, 2, -1), ev(event.AdEnded, 12_000, 3, -1), ev(event.PlayEnded, 20_000, 4, 8_000)},
			map[string]int64{"requests": 1, "plays": 1, "startups": 1, "ends": 1, "startup": 2_000, "ad": 10_000, "playing": 8_000, "measured": 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := apply(t, c.events)
			if got := sums(b); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("got  %v\nwant %v", got, c.want)
			}
		})
	}
}

// randomPlay is a plausible life of one play with everything a player does.
func randomPlay(r *rand.Rand, viewer, play byte, seqs bool) []event.Event {
	var out []event.Event
	at, pos, seq := r.Int64N(60_000), int64(0), int64(0)
	add := func(typ event.Type, p int64) *event.Event {
		e := ev(typ, at, seq, p)
		e.Viewer, e.Play = event.ViewerKey{viewer}, event.Ref{viewer, play}
		e.TitleID = fmt.Sprint("t", play%2)
		e.ID[8] = byte(seq)
		if !seqs {
			e.Seq = event.Absent
		}
		e.ID[9] = byte(seq >> 8)
		seq++
		out = append(out, e)
		return &out[len(out)-1]
	}
	add(event.PlayRequested, -1)
	at += 1 + r.Int64N(4_000)
	add(event.PlayStarted, 0)
	for range r.IntN(40) {
		d := 1 + r.Int64N(12_000)
		at += d
		switch r.IntN(10) {
		case 0:
			add(event.Paused, pos+d)
			at += r.Int64N(100_000)
			add(event.Resumed, pos+d)
		case 1:
			e := add(event.Seeked, r.Int64N(100_000))
			e.FromMS = pos + d
			pos = e.PositionMS - d
		case 2:
			add(event.StallStarted, pos+d)
			at += r.Int64N(300)
			add(event.StallEnded, pos+d)
		case 3:
			add(event.SeekStarted, -1)
			at += r.Int64N(20)
			add(event.StallStarted, -1)
			at += r.Int64N(90)
			add(event.Resumed, pos+d)
		case 4:
			e := add(event.QualityChanged, -1)
			e.Context.CDN = fmt.Sprint("cdn", r.IntN(3))
		case 5:
			at += r.Int64N(200_000)
			fallthrough
		default:
			add(event.Heartbeat, pos+d)
		}
		pos += d
	}
	switch r.IntN(3) {
	case 0:
		at += 100
		add(event.PlayEnded, -1)
	case 1:
		at += 100
		add(event.Error, -1).Quality.ErrorFatal = r.IntN(2) == 0
	}
	return out
}

type memory struct {
	open, idle map[event.ViewerKey][]byte
	meta       []byte
}

func newMemory() *memory {
	return &memory{open: map[event.ViewerKey][]byte{}, idle: map[event.ViewerKey][]byte{}}
}

func (m *memory) Viewer(at Place, key event.ViewerKey, state []byte) {
	where := m.open
	if at == Idle {
		where = m.idle
	}
	if state == nil {
		delete(where, key)
		return
	}
	where[key] = bytes.Clone(state)
}
func (m *memory) Meta(state []byte) { m.meta = bytes.Clone(state) }

func (m *memory) engine(t *testing.T) *Engine {
	g := New(DefaultConfig(), func(k event.ViewerKey) ([]byte, error) { return m.idle[k], nil })
	g.Stored = func(k event.ViewerKey) ([]byte, error) { return m.open[k], nil }
	if m.meta != nil {
		if err := g.RestoreMeta(m.meta); err != nil {
			t.Fatal(err)
		}
	}
	for k, s := range m.open {
		if err := g.Restore(k, s); err != nil {
			t.Fatal(err)
		}
	}
	g.Ready()
	return g
}

// Disorder within the horizon, duplicates, batch cuts, restarts and evictions
// change nothing about the sum of the facts.
func TestDisorderChangesNothing(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		var events []event.Event
		for v := range byte(1 + r.IntN(2)) {
			for p := range byte(1 + r.IntN(3)) {
				events = append(events, randomPlay(r, v, p, r.IntN(3) > 0)...)
			}
		}
		sort.SliceStable(events, func(i, j int) bool { return events[i].Time < events[j].Time })
		want := facttest.NewLedger()
		b, _ := apply(t, events)
		want.Add(b)

		arrival := disorder(r, events)
		got := facttest.NewLedger()
		store := newMemory()
		g := store.engine(t)
		var out fact.Batch
		g.Begin()
		for i := range arrival {
			if err := g.Apply(&arrival[i], &out); err != nil {
				t.Fatal(err)
			}
			if r.IntN(7) == 0 {
				g.Tick(arrival[i].ReceivedAt, &out)
				got.Add(&out)
				out.Reset()
				g.Begin()
			}
			if r.IntN(9) == 0 {
				g.Snapshot(store)
				if r.IntN(2) == 0 {
					g = store.engine(t)
					g.Begin()
					got.Add(&out)
					out.Reset()
				}
			}
		}
		if out.Counts.LateDropped > 0 {
			t.Fatalf("seed %d: %d late", seed, out.Counts.LateDropped)
		}
		g.Settle(1, event.Everybody, &out)
		got.Add(&out)
		if !got.Equal(want) {
			t.Fatalf("seed %d: disorder changed the result\n--- got\n%s\n--- want\n%s", seed, facttest.Diff(got.String(), want.String()), facttest.Diff(want.String(), got.String()))
		}
	}
}

// disorder delays events by up to the horizon and repeats some.
func disorder(r *rand.Rand, events []event.Event) []event.Event {
	type arriving struct {
		e  event.Event
		at int64
	}
	var all []arriving
	for _, e := range events {
		at := e.Time
		if r.IntN(3) == 0 {
			at += r.Int64N(29_999)
		}
		all = append(all, arriving{e, at})
		if r.IntN(10) == 0 && e.Seq >= 0 {
			all = append(all, arriving{e, at + r.Int64N(60_000)})
		} else if r.IntN(10) == 0 {
			all = append(all, arriving{e, at})
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].at < all[j].at })
	var out []event.Event
	for _, a := range all {
		a.e.ReceivedAt = a.at
		out = append(out, a.e)
	}
	return out
}

// Rows of finished plays say the same as the sums of the signed facts.
func TestRowsAgreeWithSpans(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 2))
		b, _ := apply(t, randomPlay(r, 1, 1, true))
		got := sums(b)
		var media, watched, stall, stalls int64
		for _, p := range b.Plays {
			media += int64(p.N) * p.MediaMS
			watched += int64(p.N) * p.WatchedMS
			stall += int64(p.N) * p.StallMS
			stalls += int64(p.N) * int64(p.Stalls)
		}
		spans := got["playing"] + got["startup"] + got["seeking"] + got["stalled"] + got["seekstalled"]
		if media != got["playing"] || watched != spans || stall != got["stalled"]+got["seekstalled"] || stalls != got["stalls"] {
			t.Fatalf("seed %d: rows say media %d watched %d stall %d/%d, spans say %v", seed, media, watched, stall, stalls, got)
		}
	}
}

func BenchmarkHeartbeats(b *testing.B) {
	const plays = 20_000
	g := New(DefaultConfig(), nil)
	var out fact.Batch
	g.Begin()
	mk := func(i int, at int64, typ event.Type) event.Event {
		e := ev(typ, at, at/10_000, at)
		e.Viewer = event.ViewerKey{byte(i), byte(i >> 8), byte(i >> 16)}
		e.DurationMS = 1 << 30
		return e
	}
	for i := range plays {
		e := mk(i, 0, event.PlayStarted)
		if err := g.Apply(&e, &out); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	cpu := cpuTime(b)
	e := mk(0, 0, event.Heartbeat)
	for n := range b.N {
		i, round := n%plays, int64(n/plays+1)
		if i == 0 {
			out.Reset()
			g.Begin()
		}
		e.Viewer = event.ViewerKey{byte(i), byte(i >> 8), byte(i >> 16)}
		e.Time = t0 + round*10_000
		e.ReceivedAt, e.Seq, e.PositionMS = e.Time, round, round*10_000
		if err := g.Apply(&e, &out); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/(cpuTime(b)-cpu).Seconds(), "events/cpu-s")
}

// cpuTime is the processor time that the process has taken: what a machine that
// does other things leaves alone.
func cpuTime(t testing.TB) time.Duration {
	var u syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkOpenPlay reports what an open play costs in memory and on disk.
func BenchmarkOpenPlay(b *testing.B) {
	const plays = 50_000
	for range b.N {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		g := New(DefaultConfig(), nil)
		var out fact.Batch
		for at := int64(0); at <= 300_000; at += 10_000 {
			out.Reset()
			g.Begin()
			for i := range plays {
				e := ev(event.Heartbeat, at, at/10_000, at)
				if at == 0 {
					e.Type = event.PlayStarted
				}
				e.Viewer, e.DurationMS = event.ViewerKey{byte(i), byte(i >> 8), byte(i >> 16)}, 1<<30
				if err := g.Apply(&e, &out); err != nil {
					b.Fatal(err)
				}
			}
		}
		out = fact.Batch{}
		runtime.GC()
		runtime.ReadMemStats(&after)
		stored := &sizes{}
		g.Snapshot(stored)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/plays, "bytes/play")
		b.ReportMetric(float64(stored.bytes)/plays, "stored-bytes/play")
		runtime.KeepAlive(g)
	}
}

type sizes struct{ bytes int }

func (s *sizes) Viewer(_ Place, _ event.ViewerKey, state []byte) { s.bytes += 17 + len(state) }
func (s *sizes) Meta([]byte)                                     {}
