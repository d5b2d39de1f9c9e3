package rollup_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/rollup"
)

const t0 = int64(1_790_000_000_000) // a multiple of 10 s

func apply(t testing.TB, b *fact.Batch) *rollup.Generation {
	t.Helper()
	g := rollup.NewGeneration(rollup.Options{})
	if b.FreshTo == 0 {
		b.FreshTo = t0 + rollup.HourMS
	}
	if err := g.Apply(0, b); err != nil {
		t.Fatal(err)
	}
	return g
}

func measure(t testing.TB, g *rollup.Generation, s rollup.Scan, m rollup.Measure) string {
	t.Helper()
	r, err := g.Scan(s)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, x := range r.Groups {
		if x.Measures[m] != 0 {
			lines = append(lines, fmt.Sprintf("%d%s=%d", x.Bucket, strings.Join(x.Keys, "/"), x.Measures[m]))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, " ")
}

func tens(from int64, n int) (list []int64) {
	for i := range n + 1 {
		list = append(list, from+int64(i)*rollup.PulseMS)
	}
	return list
}

func TestSpansAreSpreadByOverlap(t *testing.T) {
	f := func(kind fact.SpanKind, from, to int64, m rollup.Measure, want string) {
		t.Helper()
		g := apply(t, &fact.Batch{Dims: make([]fact.Dims, 1), Spans: []fact.Span{{Kind: kind, N: 1, Scope: fact.ScopeAll, From: t0 + from, To: t0 + to}}})
		got := measure(t, g, rollup.Scan{From: t0, To: t0 + 40_000, Buckets: tens(t0, 4)}, m)
		if got != want {
			t.Errorf("kind %d [%d,%d): %q, want %q", kind, from, to, got, want)
		}
	}
	f(fact.Playing, 9_999, 20_001, rollup.MediaMS, "0=1 1=10000 2=1")
	f(fact.Playing, 9_999, 20_001, rollup.WatchMS, "0=1 1=10000 2=1")
	f(fact.Paused, 0, 9_000, rollup.WatchMS, "")
	f(fact.Ad, 0, 9_000, rollup.WatchMS, "")
	f(fact.Startup, 5_000, 5_001, rollup.WatchMS, "0=1")
	f(fact.SeekStalled, 0, 10, rollup.StallMS, "0=10")
	f(fact.SeekStalled, 0, 10, rollup.SeekStallMS, "0=10")
	f(fact.Stalled, 0, 10, rollup.SeekStallMS, "")
	f(fact.ActivePlay, 0, 1, rollup.PlayMarks, "0=1")
	f(fact.ActivePlay, 1, 10_000, rollup.PlayMarks, "")
	f(fact.ActivePlay, 1, 10_001, rollup.PlayMarks, "1=1")
	f(fact.ActivePlay, 0, 40_000, rollup.PlayMarks, "0=1 1=1 2=1 3=1")
	f(fact.ActiveViewer, 0, 20_000, rollup.ViewerMarks, "0=1 1=1")
	f(fact.ActiveViewer, 0, 20_000, rollup.PlayMarks, "")
}

func TestViewersCountInTheirScopeOnly(t *testing.T) {
	dims := []fact.Dims{{Title: "a", Country: "US", DeviceType: "tv", CDN: "x"}}
	g := apply(t, &fact.Batch{Dims: dims, Spans: []fact.Span{
		{Kind: fact.ActiveViewer, N: 1, Scope: fact.ScopeTitle | fact.ScopeTitleCountry, From: t0, To: t0 + 10_000},
	}})
	f := func(source rollup.Source, want string, by ...rollup.Dimension) {
		t.Helper()
		from := t0 / rollup.HourMS * rollup.HourMS
		if got := measure(t, g, rollup.Scan{Source: source, From: from, To: from + rollup.HourMS, By: by}, rollup.ViewerMarks); got != want {
			t.Errorf("source %d by %v: %q, want %q", source, by, got, want)
		}
	}
	f(rollup.SourcePulse, "")
	f(rollup.SourcePulse, "0a=1", rollup.Title)
	f(rollup.SourcePulse, "", rollup.Country)
	f(rollup.SourceTitleHour, "0US/a=1", rollup.Country, rollup.Title)
	f(rollup.SourceTitleHour, "", rollup.Title, rollup.DeviceType)
}

func TestFaces(t *testing.T) {
	f := func(s rollup.Source, want bool, dims ...rollup.Dimension) {
		t.Helper()
		if got := rollup.Covers(s, dims); got != want {
			t.Errorf("source %d covers %v: %v", s, dims, got)
		}
	}
	for _, s := range []rollup.Source{rollup.SourcePulse, rollup.SourceTitleHour, rollup.SourceTitleDay} {
		f(s, true)
		f(s, true, rollup.Title, rollup.Title)
		f(s, s != rollup.SourcePulse, rollup.Country, rollup.Title)
		f(s, s != rollup.SourcePulse, rollup.Country, rollup.DeviceType)
		f(s, s == rollup.SourcePulse, rollup.CDN)
		f(s, false, rollup.Title, rollup.CDN)
		f(s, false, rollup.ISP)
		f(s, false, rollup.Title, rollup.Country, rollup.DeviceType)
	}
	f(rollup.SourcePlays, true, rollup.ISP, rollup.Title, rollup.OS)
	g := rollup.NewGeneration(rollup.Options{})
	if _, err := g.Scan(rollup.Scan{By: []rollup.Dimension{rollup.ISP}}); !errors.Is(err, rollup.ErrNotCovered) {
		t.Error(err)
	}
}

func TestDaysAreCutInTheReportZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	days := rollup.NewDays(berlin)
	for _, c := range []struct {
		at    string
		hours int64
	}{{"2026-03-29T12:00:00Z", 23}, {"2026-10-25T12:00:00Z", 25}, {"2026-07-01T22:30:00Z", 24}} {
		at, _ := time.Parse(time.RFC3339, c.at)
		start, end := days.Bounds(at.UnixMilli())
		if end-start != c.hours*rollup.HourMS || at.UnixMilli() < start || at.UnixMilli() >= end {
			t.Errorf("%s: a day of %d h", c.at, (end-start)/rollup.HourMS)
		}
		if s, _ := days.Bounds(end); s != end {
			t.Errorf("%s: the next day starts elsewhere", c.at)
		}
	}
}

func TestWhatIsOldIsNotMade(t *testing.T) {
	fresh := t0 + 100*24*rollup.HourMS
	g := apply(t, &fact.Batch{FreshTo: fresh, Dims: make([]fact.Dims, 1), Spans: []fact.Span{{Kind: fact.Playing, N: 1, From: t0, To: t0 + 100}}})
	for source, want := range map[rollup.Source]string{rollup.SourcePulse: "", rollup.SourceTitleHour: "", rollup.SourceTitleDay: "0=100"} {
		if got := measure(t, g, rollup.Scan{Source: source, From: 0, To: fresh}, rollup.MediaMS); got != want {
			t.Errorf("source %d: %q, want %q", source, got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	g := rollup.NewGeneration(rollup.Options{})
	ok := &fact.Batch{Dims: make([]fact.Dims, 1)}
	steps := []struct {
		name   string
		offset int64
		b      *fact.Batch
		fails  bool
	}{
		{"first", 5, ok, false},
		{"again", 5, ok, true},
		{"skips", 7, ok, true},
		{"next", 6, ok, false},
		{"span", 7, &fact.Batch{Spans: []fact.Span{{}}}, true},
		{"mark", 7, &fact.Batch{Marks: []fact.Mark{{}}}, true},
		{"play", 7, &fact.Batch{Plays: []fact.Play{{}}}, true},
		{"interval", 7, &fact.Batch{Dims: make([]fact.Dims, 1), Plays: []fact.Play{{Active: []fact.Interval{{Dims: 1}}}}}, true},
	}
	for _, s := range steps {
		if err := g.Apply(s.offset, s.b); (err != nil) != s.fails {
			t.Errorf("%s: %v", s.name, err)
		}
	}
	if g.End(0) != 7 || g.End(1) != 0 {
		t.Errorf("ends %d, %d", g.End(0), g.End(1))
	}
	g.Seal()
	if g.Apply(7, ok) == nil {
		t.Error("a sealed generation was changed")
	}
}

func TestSketchesOnlyGrow(t *testing.T) {
	b := &fact.Batch{Dims: make([]fact.Dims, 1)}
	for i := range 10 {
		b.Marks = append(b.Marks, fact.Mark{Kind: fact.FirstFrame, Known: i != 3, N: 1, Time: t0, Value: -1, Viewer: event.ViewerKey{byte(i + 1)}})
	}
	b.Marks = append(b.Marks, fact.Mark{Kind: fact.FirstFrame, Known: true, N: -1, Time: t0, Value: -1, Viewer: event.ViewerKey{1}})
	g := apply(t, b)
	r, err := g.Scan(rollup.Scan{From: t0, To: t0 + 10_000, Sketches: rollup.SketchesOf(rollup.Viewers)})
	if err != nil || len(r.Groups) != 1 {
		t.Fatal(r, err)
	}
	x := r.Groups[0]
	if x.Measures[rollup.Plays] != 9 || x.Measures[rollup.KnownPlays] != 8 || x.Measures[rollup.StartupCount] != 0 {
		t.Errorf("measures %v", x.Measures)
	}
	if n := x.Sketches.Estimate(rollup.Viewers); n < 8.99 || n > 9.01 || g.Size().Overcount != 1 {
		t.Errorf("%v viewers, overcount %d", n, g.Size().Overcount)
	}
}

// A viewer with two screens is one viewer, in the gauge as computed from plays.
func TestGaugesFromPlays(t *testing.T) {
	viewer := event.ViewerKey{1}
	screen := func(n int32, from, to int64) fact.Play {
		return fact.Play{N: n, Viewer: viewer, Requested: t0 + from, Ended: t0 + to, Active: []fact.Interval{{Kind: fact.ActivePlay, From: t0 + from, To: t0 + to}}}
	}
	g := apply(t, &fact.Batch{Dims: make([]fact.Dims, 1), Plays: []fact.Play{
		screen(1, 0, 30_000), screen(1, 10_000, 50_000), screen(1, 70_000, 90_000), screen(-1, 70_000, 90_000),
	}})
	s := rollup.Scan{Source: rollup.SourcePlays, From: t0, To: t0 + 200_000, Gauges: true}
	if got := measure(t, g, s, rollup.ViewerMarks); got != "0=5" {
		t.Errorf("viewers %q, want 5 boundaries", got)
	}
	if got := measure(t, g, s, rollup.PlayMarks); got != "0=7" {
		t.Errorf("plays %q, want 7 boundaries", got)
	}
	s.Buckets = []int64{t0, t0 + 15_000, t0 + 200_000}
	if got := measure(t, g, s, rollup.ViewerMarks); got != "0=2 1=3" {
		t.Errorf("viewers by bucket %q", got)
	}
}

func TestCurve(t *testing.T) {
	play := fact.Play{
		N: 1, FirstFrame: t0, Ended: t0 + 30_000, DurationMS: 600_000, StartMS: 2_500, FurthestMS: 600_000,
		Cover: []fact.Coverage{{From: 2_500, To: 4_200, N: 2}, {From: 599_000, To: 600_500, N: 1}},
	}
	undone := play
	undone.N = -1
	b := &fact.Batch{Dims: []fact.Dims{{Title: "a", DeviceType: "tv"}}, Plays: []fact.Play{play, play, undone, {N: 1, FirstFrame: t0, DurationMS: -1}}}
	g := apply(t, b)
	set := rollup.NewCurveSet(rollup.CurveScan{Of: map[string]string{"a": ""}, By: rollup.DeviceType, From: 0, To: 1 << 60})
	set.AddGeneration(g)
	curves := set.Curves()
	if len(curves) != 1 {
		t.Fatal(curves)
	}
	c := curves[0]
	if c.Key != "tv" || c.WidthMS != 1000 || c.Plays != 1 || len(c.WatchedMS) != 600 {
		t.Fatalf("%s %d %d %d", c.Key, c.WidthMS, c.Plays, len(c.WatchedMS))
	}
	if !slices.Equal(c.WatchedMS[:6], []int64{0, 0, 1000, 2000, 400, 0}) || c.WatchedMS[599] != 1500 || c.Starts[2] != 1 || c.Furthest[599] != 1 {
		t.Error(c)
	}
	for _, w := range []struct{ duration, width int64 }{{1, 1_000}, {600_000, 1_000}, {600_001, 2_000}, {5_400_000, 10_000}, {1 << 40, 300_000}} {
		if got := rollup.BinWidth(w.duration); got != w.width {
			t.Errorf("width for %d is %d, want %d", w.duration, got, w.width)
		}
	}
	other := rollup.Curve{Key: "tv", WidthMS: 2000, DurationMS: 1_000_000, WatchedMS: []int64{2001}, Furthest: []int64{0, 3}, Starts: []int64{3}}
	one := rollup.OneWidth([]rollup.Curve{c, other})
	if len(one) != 1 || !slices.Equal(one[0].WatchedMS[:4], []int64{1000, 1001, 1000, 2000}) || one[0].Furthest[2] != 3 || one[0].DurationMS != 1_000_000 {
		t.Error(one)
	}
}

// A scan sees whole batches, whatever is applied meanwhile.
func TestScansSeeWholeBatches(t *testing.T) {
	g := rollup.NewGeneration(rollup.Options{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range int64(2000) {
			b := &fact.Batch{FreshTo: t0, Dims: make([]fact.Dims, 1), Marks: []fact.Mark{{Kind: fact.Request, N: 1, Time: t0}, {Kind: fact.Stall, N: 1, Time: t0 + 30_000}}}
			if err := g.Apply(i, b); err != nil {
				t.Error(err)
			}
		}
	})
	for range 200 {
		r, err := g.Scan(rollup.Scan{From: t0, To: t0 + 60_000})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range r.Groups {
			if x.Measures[rollup.PlayRequests] != x.Measures[rollup.Stalls] {
				t.Fatal("half a batch", x.Measures)
			}
		}
	}
	wg.Wait()
}

func BenchmarkApply(b *testing.B) {
	const each = 20_000
	f := &fact.Batch{FreshTo: t0 + rollup.HourMS}
	for i := range 3_000 {
		f.Dims = append(f.Dims, fact.Dims{
			Title: fmt.Sprint("title-", i%200), Country: fmt.Sprint("C", i/7%60), DeviceType: fmt.Sprint("d", i%7), CDN: fmt.Sprint("cdn", i%4),
		})
	}
	for i := range each {
		d, at := uint32(i*7919%len(f.Dims)), t0+int64(i)
		switch i % 10 {
		case 0, 1, 2, 3:
			f.Spans = append(f.Spans, fact.Span{Dims: d, Kind: fact.Playing, N: 1, From: at, To: at + 30_000})
		case 4, 5, 6:
			f.Spans = append(f.Spans, fact.Span{Dims: d, Kind: fact.ActivePlay, N: 1, From: at + 60_000, To: at + 90_000})
		case 7, 8:
			f.Spans = append(f.Spans, fact.Span{Dims: d, Kind: fact.ActiveViewer, Scope: fact.ScopeEvery, N: 1, From: at + 60_000, To: at + 90_000})
		default:
			m := fact.Mark{Dims: d, Kind: fact.FirstFrame, Known: true, N: 1, Time: at, Value: 800}
			m.Viewer[0], m.Viewer[1] = byte(i), byte(i>>8)
			f.Marks = append(f.Marks, m)
		}
	}
	g := rollup.NewGeneration(rollup.Options{})
	offset := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		if err := g.Apply(offset, f); err != nil {
			b.Fatal(err)
		}
		offset++
	}
	b.ReportMetric(each*float64(b.N)/b.Elapsed().Seconds(), "facts/s")
	b.ReportMetric(float64(g.Size().Bytes)/1e6, "MB")
}
