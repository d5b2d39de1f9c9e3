package warehousetest

import (
	"fmt"
	"slices"
	"strings"

	"playhead/internal/fact"
	"playhead/internal/rollup"
	"playhead/internal/sketch"
)

// Answer is a comparable form of a result: measures and the image of the
// viewers' sketch by bucket and keys.
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

func describe(m *rollup.Measures, sketches *rollup.Sketches) string {
	s := fmt.Sprint(*m)
	if v := sketches.HLL(rollup.Viewers); v != nil {
		s += fmt.Sprintf(" %x", v.AppendBinary(nil))
	}
	return s
}

// Brute answers a scan over cells from the facts themselves, in the plainest
// way: each fact against each bucket.
func Brute(s rollup.Scan, batches []*fact.Batch) Answer {
	groups := map[string]*rollup.Group{}
	bounds := s.Bounds()
	find := func(bucket int, d *fact.Dims) *rollup.Group {
		for _, w := range s.Where {
			if !slices.Contains(w.In, rollup.Value(d, w.Dimension)) {
				return nil
			}
		}
		var keys []string
		for _, dim := range s.By {
			keys = append(keys, rollup.Value(d, dim))
		}
		k := fmt.Sprint(bucket, "|", strings.Join(keys, "|"))
		if groups[k] == nil {
			groups[k] = &rollup.Group{Bucket: bucket, Keys: keys, Sketches: rollup.NewSketches(s.Sketches)}
		}
		return groups[k]
	}
	face, _ := rollup.FaceOf(s.Source, s.Dimensions())
	for _, b := range batches {
		for i := range len(bounds) - 1 {
			from, to := max(bounds[i], s.From), min(bounds[i+1], s.To)
			for _, span := range b.Spans {
				bruteSpan(span, from, to, face, func() *rollup.Group { return find(i, &b.Dims[span.Dims]) })
			}
			for _, m := range b.Marks {
				if m.Time >= from && m.Time < to {
					bruteMark(m, find(i, &b.Dims[m.Dims]))
				}
			}
		}
	}
	a := Answer{}
	for k, g := range groups {
		if (g.Measures != rollup.Measures{}) || !g.Sketches.IsEmpty() {
			a[k] = describe(&g.Measures, &g.Sketches)
		}
	}
	return a
}

func bruteSpan(s fact.Span, from, to int64, face rollup.Face, find func() *rollup.Group) {
	ms := min(s.To, to) - max(s.From, from)
	if ms <= 0 {
		return
	}
	g := find()
	if g == nil {
		return
	}
	m, n := &g.Measures, int64(s.N)
	switch s.Kind {
	case fact.Startup, fact.Playing, fact.Seeking, fact.Stalled, fact.SeekStalled:
		m[rollup.WatchMS] += n * ms
	}
	switch s.Kind {
	case fact.Playing:
		m[rollup.MediaMS] += n * ms
	case fact.Stalled:
		m[rollup.StallMS] += n * ms
	case fact.SeekStalled:
		m[rollup.StallMS] += n * ms
		m[rollup.SeekStallMS] += n * ms
	case fact.ActivePlay, fact.ActiveViewer:
		for b := from / 10_000 * 10_000; b < to; b += 10_000 {
			if b < max(s.From, from) || b >= min(s.To, to) {
				continue
			}
			if s.Kind == fact.ActivePlay {
				m[rollup.PlayMarks] += n
			} else if s.Scope>>face&1 == 1 {
				m[rollup.ViewerMarks] += n
			}
		}
	}
}

func bruteMark(k fact.Mark, g *rollup.Group) {
	if g == nil {
		return
	}
	m, n := &g.Measures, int64(k.N)
	one := map[fact.MarkKind]rollup.Measure{
		fact.Request: rollup.PlayRequests, fact.FirstFrame: rollup.Plays, fact.Exit: rollup.Exits,
		fact.StartFailure: rollup.StartFailures, fact.PlaybackFailure: rollup.PlaybackFailures,
		fact.End: rollup.EndedPlays, fact.Stall: rollup.Stalls, fact.Measured: rollup.MeasuredPlays,
		fact.Completed: rollup.CompletedPlays,
	}
	m[one[k.Kind]] += n
	if k.Kind != fact.FirstFrame {
		return
	}
	if k.Value >= 0 {
		m[rollup.StartupMS] += n * k.Value
		m[rollup.StartupCount] += n
	}
	if k.Known {
		m[rollup.KnownPlays] += n
		if v := g.Sketches.HLL(rollup.Viewers); v != nil && n > 0 {
			v.AddCoupon(sketch.Coupon(k.Viewer))
		}
	}
}
