package warehouse

import (
	"container/list"
	"encoding/binary"
	"math"
	"slices"
	"sync"

	"playhead/internal/rollup"
)

// recall remembers the answers that the database gave to scans of cells, until
// something is flushed that they are about. Buckets that are over hardly change, so
// what most questions read is decoded, summed and merged once. An answer is exact:
// it is what the database would say again, and memory's generations are added to it
// as to any other. It is safe for concurrent use.
type recall struct {
	most int64 // bytes; below 1 nothing is remembered

	mu      sync.Mutex
	epoch   int64 // grows with each flush
	bytes   int64
	answers map[string]*list.Element // of *remembered
	order   *list.List               // used last first
}

// remembered is the answer to one scan, or to several as one.
type remembered struct {
	name  string
	about []stretch
	snap  Snapshot
	bytes int64
}

// stretch is time of a source (epoch ms, half open).
type stretch struct {
	source   rollup.Source
	from, to int64
}

// of are the stretches that change the answer to a scan: its time, and what is before
// all cells that there were, which moves its FirstData.
func of(scan *rollup.Scan, snap Snapshot) []stretch {
	first := snap.FirstData
	if first == 0 {
		first = math.MaxInt64
	}
	return []stretch{{scan.Source, scan.From, scan.To}, {scan.Source, math.MinInt64, first}}
}

func touches(g *rollup.Generation, list []stretch) bool {
	return slices.ContainsFunc(list, func(x stretch) bool { return g.Touches(x.source, x.from, x.to) })
}

func newRecall(most int64) *recall {
	return &recall{most: most, answers: map[string]*list.Element{}, order: list.New()}
}

// find is the answer to a scan of that name. The epoch goes with what the database
// says if there is none. Nobody may change the answer.
func (r *recall) find(name string) (snap Snapshot, epoch int64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.answers[name]
	if e == nil {
		return Snapshot{}, r.epoch, false
	}
	r.order.MoveToFront(e)
	return e.Value.(*remembered).snap, r.epoch, true
}

// keep remembers an answer, unless something was flushed since find: then it may
// be from before.
func (r *recall) keep(name string, epoch int64, about []stretch, snap Snapshot) {
	x := &remembered{name: name, about: about, snap: snap, bytes: snap.Bytes() + int64(2*len(name)) + 400}
	r.mu.Lock()
	defer r.mu.Unlock()
	if epoch != r.epoch || x.bytes > r.most/2 || r.answers[name] != nil {
		return
	}
	r.answers[name] = r.order.PushFront(x)
	r.bytes += x.bytes
	for r.bytes > r.most {
		r.drop(r.order.Back())
	}
}

func (r *recall) drop(e *list.Element) {
	x := r.order.Remove(e).(*remembered)
	delete(r.answers, x.name)
	r.bytes -= x.bytes
}

// flushed forgets the answers that generations have something of. It comes after
// the database has them and before memory lets go of them: so a generation that is
// in no answer of the database is always in memory.
func (r *recall) flushed(generations []*rollup.Generation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.epoch++
	for e := r.order.Front(); e != nil; {
		next := e.Next()
		for _, g := range generations {
			if touches(g, e.Value.(*remembered).about) {
				r.drop(e)
				break
			}
		}
		e = next
	}
}

// nameOf tells scans apart; ok is false for those that are not remembered: of
// single plays, and those whose answer depends on what is in memory.
func nameOf(s *rollup.Scan) (name string, ok bool) {
	if s.Source == rollup.SourcePlays || s.Whole != nil || s.Top != nil && s.Top.Slack != 0 {
		return "", false
	}
	flag := func(b bool) int64 {
		if b {
			return 1
		}
		return 0
	}
	b := make([]byte, 0, 256)
	number := func(list ...int64) {
		for _, v := range list {
			b = binary.AppendVarint(b, v)
		}
	}
	text := func(v string) {
		number(int64(len(v)))
		b = append(b, v...)
	}
	number(int64(s.Source), s.From, s.To, int64(s.Sketches), flag(s.EstimateOnly), flag(s.Gauges), flag(s.Measures == nil), int64(len(s.Buckets)))
	number(s.Buckets...)
	number(int64(len(s.By)))
	for _, d := range s.By {
		number(int64(d))
	}
	number(int64(len(s.Fold)))
	for _, d := range s.Fold {
		number(int64(d))
	}
	number(int64(len(s.Where)))
	for _, w := range s.Where {
		number(int64(w.Dimension), int64(len(w.In)))
		for _, v := range w.In {
			text(v)
		}
	}
	number(int64(len(s.Measures)))
	for _, m := range s.Measures {
		number(int64(m))
	}
	if t := s.Top; t != nil {
		number(int64(t.N), flag(t.BySketch), int64(t.Sketch), int64(t.Measure))
	}
	return string(b), true
}
