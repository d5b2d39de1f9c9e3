package warehousetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"playhead/internal/fact"
	"playhead/internal/rollup"
	"playhead/internal/warehouse"
)

// Open opens the warehouse kept in a folder; a second call after Close sees
// what the first one left.
type Open func(t *testing.T, dir string) warehouse.Warehouse

const day = 24 * rollup.HourMS

// zone has a day of 23 hours in the invented world's days.
func zone(t *testing.T) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// Zone is the report time zone that the suite expects of a driver.
func Zone(t *testing.T) *time.Location { return zone(t) }

// Run holds a driver to the port.
func Run(t *testing.T, open Open) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Open)
	}{
		{"scan equals brute force", scanEqualsBrute},
		{"plays add up to roll-ups", playsAddUp},
		{"apply is idempotent and leaves no gap", applyIdempotent},
		{"maintain changes no answer", maintainChangesNothing},
		{"reopened", reopened},
		{"retention and values", retentionAndValues},
		{"random scans", randomScans},
		{"estimates and tops", estimatesAndTops},
		{"coarser cells", coarserCells},
		{"sample", sampleEqualsMemory},
		{"single plays", playsAreListed},
		{"not covered", notCovered},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open) })
	}
}

// world is some generations of facts around a change of the clocks.
type world struct {
	from, to    int64
	batches     []*fact.Batch
	generations []*rollup.Generation
}

func makeWorld(t *testing.T, seed uint64, generations, plays int) *world {
	t.Helper()
	from := time.Date(2026, 3, 28, 9, 0, 0, 0, time.UTC).UnixMilli()
	w := &world{from: from, to: from + 40*rollup.HourMS}
	inventor := NewWorld(seed, w.from, w.to)
	offsets := [2]int64{}
	for range generations {
		g := rollup.NewGeneration(rollup.Options{ReportTZ: zone(t)})
		for range 4 {
			p := int32(len(w.batches) % 2)
			b := inventor.Batch(p, plays)
			if err := g.Apply(offsets[p], b); err != nil {
				t.Fatal(err)
			}
			offsets[p]++
			w.batches = append(w.batches, b)
		}
		g.Seal()
		w.generations = append(w.generations, g)
	}
	return w
}

// scans are questions of every source and face.
func (w *world) scans(t *testing.T) []rollup.Scan {
	days := rollup.NewDays(zone(t))
	d0, _ := days.Bounds(w.from)
	bounds := []int64{d0}
	for at := d0; at < w.to+day; {
		_, at = days.Bounds(at)
		bounds = append(bounds, at)
	}
	last := bounds[len(bounds)-1]
	h0 := w.from / rollup.HourMS * rollup.HourMS
	hours := []int64{h0, h0 + 3*rollup.HourMS, h0 + 4*rollup.HourMS, h0 + 30*rollup.HourMS, h0 + 60*rollup.HourMS}
	var minutes []int64
	for i := range int64(61) {
		minutes = append(minutes, h0+10*rollup.HourMS+i*60_000)
	}
	title := rollup.Filter{Dimension: rollup.Title, In: []string{name("t-", 0), name("t-", 3), "none"}}
	country := rollup.Filter{Dimension: rollup.Country, In: []string{name("", 1), ""}}
	none := rollup.Filter{Dimension: rollup.Country}
	d := func(dims ...rollup.Dimension) []rollup.Dimension { return dims }
	var list []rollup.Scan
	add := func(s rollup.Scan) {
		list = append(list, s)
		s.Sketches = rollup.SketchesOf(rollup.Viewers)
		list = append(list, s)
	}
	for _, by := range [][]rollup.Dimension{nil, d(rollup.Title), d(rollup.Country), d(rollup.DeviceType), d(rollup.CDN)} {
		add(rollup.Scan{Source: rollup.SourcePulse, From: minutes[0], To: minutes[60], Buckets: minutes, By: by})
	}
	add(rollup.Scan{Source: rollup.SourcePulse, From: h0, To: h0 + 5*rollup.HourMS + 20_000, Where: []rollup.Filter{title}})
	for _, source := range []rollup.Source{rollup.SourceTitleHour, rollup.SourceTitleDay} {
		s := rollup.Scan{Source: source, From: d0, To: last, Buckets: bounds}
		if source == rollup.SourceTitleHour {
			s = rollup.Scan{Source: source, From: h0, To: h0 + 50*rollup.HourMS, Buckets: hours}
		}
		for _, by := range [][]rollup.Dimension{
			nil, d(rollup.Title), d(rollup.Country, rollup.Title), d(rollup.Title, rollup.DeviceType), d(rollup.DeviceType, rollup.Country),
		} {
			s.By = by
			add(s)
			s.Buckets = nil
			add(s)
		}
		s.By, s.Where = d(rollup.DeviceType), []rollup.Filter{title}
		add(s)
		s.By, s.Where = d(rollup.Title), []rollup.Filter{title, country}
		add(s)
		s.By, s.Where = nil, []rollup.Filter{none}
		add(s)
	}
	for s := range rollup.SourceCount {
		if s != rollup.SourcePulse && s != rollup.SourceTitleHour && s != rollup.SourceTitleDay {
			for _, f := range s.Faces() {
				list = append(list, w.faceScan(t, s, f))
			}
		}
	}
	return list
}

func describeScan(s rollup.Scan) string {
	return fmt.Sprintf("source %d, [%d,%d), %d buckets, by %v, where %v, sketches %b", s.Source, s.From, s.To, len(s.Bounds())-1, s.By, s.Where, s.Sketches)
}

// same fails when two answers differ, and names one difference.
func same(t *testing.T, what string, got, want Answer) {
	t.Helper()
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if got[k] != want[k] {
			t.Fatalf("%s\n%s\ngot  %s\nwant %s", what, k, short(got[k]), short(want[k]))
		}
	}
	for k := range got {
		if _, ok := want[k]; !ok {
			t.Fatalf("%s: %s should not be there: %s", what, k, short(got[k]))
		}
	}
}

func short(s string) string { return s[:min(len(s), 300)] }

func scanEqualsBrute(t *testing.T, open Open) {
	w := makeWorld(t, 1, 3, 25)
	db := open(t, t.TempDir())
	defer closeIt(t, db)
	for _, g := range w.generations {
		apply(t, db, g)
	}
	for _, s := range w.scans(t) {
		same(t, describeScan(s), AnswerOf(scan(t, db, s)), Brute(s, w.batches))
	}
}

// playsAddUp asks the same of the finished plays as of the cells: all plays of
// the invented world are finished. concurrent_viewers is not the sum of rows.
func playsAddUp(t *testing.T, open Open) {
	w := makeWorld(t, 2, 3, 25)
	db := open(t, t.TempDir())
	defer closeIt(t, db)
	apply(t, db, w.generations...)
	blank := func(r *rollup.Result) *rollup.Result {
		kept := r.Groups[:0]
		for _, g := range r.Groups {
			g.Measures[rollup.ViewerMarks] = 0
			if g.Measures != (rollup.Measures{}) {
				kept = append(kept, g)
			}
		}
		r.Groups = kept
		return r
	}
	for _, s := range w.scans(t) {
		if !slices.Contains(s.Source.Measures(), rollup.MediaMS) { // not about time that was watched
			continue
		}
		cells := s
		blank := func(r *rollup.Result) *rollup.Result {
			r = onlyBoth(r, cells.Source)
			return blank(r)
		}
		s.Sketches &= rollup.SourcePlays.Sketches()
		cells.Sketches = s.Sketches
		s.Source = rollup.SourcePlays
		same(t, describeScan(s), AnswerOf(blank(scan(t, db, s))), AnswerOf(blank(scan(t, db, cells))))
		s.Gauges = true
		same(t, "gauges: "+describeScan(s), AnswerOf(blank(scan(t, db, s))), AnswerOf(blank(scan(t, db, cells))))
	}
	odd := rollup.Scan{
		Source: rollup.SourcePlays, From: w.from + 7, To: w.to - 13, Buckets: []int64{w.from + 3, w.from + 1_234_567, w.from + 50_000_001, w.to + 1},
		By: []rollup.Dimension{rollup.ISP, rollup.Region}, Where: []rollup.Filter{{Dimension: rollup.OS, In: []string{"os-ab"}}}, Sketches: rollup.SketchesOf(rollup.Viewers),
	}
	got, want := scan(t, db, odd), bruteWithoutViewers(odd, w)
	for i := range got.Groups {
		got.Groups[i].Measures[rollup.ViewerMarks] = 0
	}
	if len(want) == 0 {
		t.Fatal("the odd question has no answer")
	}
	same(t, "odd cuts", AnswerOf(got), want)
}

// onlyBoth leaves the measures that both a source of cells and plays have.
func onlyBoth(r *rollup.Result, source rollup.Source) *rollup.Result {
	for i := range r.Groups {
		m := &r.Groups[i].Measures
		for k := range m {
			if !slices.Contains(source.Measures(), rollup.Measure(k)) || !slices.Contains(rollup.SourcePlays.Measures(), rollup.Measure(k)) {
				m[k] = 0
			}
		}
	}
	return r
}

// bruteWithoutViewers answers by brute force with no ActiveViewer spans.
func bruteWithoutViewers(s rollup.Scan, w *world) Answer {
	var batches []*fact.Batch
	for _, b := range w.batches {
		c := *b
		c.Spans = slices.DeleteFunc(slices.Clone(b.Spans), func(s fact.Span) bool { return s.Kind == fact.ActiveViewer })
		batches = append(batches, &c)
	}
	return Brute(s, batches)
}

func applyIdempotent(t *testing.T, open Open) {
	w := makeWorld(t, 3, 4, 10)
	db := open(t, t.TempDir())
	defer closeIt(t, db)
	s := rollup.Scan{Source: rollup.SourceTitleDay, From: w.from - 2*day, To: w.to + 2*day, Sketches: rollup.SketchesOf(rollup.Viewers), By: []rollup.Dimension{rollup.Title}}
	apply(t, db, w.generations[0])
	apply(t, db, w.generations[0])
	same(t, "twice", AnswerOf(scan(t, db, s)), Brute(s, w.batches[:4]))
	if err := db.Apply(t.Context(), w.generations[2:3]); !errors.Is(err, warehouse.ErrGap) {
		t.Fatalf("a gap gave %v", err)
	}
	if err := db.Apply(t.Context(), []*rollup.Generation{w.generations[1], w.generations[3]}); !errors.Is(err, warehouse.ErrGap) {
		t.Fatalf("a gap within a flush gave %v", err)
	}
	same(t, "after a refused flush", AnswerOf(scan(t, db, s)), Brute(s, w.batches[:4]))
	apply(t, db, w.generations...)
	same(t, "all with an old one", AnswerOf(scan(t, db, s)), Brute(s, w.batches))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.Apply(gone, w.generations); err == nil {
		t.Log("a given-up apply of nothing new went through")
	}
	offsets, err := db.Offsets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []warehouse.Offset{{Partition: 0, End: 8, FreshTo: w.to}, {Partition: 1, End: 8, FreshTo: w.to}}
	if !slices.Equal(offsets, want) {
		t.Fatalf("offsets %v, want %v", offsets, want)
	}
}

func maintainChangesNothing(t *testing.T, open Open) {
	w := makeWorld(t, 4, 7, 6)
	db := open(t, t.TempDir())
	defer closeIt(t, db)
	for _, g := range w.generations {
		apply(t, db, g)
	}
	scans := slices.DeleteFunc(w.scans(t), func(s rollup.Scan) bool { return len(s.By) == 1 && s.Sketches == 0 })
	var before []Answer
	for _, s := range scans {
		before = append(before, AnswerOf(scan(t, db, s)))
	}
	curves := retention(t, db, rollup.CurveScan{Of: one(0), By: rollup.DeviceType, From: 0, To: 1 << 60})
	for _, now := range []int64{w.to, w.to + rollup.HourMS, w.from + 30*rollup.HourMS} {
		if err := db.Maintain(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		for i, s := range scans {
			same(t, describeScan(s), AnswerOf(scan(t, db, s)), before[i])
		}
		after := retention(t, db, rollup.CurveScan{Of: one(0), By: rollup.DeviceType, From: 0, To: 1 << 60})
		if fmt.Sprint(after) != fmt.Sprint(curves) {
			t.Fatalf("retention is\n%v, was\n%v", after, curves)
		}
	}
}

func reopened(t *testing.T, open Open) {
	w := makeWorld(t, 5, 2, 20)
	dir := t.TempDir()
	db := open(t, dir)
	apply(t, db, w.generations[0])
	closeIt(t, db)
	db = open(t, dir)
	defer closeIt(t, db)
	apply(t, db, w.generations...)
	for _, s := range w.scans(t)[:12] {
		same(t, describeScan(s), AnswerOf(scan(t, db, s)), Brute(s, w.batches))
	}
	r := scan(t, db, rollup.Scan{Source: rollup.SourceTitleDay, From: 0, To: 1000})
	first, _ := rollup.NewDays(zone(t)).Bounds(w.from)
	if r.FirstData != first {
		t.Errorf("the first data is at %d, want %d", r.FirstData, first)
	}
}

func retentionAndValues(t *testing.T, open Open) {
	w := makeWorld(t, 6, 3, 30)
	db := open(t, t.TempDir())
	defer closeIt(t, db)
	ref := &Memory{Days: rollup.NewDays(zone(t))}
	for _, g := range w.generations {
		apply(t, db, g)
		apply(t, ref, g)
	}
	for _, s := range []rollup.CurveScan{
		{Of: one(0), From: 0, To: 1 << 60},
		{Of: one(1), By: rollup.DeviceType, From: 0, To: 1 << 60},
		{Of: one(0), From: w.from + day, To: w.to + day},
		{Of: one(0), By: rollup.Country, From: 0, To: 1 << 60},
		{Of: one(1), By: rollup.CDN, From: w.from + day, To: w.to + day},
		{Of: map[string]string{name("t-", 0): "first", name("t-", 1): "second", name("t-", 2): "first"}, From: 0, To: 1 << 60},
		{Of: map[string]string{name("t-", 0): "first", name("t-", 1): "second"}, By: rollup.AppVersion, From: 0, To: 1 << 60},
		{Of: map[string]string{"none": ""}, From: 0, To: 1 << 60},
		{From: 0, To: 1 << 60},
	} {
		got, want := retention(t, db, s), retention(t, ref, s)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%+v\ngot  %v\nwant %v", s, got, want)
		}
	}
	// Whatever plays are told apart by, together they are those of the roll-up.
	whole := retention(t, db, rollup.CurveScan{Of: one(0), From: 0, To: 1 << 60})
	for by := rollup.Country; by < rollup.Creative; by++ {
		sums := map[int64]*rollup.Curve{}
		for _, c := range retention(t, db, rollup.CurveScan{Of: one(0), By: by, From: 0, To: 1 << 60}) {
			if sums[c.WidthMS] == nil {
				sums[c.WidthMS] = &rollup.Curve{WidthMS: c.WidthMS}
			}
			sums[c.WidthMS].Merge(&c)
		}
		for _, want := range whole {
			if got := sums[want.WidthMS]; got == nil || fmt.Sprint(*got) != fmt.Sprint(want) {
				t.Errorf("by dimension %d\ngot  %v\nwant %v", by, got, want)
			}
		}
	}
	for d := range rollup.DimensionCount {
		got, err := db.Values(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := ref.Values(t.Context(), d)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("values of %d: %q, want %q", d, got, want)
		}
	}
}

func notCovered(t *testing.T, open Open) {
	db := open(t, t.TempDir())
	defer closeIt(t, db)
	for _, s := range []rollup.Scan{
		{Source: rollup.SourcePulse, To: 1, By: []rollup.Dimension{rollup.Title, rollup.Country}},
		{Source: rollup.SourceTitleDay, To: 1, By: []rollup.Dimension{rollup.CDN}},
	} {
		if _, err := db.Scan(t.Context(), s); !errors.Is(err, rollup.ErrNotCovered) && !emptyReference(db) {
			t.Errorf("%s: %v", describeScan(s), err)
		}
	}
	r := scan(t, db, rollup.Scan{Source: rollup.SourcePlays, To: 1 << 50, Sketches: rollup.SketchesOf(rollup.Viewers)})
	if len(r.Groups) != 0 || r.FirstData != 0 {
		t.Errorf("an empty warehouse answers %v", r)
	}
}

// emptyReference is the reference driver, which with nothing in it has nothing to refuse.
func emptyReference(db warehouse.Warehouse) bool {
	_, ok := db.(*Memory)
	return ok
}

func apply(t *testing.T, db warehouse.Warehouse, g ...*rollup.Generation) {
	t.Helper()
	if err := db.Apply(t.Context(), g); err != nil {
		t.Fatal(err)
	}
}

func scan(t *testing.T, db warehouse.Warehouse, s rollup.Scan) *rollup.Result {
	t.Helper()
	r, err := db.Scan(t.Context(), s)
	if err != nil {
		t.Fatalf("%s: %v", describeScan(s), err)
	}
	return r.Result
}

// one asks for the curve of a title alone.
func one(n int) map[string]string { return map[string]string{name("t-", n): ""} }

func retention(t *testing.T, db warehouse.Warehouse, s rollup.CurveScan) []rollup.Curve {
	t.Helper()
	set, _, err := db.Retention(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return set.Curves()
}

func closeIt(t *testing.T, db warehouse.Warehouse) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}
