package warehousetest

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"playhead/internal/fact"
	"playhead/internal/rollup"
	"playhead/internal/sketch"
)

// Answer is a comparable form of a result: measures and sketches by bucket and keys.
type Answer map[string]string

// AnswerOf puts a result in comparable form.
func AnswerOf(r *rollup.Result) Answer {
	a := Answer{}
	for _, g := range r.Groups {
		k := fmt.Sprint(g.Bucket, "|", strings.Join(g.Keys, "|"))
		if _, twice := a[k]; twice {
			k += " AGAIN"
		}
		a[k] = describe(&g.Measures, &g.Sketches)
	}
	return a
}

// exactValues is up to how many values a quantile sketch keeps all of them.
const exactValues = 150

func describe(m *rollup.Measures, sketches *rollup.Sketches) string {
	s := fmt.Sprint(*m)
	for k := range rollup.SketchCount {
		if h := sketches.HLL(k); h != nil && !h.IsEmpty() {
			s += fmt.Sprintf(" %d:%.6f:%x", k, h.Estimate(), h.AppendBinary(nil))
		} else if q := sketches.KLL(k); q != nil && !q.IsEmpty() {
			s += fmt.Sprintf(" %d:%d:%v-%v", k, q.Count(), q.Min(), q.Max())
			if q.Count() < exactValues {
				s += fmt.Sprint(q.Quantiles(0.1, 0.25, 0.5, 0.75, 0.9))
			}
		} else if t := sketches.Theta(k); t != nil && !t.IsEmpty() {
			s += fmt.Sprintf(" %d:%x", k, t.AppendBinary(nil))
		} else if n := sketches.Estimate(k); n != 0 {
			s += fmt.Sprintf(" %d:%.6f", k, n)
		}
	}
	return s
}

// brute answers scans over cells from the facts themselves, in the plainest way:
// each fact against each bucket.
type brute struct {
	scan   rollup.Scan
	face   rollup.Face
	keeps  map[rollup.Measure]bool
	groups map[string]*rollup.Group
	b      *fact.Batch
	bucket int
}

// Brute answers a scan over cells from the facts themselves.
func Brute(s rollup.Scan, batches []*fact.Batch) Answer {
	x := &brute{scan: s, groups: map[string]*rollup.Group{}, keeps: map[rollup.Measure]bool{}}
	x.face, _ = rollup.FaceOf(s.Source, s.Dimensions())
	for _, m := range s.Source.Measures() {
		x.keeps[m] = true
	}
	bounds := s.Bounds()
	if s.Source == rollup.SourceCreativeAll {
		bounds = []int64{0, math.MaxInt64}
		x.scan.From, x.scan.To = 0, math.MaxInt64
	}
	for _, b := range batches {
		x.b = b
		for i := range len(bounds) - 1 {
			x.bucket = i
			x.between(max(bounds[i], x.scan.From), min(bounds[i+1], x.scan.To))
		}
	}
	a := Answer{}
	for k, g := range x.groups {
		if (g.Measures != rollup.Measures{}) || !g.Sketches.IsEmpty() {
			a[k] = describe(&g.Measures, &g.Sketches)
		}
	}
	return a
}

// between counts the facts of one batch in one bucket that belong to the source.
func (x *brute) between(from, to int64) {
	in := func(ms int64) bool { return ms >= from && ms < to }
	switch x.scan.Source {
	case rollup.SourceCreativeDay, rollup.SourceCreativeWeek, rollup.SourceCreativeAll:
		for i := range x.b.Exposures {
			if e := &x.b.Exposures[i]; in(e.Time) {
				x.exposure(e)
			}
		}
	case rollup.SourceSearchDay:
		for i := range x.b.Searches {
			if s := &x.b.Searches[i]; in(s.Time) {
				x.search(s)
			}
		}
	default:
		for _, span := range x.b.Spans {
			x.span(span, from, to)
		}
		for _, m := range x.b.Marks {
			if in(m.Time) {
				x.mark(m)
			}
		}
	}
}

// values are what a fact has of a dimension.
type values func(d rollup.Dimension) []string

// count adds to every group that a fact is in.
func (x *brute) count(of values, add func(g *rollup.Group)) {
	keys := [][]string{{}}
	at := map[rollup.Dimension]int{}
	allowed := func(d rollup.Dimension, v string) bool {
		for _, w := range x.scan.Where {
			if w.Dimension == d && !slices.Contains(w.In, v) {
				return false
			}
		}
		return true
	}
	dims := x.scan.Dimensions()
	for i, d := range dims {
		if j, again := at[d]; again {
			for k := range keys {
				keys[k] = append(keys[k], keys[k][j])
			}
			continue
		}
		at[d] = i
		var more [][]string
		for _, k := range keys {
			for _, v := range of(d) {
				if allowed(d, v) {
					more = append(more, append(slices.Clone(k), v))
				}
			}
		}
		keys = more
	}
	for _, k := range keys {
		k = k[:len(x.scan.By)]
		name := fmt.Sprint(x.bucket, "|", strings.Join(k, "|"))
		if x.groups[name] == nil {
			x.groups[name] = &rollup.Group{Bucket: x.bucket, Keys: k, Sketches: rollup.NewSketches(x.scan.Sketches)}
		}
		add(x.groups[name])
	}
}

func (x *brute) add(of values, m rollup.Measure, v int64) {
	if x.keeps[m] {
		x.count(of, func(g *rollup.Group) { g.Measures[m] += v })
	}
}

func (x *brute) member(of values, k rollup.Sketch, viewer [16]byte) {
	if x.scan.Source.Sketches().Has(k) {
		x.count(of, func(g *rollup.Group) {
			if h := g.Sketches.HLL(k); h != nil {
				h.AddCoupon(sketch.Coupon(viewer))
			}
		})
	}
}

// dims are the values of a dimension set.
func (x *brute) dims(i uint32) values {
	return func(d rollup.Dimension) []string { return rollup.Values(&x.b.Dims[i], d) }
}

// tasteOf are the lines of a taste.
func (x *brute) tasteOf(i uint32) []string {
	if i == 0 {
		return []string{""}
	}
	return strings.Split(x.b.Tastes[i-1], "\n")
}

func (x *brute) span(s fact.Span, from, to int64) {
	ms := min(s.To, to) - max(s.From, from)
	if ms <= 0 {
		return
	}
	of, n := x.dims(s.Dims), int64(s.N)
	switch s.Kind {
	case fact.Startup, fact.Playing, fact.Seeking, fact.Stalled, fact.SeekStalled:
		x.add(of, rollup.WatchMS, n*ms)
	}
	switch s.Kind {
	case fact.Playing:
		x.add(of, rollup.MediaMS, n*ms)
		if s.Bitrate > 0 {
			x.add(of, rollup.BitrateMS, n*ms*int64(s.Bitrate))
			x.add(of, rollup.KnownBitrateMS, n*ms)
		}
	case fact.Stalled:
		x.add(of, rollup.StallMS, n*ms)
	case fact.SeekStalled:
		x.add(of, rollup.StallMS, n*ms)
		x.add(of, rollup.SeekStallMS, n*ms)
	case fact.ActivePlay, fact.ActiveViewer:
		for b := from / 10_000 * 10_000; b < to; b += 10_000 {
			if b < max(s.From, from) || b >= min(s.To, to) {
				continue
			}
			if s.Kind == fact.ActivePlay {
				x.add(of, rollup.PlayMarks, n)
			} else if s.Scope>>x.face&1 == 1 {
				x.add(of, rollup.ViewerMarks, n)
			}
		}
	}
}

func (x *brute) mark(k fact.Mark) {
	of, n := x.dims(k.Dims), int64(k.N)
	one := map[fact.MarkKind]rollup.Measure{
		fact.Request: rollup.PlayRequests, fact.FirstFrame: rollup.Plays, fact.Exit: rollup.Exits,
		fact.StartFailure: rollup.StartFailures, fact.PlaybackFailure: rollup.PlaybackFailures,
		fact.End: rollup.EndedPlays, fact.Stall: rollup.Stalls, fact.Measured: rollup.MeasuredPlays,
		fact.Completed: rollup.CompletedPlays, fact.Pause: rollup.Pauses, fact.Rewind: rollup.Rewinds, fact.Skip: rollup.Skips,
		fact.NewViewer: rollup.NewViewers, fact.BusinessFailure: rollup.BusinessFailures, fact.SessionEnd: rollup.Sessions,
	}
	dims := of
	if x.scan.Source == rollup.SourceAffinityDay || x.scan.Source == rollup.SourceAffinityWeek {
		if k.Kind != fact.FirstFrame {
			return
		}
		of = func(d rollup.Dimension) []string {
			if d == rollup.Affinity {
				return x.tasteOf(k.Taste)
			}
			return dims(d)
		}
	}
	if m, ok := one[k.Kind]; ok {
		x.add(of, m, n)
	}
	value := func(s rollup.Sketch) {
		if n > 0 && x.scan.Source.Sketches().Has(s) {
			x.count(of, func(g *rollup.Group) {
				if q := g.Sketches.KLL(s); q != nil {
					q.Add(float32(k.Value))
				}
			})
		}
	}
	switch k.Kind {
	case fact.DroppedFrames:
		x.add(of, rollup.DroppedFrames, n*k.Value)
	case fact.Viewed:
		x.add(of, rollup.ViewedPlays, n)
		x.add(of, rollup.ViewedMillionths, n*k.Value)
	case fact.SessionEnd:
		x.add(of, rollup.SessionMS, n*k.Value)
		value(rollup.SessionLengths)
	case fact.StartupKnown:
		value(rollup.StartupTimes)
	case fact.Starter, fact.Watcher, fact.Completer:
		x.known(of, k, rollup.Starters+rollup.Sketch(k.Kind-fact.Starter))
	case fact.SeasonStarter, fact.SeasonWatcher, fact.SeasonCompleter:
		if x.face == rollup.FaceTitle {
			x.known(of, k, rollup.SeasonStarters+rollup.Sketch(k.Kind-fact.SeasonStarter))
		}
	case fact.FirstFrame:
		x.firstFrame(of, k)
	}
}

func (x *brute) known(of values, k fact.Mark, s rollup.Sketch) {
	if k.Known && k.N > 0 {
		x.member(of, s, k.Viewer)
	}
}

func (x *brute) firstFrame(of values, k fact.Mark) {
	if k.Value >= 0 {
		x.add(of, rollup.StartupMS, int64(k.N)*k.Value)
		x.add(of, rollup.StartupCount, int64(k.N))
	}
	if !k.Known {
		return
	}
	x.add(of, rollup.KnownPlays, int64(k.N))
	x.known(of, k, rollup.Viewers)
	if k.N > 0 && x.scan.Source == rollup.SourceOverlapMonth {
		x.count(of, func(g *rollup.Group) {
			if t := g.Sketches.Theta(rollup.Audience); t != nil {
				t.Add(k.Viewer)
			}
		})
	}
}

func (x *brute) exposure(e *fact.Exposure) {
	slot, dims := &x.b.Slots[e.Slot], x.dims(e.Dims)
	of := func(d rollup.Dimension) []string {
		switch d {
		case rollup.Creative:
			return []string{slot.Creative}
		case rollup.Placement:
			return []string{slot.Placement}
		case rollup.RankBucket:
			return []string{rollup.RankBucketOf(slot.Rank)}
		case rollup.Affinity:
			return x.tasteOf(e.Taste)
		}
		return dims(d)
	}
	one := map[fact.ExposureKind]rollup.Measure{
		fact.Shown: rollup.Impressions, fact.Selected: rollup.Selects, fact.Eligible: rollup.EligibleImpressions,
		fact.Taken: rollup.TakenImpressions, fact.QualifiedPlay: rollup.QualifiedPlays,
	}
	if m, ok := one[e.Kind]; ok {
		x.add(of, m, int64(e.N))
	}
	w := min(20, 1/e.Propensity)
	millionths := func(v float64) int64 { return int64(e.N) * int64(math.Round(v*1e6)) }
	switch {
	case e.Kind == fact.Taken:
		x.add(of, rollup.TakenMediaMS, int64(e.N)*e.MediaMS)
		if e.Propensity > 0 {
			x.add(of, rollup.MomentWY, millionths(w))
			x.add(of, rollup.MomentW2Y, millionths(w*w))
		}
	case e.Kind == fact.Eligible && e.Propensity > 0:
		x.add(of, rollup.MomentW, millionths(w))
		x.add(of, rollup.MomentW2, millionths(w*w))
	}
	sketches := map[fact.ExposureKind]rollup.Sketch{
		fact.Shown: rollup.Reached, fact.Eligible: rollup.Eligible, fact.Taken: rollup.Takers, fact.TakeCompleted: rollup.TakeCompleters,
	}
	if s, ok := sketches[e.Kind]; ok && e.Known && e.N > 0 {
		x.member(of, s, e.Viewer)
	}
}

func (x *brute) search(s *fact.Search) {
	dims := x.dims(s.Dims)
	of := func(d rollup.Dimension) []string {
		if d == rollup.Query {
			return []string{s.Query}
		}
		return dims(d)
	}
	x.add(of, rollup.Searches, 1)
	if s.Results == 0 {
		x.add(of, rollup.SearchesEmpty, 1)
	} else if !s.Selected {
		x.add(of, rollup.SearchesUnselected, 1)
	}
	if s.Known {
		x.member(of, rollup.Viewers, s.Viewer)
	}
}
