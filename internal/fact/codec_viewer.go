package fact

import (
	"encoding/binary"
	"math"
	"slices"

	"playhead/internal/event"
)

// The part of the codec for what a viewer does across plays.

func (w *writer) exposures(list []Exposure) {
	w.uint(uint64(len(list)))
	w.last = 0
	for i := range list {
		e := &list[i]
		var bits, more byte
		if e.Known {
			bits |= bitKnown
		}
		if !e.Viewer.IsZero() {
			bits |= bitExtra
		}
		if e.Propensity != 0 {
			more |= bitChance
		}
		w.head(byte(e.Kind), bits, e.N)
		w.dst = append(w.dst, more)
		w.uint(uint64(e.Dims))
		w.uint(uint64(e.Slot))
		w.uint(uint64(e.Taste))
		w.time(e.Time)
		w.int(e.MediaMS)
		if e.Propensity != 0 {
			w.dst = binary.LittleEndian.AppendUint64(w.dst, math.Float64bits(e.Propensity))
		}
		if !e.Viewer.IsZero() {
			w.dst = append(w.dst, e.Viewer[:]...)
		}
	}
}

func (r *reader) exposures(b *Batch) {
	n := r.count(minExposure)
	b.Exposures = slices.Grow(b.Exposures, n)[:n]
	r.last = 0
	for i := range b.Exposures {
		kind, bits, n := r.head(byte(ExposureKindCount), bitN|bitExtra|bitKnown)
		more := r.byte()
		if more&^bitChance != 0 {
			r.fail()
		}
		e := Exposure{Kind: ExposureKind(kind), N: n, Known: bits&bitKnown != 0, Dims: r.index()}
		e.Slot = uint32(r.uintBelow(r.nslots))
		e.Taste = uint32(r.uintTo(r.ntastes))
		e.Time = r.time()
		e.MediaMS = r.int()
		if more&bitChance != 0 {
			e.Propensity = r.chance()
		}
		if bits&bitExtra != 0 {
			r.key((*[16]byte)(&e.Viewer))
		}
		if r.bad {
			return
		}
		b.Exposures[i] = e
	}
}

// chance reads a propensity: a number that is not zero.
func (r *reader) chance() float64 {
	if len(r.data)-r.at < 8 {
		r.fail()
		return 0
	}
	v := math.Float64frombits(binary.LittleEndian.Uint64(r.data[r.at:]))
	r.at += 8
	if math.IsNaN(v) || v == 0 {
		r.fail()
		return 0
	}
	return v
}

func (w *writer) sessions(list []Session) {
	w.uint(uint64(len(list)))
	w.last = 0
	for i := range list {
		s := &list[i]
		w.viewer(s.Viewer, s.Known, 0)
		w.uint(uint64(s.Dims))
		w.time(s.From)
		w.int(s.To - s.From)
		for _, v := range [...]int32{s.Events, s.Plays, s.Impressions} {
			w.int(int64(v))
		}
		w.int(s.MediaMS)
	}
}

func (r *reader) sessions(b *Batch) {
	n := r.count(minSession)
	b.Sessions = slices.Grow(b.Sessions, n)[:n]
	r.last = 0
	for i := range b.Sessions {
		var s Session
		s.Known = r.viewer(&s.Viewer, 0)&bitReal != 0
		s.Dims = r.index()
		s.From = r.time()
		s.To = s.From + r.int()
		for _, v := range [...]*int32{&s.Events, &s.Plays, &s.Impressions} {
			*v = r.int32()
		}
		s.MediaMS = r.int()
		if r.bad {
			return
		}
		b.Sessions[i] = s
	}
}

func (w *writer) searches(list []Search, t *texts) {
	w.uint(uint64(len(list)))
	w.last = 0
	for i := range list {
		s := &list[i]
		var bits byte
		if s.Selected {
			bits = bitSelected
		}
		w.viewer(s.Viewer, s.Known, bits)
		w.uint(uint64(s.Dims))
		w.time(s.Time)
		w.uint(t.one()) // Query
		w.int(s.Results)
	}
}

func (r *reader) searches(b *Batch, texts []string) {
	n := r.count(minSearch)
	b.Searches = slices.Grow(b.Searches, n)[:n]
	r.last = 0
	for i := range b.Searches {
		var s Search
		bits := r.viewer(&s.Viewer, bitSelected)
		s.Known, s.Selected = bits&bitReal != 0, bits&bitSelected != 0
		s.Dims = r.index()
		s.Time = r.time()
		s.Query = r.text(texts)
		s.Results = r.int()
		if r.bad {
			return
		}
		b.Searches[i] = s
	}
}

// viewer writes a byte of bits and whom they are about.
func (w *writer) viewer(v event.ViewerKey, known bool, bits byte) {
	if known {
		bits |= bitReal
	}
	w.dst = append(w.dst, bits)
	w.dst = append(w.dst, v[:]...)
}

// viewer reads what writer.viewer wrote; allowed are the bits beside bitReal.
func (r *reader) viewer(v *event.ViewerKey, allowed byte) byte {
	bits := r.byte()
	if bits&^(bitReal|allowed) != 0 {
		r.fail()
		return 0
	}
	r.key((*[16]byte)(v))
	return bits
}

// The fewest bytes that one element of each list can take: what a count is
// checked against before anything is allocated for it.
const (
	minDims     = 10 // one more since version 2
	minSpan     = 4
	minMark     = 4
	minPlay     = 2 + 2*len(event.Ref{}) + 2 + 1 + 3 + 2 + 8 + 1 + 3
	minInterval = 4
	minCover    = 3
	minSlot     = 4
	minExposure = 7
	minSession  = 1 + len(event.ViewerKey{}) + 7
	minSearch   = 1 + len(event.ViewerKey{}) + 4
)
