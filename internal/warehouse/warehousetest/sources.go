package warehousetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"playhead/internal/rollup"
	"playhead/internal/warehouse"
)

// faceScan asks a source for all that it keeps by the dimensions of a face.
func (w *world) faceScan(t *testing.T, s rollup.Source, f rollup.Face) rollup.Scan {
	days := rollup.NewDays(zone(t))
	scan := rollup.Scan{Source: s, By: s.FaceDimensions(f), Sketches: s.Sketches()}
	scan.From, _ = days.Bucket(s, w.from)
	width := scan.From
	_, width = days.Bucket(s, width)
	if width -= scan.From; width < rollup.HourMS { // an hour of them in the middle
		scan.From += 9 * rollup.HourMS
	}
	at := scan.From
	for scan.Buckets = []int64{at}; at < w.to+day && len(scan.Buckets) < 60; scan.Buckets = append(scan.Buckets, at) {
		_, at = days.Bucket(s, at)
	}
	scan.To = at
	if s == rollup.SourceCreativeAll {
		scan.From, scan.To, scan.Buckets = 0, 0, nil
	}
	return scan
}

// randomScans asks random questions of every source: before and after they are
// flushed, tidied up and read by another process.
func randomScans(t *testing.T, open Open) {
	w, dir := makeWorld(t, 11, 4, 8), t.TempDir()
	db := open(t, dir)
	r := rand.New(rand.NewPCG(11, 12))
	var scans []rollup.Scan
	for range 24 {
		scans = append(scans, w.randomScan(t, r))
	}
	ask := func(when string, n int) {
		t.Helper()
		for _, s := range scans {
			same(t, when+": "+describeScan(s), AnswerOf(scan(t, db, s)), Brute(s, w.batches[:n]))
		}
	}
	apply(t, db, w.generations[:2]...)
	ask("flushed", 8)
	maintain(t, db, w.to)
	ask("tidied up", 8)
	for _, g := range w.generations[2:] { // late facts
		apply(t, db, g)
	}
	ask("after late facts", 16)
	maintain(t, db, w.to+40*day)
	maintain(t, db, w.to+40*day)
	closeIt(t, db)
	db = open(t, dir)
	defer closeIt(t, db)
	scans = slices.DeleteFunc(scans, func(s rollup.Scan) bool {
		return s.Source == rollup.SourcePulse || s.Source == rollup.SourceQualityMinute
	}) // dropped
	ask("opened again", 16)
}

func maintain(t *testing.T, db warehouse.Warehouse, now int64) {
	t.Helper()
	if err := db.Maintain(t.Context(), now); err != nil {
		t.Fatal(err)
	}
}

// randomScan is a question of a random face, with some of its dimensions as
// filters, some of the sketches and some of the buckets.
func (w *world) randomScan(t *testing.T, r *rand.Rand) rollup.Scan {
	for {
		source := rollup.Source(r.IntN(int(rollup.SourceCount)))
		faces := source.Faces()
		if len(faces) == 0 {
			continue
		}
		s := w.faceScan(t, source, faces[r.IntN(len(faces))])
		s.Sketches &= rollup.SketchSet(r.Uint32())
		if len(s.Buckets) > 2 && r.IntN(2) == 0 {
			at := r.IntN(len(s.Buckets) - 1)
			s.From, s.To, s.Buckets = s.Buckets[at], s.Buckets[at+1+r.IntN(len(s.Buckets)-at-1)], nil
		}
		dims := s.By
		s.By = nil
		for _, d := range dims {
			if r.IntN(3) > 0 {
				s.By = append(s.By, d)
				continue
			}
			if r.IntN(2) == 0 && !d.MultiValued() {
				s.Fold = append(s.Fold, d)
				continue
			}
			f := rollup.Filter{Dimension: d}
			for v := range w.valuesOf(d) {
				if r.IntN(2) == 0 && len(f.In) < 3 && (len(f.In) == 0 || !d.MultiValued()) {
					f.In = append(f.In, v)
				}
			}
			slices.Sort(f.In)
			s.Where = append(s.Where, f)
		}
		r.Shuffle(len(s.By), func(i, j int) { s.By[i], s.By[j] = s.By[j], s.By[i] })
		return s
	}
}

// valuesOf are the values of a dimension in the world.
func (w *world) valuesOf(d rollup.Dimension) map[string]bool {
	seen := map[string]bool{"": true}
	for _, g := range w.generations {
		g.Values(d, 0, func(v string) { seen[v] = true })
	}
	return seen
}

// estimatesAndTops holds that estimates are those of the sketches, and that what is
// left out of a top is not in it.
func estimatesAndTops(t *testing.T, open Open) {
	w := makeWorld(t, 12, 3, 60)
	db := open(t, t.TempDir())
	defer closeIt(t, db)
	for _, g := range w.generations {
		apply(t, db, g)
	}
	for _, c := range []struct {
		source rollup.Source
		face   rollup.Face
		sketch rollup.Sketch
	}{
		{rollup.SourceTitleDay, rollup.FaceTitle, rollup.Viewers}, {rollup.SourceCreativeAll, 7, rollup.Reached},
		{rollup.SourceQualityHour, 5, rollup.Viewers}, {rollup.SourceOverlapMonth, 1, rollup.Audience}, {rollup.SourceLabelDay, 2, rollup.Viewers},
	} {
		s := w.faceScan(t, c.source, c.face)
		s.Buckets, s.Sketches = nil, rollup.SketchesOf(c.sketch)
		whole := map[string]float64{}
		var sizes []float64
		for _, g := range scan(t, db, s).Groups {
			n := g.Sketches.Estimate(c.sketch)
			whole[fmt.Sprint(g.Keys)] = n
			sizes = append(sizes, n)
		}
		slices.Sort(sizes)
		s.EstimateOnly = true
		estimated := scan(t, db, s)
		for _, g := range estimated.Groups {
			if got, want := g.Sketches.Estimate(c.sketch), whole[fmt.Sprint(g.Keys)]; got != want {
				t.Errorf("%s: %v is estimated at %v, not %v", describeScan(s), g.Keys, got, want)
			}
		}
		if len(estimated.Groups) != len(whole) || len(whole) < 4 {
			t.Errorf("%s: %d groups, %d with sketches", describeScan(s), len(estimated.Groups), len(whole))
		}
		s.Top = &rollup.Top{N: 2, BySketch: true, Sketch: c.sketch}
		in := map[string]bool{}
		for _, g := range scan(t, db, s).Groups {
			in[fmt.Sprint(g.Keys)] = true
		}
		for k, n := range whole {
			if n > sizes[len(sizes)-2] && !in[k] {
				t.Errorf("%s: %s with %v is missing, the second has %v", describeScan(s), k, n, sizes[len(sizes)-2])
			}
		}
	}
}

// coarserCells asks after every step of time: what is summed to coarser cells and
// what is dropped changes no answer.
func coarserCells(t *testing.T, open Open) {
	w := makeWorld(t, 13, 3, 8)
	db := open(t, t.TempDir())
	defer closeIt(t, db)
	var scans []rollup.Scan
	for _, s := range []rollup.Source{rollup.SourceTitleDay, rollup.SourceQualityHour, rollup.SourceQualityDay, rollup.SourceCreativeWeek, rollup.SourceCreativeAll, rollup.SourceAffinityWeek} {
		for _, f := range s.Faces()[2:min(5, len(s.Faces()))] {
			scans = append(scans, w.faceScan(t, s, f))
		}
	}
	for i, g := range w.generations {
		apply(t, db, g)
		maintain(t, db, w.from+int64(i)*day)
		for _, s := range scans {
			r := scan(t, db, s)
			same(t, describeScan(s), AnswerOf(r), Brute(s, w.batches[:4*(i+1)]))
			if r.FirstData == 0 || r.FirstData > w.from+day {
				t.Errorf("%s: the first data is at %d", describeScan(s), r.FirstData)
			}
		}
	}
}

// sampleEqualsMemory compares the sample with all viewers there are.
func sampleEqualsMemory(t *testing.T, open Open) {
	w := makeWorld(t, 14, 3, 40)
	db := open(t, t.TempDir())
	defer closeIt(t, db)
	from, ok := db.(warehouse.Sampler)
	if !ok {
		t.Skip("the driver keeps no sample")
	}
	ref := &Memory{Days: rollup.NewDays(zone(t))}
	for _, g := range w.generations {
		apply(t, db, g)
		apply(t, ref, g)
	}
	s := rollup.SampleScan{From: 0, To: 1 << 60}
	all, _, err := ref.Sample(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	maintain(t, db, w.to)
	got, _, err := from.Sample(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if len(all.Rows()) < 200 {
		t.Fatalf("only %d rows", len(all.Rows()))
	}
	all.Limit(got.Threshold())
	if !slices.Equal(got.Rows(), all.Rows()) {
		t.Errorf("%d rows, want %d", len(got.Rows()), len(all.Rows()))
	}
}
