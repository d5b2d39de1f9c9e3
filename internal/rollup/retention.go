package rollup

import (
	"cmp"
	"slices"

	"playhead/internal/fact"
)

// curveKey names a retention curve.
type curveKey struct {
	day           int64 // start, epoch ms
	title, device string
	width         int64
}

// Curve is how far into a title its plays went. Bin i is the media positions
// [i·WidthMS, (i+1)·WidthMS); the slices have as many bins as were reached, so
// a missing one is 0. Curves of the same width add up.
type Curve struct {
	// Key is the value of the dimension asked by, "" when there is none.
	Key     string
	WidthMS int64
	// Plays are those with a first frame, a position and a duration.
	Plays int64
	// DurationMS is the longest duration any of them gave.
	DurationMS int64
	// WatchedMS is the time for which the bin's positions were played; Furthest
	// and Starts are how many plays went furthest to, and started in, the bin.
	WatchedMS, Furthest, Starts []int64
}

// CurveScan asks for the retention of titles on the days from From to To (epoch
// ms, half open, on day boundaries).
type CurveScan struct {
	// Of are the titles, each with the key of the curve that its plays add to.
	Of map[string]string
	// By is a dimension that there is a curve a value of, instead of one a key:
	// one before Creative. Title is none.
	By       Dimension
	From, To int64
}

// Rolled reports whether the roll-up knows the answer; else it takes all single
// plays of the titles.
func (s *CurveScan) Rolled() bool { return s.By == Title || s.By == DeviceType }

const maxBins = 600

// binWidths are the widths of a bin that a play may have, ms.
var binWidths = [...]int64{1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000}

// BinWidth is the smallest width with at most 600 bins for a play of the duration, ms.
func BinWidth(durationMS int64) int64 {
	for _, w := range binWidths {
		if durationMS <= maxBins*w {
			return w
		}
	}
	return binWidths[len(binWidths)-1]
}

// addCurve adds a finished play to the curve of its day, title and device. A
// play without a duration or a position has no place on one.
func (g *Generation) addCurve(p *fact.Play, d *fact.Dims) {
	if !onCurve(p, d) {
		return
	}
	day, _ := g.levels.days.bounds(curveMoment(p))
	width := BinWidth(p.DurationMS)
	title, device := &g.names.dims[Title], &g.names.dims[DeviceType]
	k := curveKey{day, title.texts[title.id(d.Title)], device.texts[device.id(d.DeviceType)], width}
	c := g.curves[k]
	if c == nil {
		c = &Curve{WidthMS: width}
		g.curves[k] = c
		g.extra += 200
	}
	before := len(c.WatchedMS) + len(c.Furthest) + len(c.Starts)
	c.addPlay(p)
	g.extra += 8 * int64(len(c.WatchedMS)+len(c.Furthest)+len(c.Starts)-before)
}

func onCurve(p *fact.Play, d *fact.Dims) bool {
	return p.DurationMS > 0 && p.StartMS >= 0 && !d.Live && (len(p.Cover) > 0 || p.FirstFrame != 0)
}

// curveMoment is what says on which day a play is.
func curveMoment(p *fact.Play) int64 {
	if p.FirstFrame != 0 {
		return p.FirstFrame
	}
	return FirstMoment(p)
}

func (c *Curve) addPlay(p *fact.Play) {
	n, limit := int64(p.N), min((p.DurationMS-1)/c.WidthMS, maxBins)
	c.DurationMS = max(c.DurationMS, p.DurationMS)
	for _, v := range p.Cover {
		for from := max(0, v.From); from < v.To; {
			bin := min(from/c.WidthMS, limit)
			to := min(v.To, (bin+1)*c.WidthMS)
			if bin == limit { // a position past the stated duration
				to = v.To
			}
			*binAt(&c.WatchedMS, bin) += n * int64(v.N) * (to - from)
			from = to
		}
	}
	if p.FirstFrame == 0 {
		return // a later part of a play that is counted already
	}
	c.Plays += n
	*binAt(&c.Starts, min(p.StartMS/c.WidthMS, limit)) += n
	*binAt(&c.Furthest, min(max(p.FurthestMS, p.StartMS)/c.WidthMS, limit)) += n
}

// binAt is the bin, which it makes if it is missing.
func binAt(bins *[]int64, i int64) *int64 {
	for int64(len(*bins)) <= i {
		*bins = append(*bins, 0)
	}
	return &(*bins)[i]
}

// Merge adds another curve of the same width.
func (c *Curve) Merge(o *Curve) {
	c.Plays += o.Plays
	c.DurationMS = max(c.DurationMS, o.DurationMS)
	for _, pair := range [...]struct{ to, from *[]int64 }{
		{&c.WatchedMS, &o.WatchedMS}, {&c.Furthest, &o.Furthest}, {&c.Starts, &o.Starts},
	} {
		if more := len(*pair.from) - len(*pair.to); more > 0 {
			*pair.to = append(*pair.to, make([]int64, more)...)
		}
		to := *pair.to
		for i, v := range *pair.from {
			to[i] += v
		}
	}
}

// Curves calls fn for every retention curve, in no particular order.
func (g *Generation) Curves(fn func(day int64, title, device string, c *Curve) error) error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	for k, c := range g.curves {
		if err := fn(k.day, k.title, k.device, c); err != nil {
			return err
		}
	}
	return nil
}

// Plays calls fn for every finished play, in order of arrival; dims and slots are
// what its indexes point into.
func (g *Generation) Plays(fn func(p *fact.Play, dims []fact.Dims, slots []fact.Slot) error) error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	for i := range g.plays {
		if err := fn(&g.plays[i], g.names.list, g.names.placed); err != nil {
			return err
		}
	}
	return nil
}

// CurveSet sums curves by key.
type CurveSet struct {
	scan   CurveScan
	curves []*Curve
}

// NewCurveSet returns an empty answer to a scan.
func NewCurveSet(s CurveScan) *CurveSet { return &CurveSet{scan: s} }

// Add adds the curve of a title and a device type on a day.
func (s *CurveSet) Add(day int64, title, device string, c *Curve) {
	key, asked := s.scan.Of[title]
	if !asked || day < s.scan.From || day >= s.scan.To {
		return
	}
	if s.scan.By == DeviceType {
		key = device
	}
	s.curve(key, c.WidthMS).Merge(c)
}

// AddPlay adds a finished play, for what the roll-up does not know.
func (s *CurveSet) AddPlay(p *fact.Play, d *fact.Dims) {
	key, asked := s.scan.Of[d.Title]
	if !asked || !onCurve(p, d) {
		return
	}
	if at := curveMoment(p); at < s.scan.From || at >= s.scan.To {
		return
	}
	if s.scan.By != Title {
		key = Value(d, s.scan.By)
	}
	s.curve(key, BinWidth(p.DurationMS)).addPlay(p)
}

// curve is the one of a key and a width, which is made if it is missing.
func (s *CurveSet) curve(key string, width int64) *Curve {
	for _, have := range s.curves {
		if have.Key == key && have.WidthMS == width {
			return have
		}
	}
	own := &Curve{Key: key, WidthMS: width}
	s.curves = append(s.curves, own)
	return own
}

// AddGeneration adds what a generation holds of the titles.
func (s *CurveSet) AddGeneration(g *Generation) {
	if s.scan.Rolled() {
		_ = g.Curves(func(day int64, title, device string, c *Curve) error {
			s.Add(day, title, device, c)
			return nil
		})
		return
	}
	_ = g.Plays(func(p *fact.Play, dims []fact.Dims, _ []fact.Slot) error {
		s.AddPlay(p, &dims[p.Dims])
		return nil
	})
}

// Curves is the answer, by key and then by width: a title whose plays state
// different durations may have curves of several widths.
func (s *CurveSet) Curves() []Curve {
	out := make([]Curve, 0, len(s.curves))
	for _, c := range s.curves {
		if c.Plays != 0 || len(c.WatchedMS) > 0 {
			out = append(out, *c)
		}
	}
	slices.SortFunc(out, func(a, b Curve) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.WidthMS, b.WidthMS))
	})
	return out
}

// OneWidth leaves one curve a key: the curves of other widths are laid onto the
// bins of the width that most of the key's plays have, cut by overlap, so that
// sums stay what they were. Input and output are sorted by key.
func OneWidth(curves []Curve) []Curve {
	var out []Curve
	for i := 0; i < len(curves); {
		j, best := i, i
		for ; j < len(curves) && curves[j].Key == curves[i].Key; j++ {
			if curves[j].Plays > curves[best].Plays {
				best = j
			}
		}
		c := curves[best]
		for k := i; k < j; k++ {
			if k != best {
				rebinned := curves[k].rebin(c.WidthMS)
				c.Merge(&rebinned)
			}
		}
		out = append(out, c)
		i = j
	}
	return out
}

// rebin lays a curve onto bins of another width.
func (c *Curve) rebin(width int64) Curve {
	r := Curve{Key: c.Key, WidthMS: width, Plays: c.Plays, DurationMS: c.DurationMS}
	for i, v := range c.WatchedMS {
		from, to := int64(i)*c.WidthMS, int64(i+1)*c.WidthMS
		left := v
		for at := from; at < to; {
			next := min(to, (at/width+1)*width)
			part := v * (next - at) / c.WidthMS
			if next == to {
				part = left
			}
			*binAt(&r.WatchedMS, at/width) += part
			left -= part
			at = next
		}
	}
	for _, pair := range [...]struct{ to, from *[]int64 }{{&r.Furthest, &c.Furthest}, {&r.Starts, &c.Starts}} {
		for i, v := range *pair.from {
			*binAt(pair.to, int64(i)*c.WidthMS/width) += v
		}
	}
	return r
}
