package rollup

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// SampleScan asks for what sampled viewers watched on the days from From to To
// (epoch ms, half open, on day boundaries). Where may name Title, Country and
// DeviceType.
type SampleScan struct {
	From, To int64
	Where    []Filter
}

// SampleRow is what a viewer in the sample watched of a title on a day, in one
// country on one type of device: finished plays, dated by their first frame.
type SampleRow struct {
	Day                        int64  // start, epoch ms
	Hash                       uint64 // stands for the viewer
	Title, Country, DeviceType string
	Plays, MediaMS, Completed  int64
}

// SampleHash is where a viewer stands among all: whoever has a hash up to the
// threshold is in the sample, on every day and of every title.
func SampleHash(v event.ViewerKey) uint64 {
	h := binary.LittleEndian.Uint64(v[:8]) ^ binary.LittleEndian.Uint64(v[8:])*0x9e3779b97f4a7c15
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	return h ^ h>>32
}

// Sample is a coordinated sample of viewers, from which the size of any audience
// can be estimated. Identities that last a session only are left out.
type Sample struct {
	scan      SampleScan
	days      Days
	where     []filterSet
	threshold uint64
	rows      map[sampleKey]*SampleRow
}

type sampleKey struct {
	day                        int64
	hash                       uint64
	title, country, deviceType string
}

// NewSample returns an empty sample of all viewers.
func NewSample(s SampleScan, days Days) *Sample {
	x := &Sample{scan: s, days: days, threshold: math.MaxUint64, rows: map[sampleKey]*SampleRow{}}
	x.where = NewAccumulator(Scan{Where: s.Where}).filters
	return x
}

// Limit leaves only the viewers with a hash up to the threshold.
func (x *Sample) Limit(threshold uint64) { x.threshold = min(x.threshold, threshold) }

// Threshold is the greatest hash that is in the sample.
func (x *Sample) Threshold() uint64 { return x.threshold }

// Rate is the share of viewers that are in the sample.
func (x *Sample) Rate() float64 { return (float64(x.threshold) + 1) / (1 << 64) }

// Add adds a row if the scan asks for it.
func (x *Sample) Add(r SampleRow) {
	if r.Day < x.scan.From || r.Day >= x.scan.To || r.Hash > x.threshold {
		return
	}
	for _, f := range x.where {
		v := map[Dimension]string{Title: r.Title, Country: r.Country, DeviceType: r.DeviceType}[f.dim]
		if _, ok := f.in[v]; !ok {
			return
		}
	}
	k := sampleKey{r.Day, r.Hash, r.Title, r.Country, r.DeviceType}
	have := x.rows[k]
	if have == nil {
		x.rows[k] = &r
		return
	}
	have.Plays += r.Plays
	have.MediaMS += r.MediaMS
	have.Completed += r.Completed
}

// AddGeneration adds what a generation holds.
func (x *Sample) AddGeneration(g *Generation) {
	_ = g.Plays(func(p *fact.Play, dims []fact.Dims, _ []fact.Slot) error {
		if !p.Known || p.FirstFrame == 0 {
			return nil
		}
		day, _ := x.days.Bounds(p.FirstFrame)
		d, n := &dims[p.Dims], int64(p.N)
		r := SampleRow{Day: day, Hash: SampleHash(p.Viewer), Title: d.Title, Country: d.Country, DeviceType: d.DeviceType, Plays: n, MediaMS: n * p.MediaMS}
		if p.Completed {
			r.Completed = n
		}
		x.Add(r)
		return nil
	})
}

// Merge adds another answer to the same scan; what is left are the viewers that
// are in both.
func (x *Sample) Merge(o *Sample) {
	x.Limit(o.threshold)
	for _, r := range o.rows {
		x.Add(*r)
	}
}

// Rows are the rows in which something is left, by viewer, then by day and title.
func (x *Sample) Rows() []SampleRow {
	list := make([]SampleRow, 0, len(x.rows))
	for _, r := range x.rows {
		if r.Hash <= x.threshold && (r.Plays != 0 || r.MediaMS != 0 || r.Completed != 0) {
			list = append(list, *r)
		}
	}
	slices.SortFunc(list, func(a, b SampleRow) int {
		return cmp.Or(cmp.Compare(a.Hash, b.Hash), cmp.Compare(a.Day, b.Day), cmp.Compare(a.Title, b.Title),
			cmp.Compare(a.Country, b.Country), cmp.Compare(a.DeviceType, b.DeviceType))
	})
	return list
}

// AudienceSize is an estimate of how many viewers there are of a kind.
type AudienceSize struct {
	// Size is Sampled / Rate, StdError its standard error: the number of sampled
	// viewers is binomial, so that its variance is n·(1−rate), and 0 when all
	// viewers are in the sample. With none sampled it is that of one.
	Size, StdError float64
	Sampled        int64
	Rate           float64
}

// Size estimates how many viewers meet a condition on all that they watched.
func (x *Sample) Size(meets func(watched []SampleRow) bool) AudienceSize {
	rows, n := x.Rows(), int64(0)
	for i := 0; i < len(rows); {
		j := i
		for ; j < len(rows) && rows[j].Hash == rows[i].Hash; j++ {
			continue
		}
		if meets(rows[i:j]) {
			n++
		}
		i = j
	}
	rate := x.Rate()
	return AudienceSize{float64(n) / rate, math.Sqrt(float64(max(n, 1))*(1-rate)) / rate, n, rate}
}
