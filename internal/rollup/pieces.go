package rollup

import (
	"math"
	"math/bits"
	"time"
)

// piece is a stretch of time that a family keeps cells of: one of its finest
// cells, cut where a day begins, or a coarser one of long ago.
type piece struct {
	start, end int64
	level      uint8 // of familySpec.sources
	used       bool  // there are cells
}

// pieces are those of a family.
type pieces struct {
	list  []piece
	index map[pieceKey]uint32
	last  uint32
	// seen are pieces of the finest level by their time, for one that comes again
	// soon: rate is 2^64 by about how long one is, ms.
	seen [32]uint32
	rate uint64
}

// pieceRates are the rates of families: of 10 s, an hour, a minute, days, and a month. A
// little more than they are, so that where a piece begins is not in the slot before.
var pieceRates = [familyCount]uint64{1 + ofAll/uint64(PulseMS), 1 + ofAll/uint64(HourMS), 1 + ofAll/uint64(MinuteMS), dayRate, dayRate, dayRate, dayRate / 30, dayRate}

const (
	ofAll   = math.MaxUint64
	dayRate = 1 + ofAll/uint64(24*HourMS)
)

// slot is the place in seen of a moment.
func (p *pieces) slot(ms int64) uint64 {
	n, _ := bits.Mul64(uint64(ms), p.rate)
	return n % uint64(len(p.seen))
}

// recent is a piece of the finest level that holds a moment, and where it ends, 0 if
// there is none at hand.
func (p *pieces) recent(ms int64) (i uint32, end int64) {
	i = p.seen[p.slot(ms)]
	if int(i) < len(p.list) {
		if have := &p.list[i]; have.start <= ms && ms < have.end && have.level == 0 {
			return i, have.end
		}
	}
	return 0, 0
}

// at finds or makes the piece of a family that holds a moment; end is where it ends.
func (g *Generation) at(f family, ms, fresh int64) (i uint32, end int64, ok bool) {
	p := &g.pieces[f]
	if i, end = p.recent(ms); end != 0 {
		return i, end, true
	}
	made, ok := g.levels.piece(f, ms, fresh)
	if !ok {
		return 0, 0, false
	}
	i = p.find(made.start, made.end, int(made.level))
	p.seen[p.slot(ms)] = i
	return i, made.end, true
}

type pieceKey struct {
	start int64
	level uint8
}

func (p *pieces) find(start, end int64, level int) uint32 {
	if p.list != nil && p.list[p.last].start == start && p.list[p.last].level == uint8(level) {
		return p.last
	}
	k := pieceKey{start, uint8(level)}
	i, ok := p.index[k]
	if !ok {
		if p.index == nil {
			p.index = map[pieceKey]uint32{}
		}
		i = uint32(len(p.list))
		p.index[k] = i
		p.list = append(p.list, piece{start: start, end: end, level: uint8(level)})
	}
	p.last = i
	return i
}

// Keep is how far back of the freshest fact the short-lived sources reach, ms.
// It is a little more than a reader may ask for, so that a reader's cut and a
// keeper's may differ by their clocks.
type Keep struct{ PulseMS, TitleHourMS, QualityMinuteMS, QualityHourMS int64 }

// DefaultKeep is 48 hours of pulse, 7 days of minutes and 60 days of hours, with
// a margin.
func DefaultKeep() Keep {
	const day = 24 * HourMS
	return Keep{PulseMS: 49 * HourMS, TitleHourMS: 61 * day, QualityMinuteMS: 8 * day, QualityHourMS: 61 * day}
}

// Of is how far back a source reaches, ms; 0 is for ever.
func (k *Keep) Of(s Source) int64 {
	switch s {
	case SourcePulse:
		return k.PulseMS
	case SourceTitleHour:
		return k.TitleHourMS
	case SourceQualityMinute:
		return k.QualityMinuteMS
	case SourceQualityHour:
		return k.QualityHourMS
	}
	return 0
}

// Bucket is the cell of a source that holds a moment, epoch ms. A cell that is
// finer than a day is cut where a day begins: in a zone that is not whole hours
// from UTC, the hour in which it does is two.
func (d Days) Bucket(s Source, ms int64) (start, end int64) {
	switch s {
	case SourcePulse:
		start = floorTo(ms, PulseMS)
		return start, start + PulseMS
	case SourceTitleHour, SourceQualityHour:
		return d.within(ms, HourMS)
	case SourceQualityMinute:
		return d.within(ms, MinuteMS)
	case SourceCreativeWeek, SourceAffinityWeek:
		return d.Week(ms)
	case SourceOverlapMonth:
		return d.Month(ms)
	case SourceCreativeAll:
		return 0, 1<<63 - 1
	}
	return d.Bounds(ms)
}

func (d Days) within(ms, width int64) (start, end int64) {
	start = floorTo(ms, width)
	from, to := d.Bounds(ms)
	return max(start, from), min(start+width, to)
}

// Week is the week that holds the moment, from Monday to Monday, epoch ms.
func (d Days) Week(ms int64) (start, end int64) {
	start, _ = d.Bounds(ms)
	t := time.UnixMilli(start + 6*HourMS).In(d.zone()) // well within the day
	back := (int(t.Weekday()) + 6) % 7
	return d.date(t.Year(), t.Month(), t.Day()-back), d.date(t.Year(), t.Month(), t.Day()-back+7)
}

// Month is the calendar month that holds the moment, epoch ms.
func (d Days) Month(ms int64) (start, end int64) {
	start, _ = d.Bounds(ms)
	t := time.UnixMilli(start + 6*HourMS).In(d.zone())
	return d.date(t.Year(), t.Month(), 1), d.date(t.Year(), t.Month()+1, 1)
}

// date is the start of a calendar day, epoch ms.
func (d Days) date(year int, month time.Month, day int) int64 {
	start, _ := d.Bounds(time.Date(year, month, day, 12, 0, 0, 0, d.zone()).UnixMilli())
	return start
}

// levels is where a family's cells are made: at the finest level that is kept
// so far back. It remembers the days cut last.
type levels struct {
	keep  Keep
	days  dayCache
	month [2]int64
}

// piece is the stretch of a family that holds a moment, as of fresh; ok is false
// when nothing is kept so far back.
func (l *levels) piece(f family, ms, fresh int64) (p piece, ok bool) {
	sources := families[f].sources
	for i, s := range sources {
		keep := l.keep.Of(s)
		if keep != 0 && ms < floorTo(fresh-keep, HourMS) {
			continue
		}
		start, end := l.cut(s, ms)
		return piece{start: start, end: end, level: uint8(i)}, true
	}
	return piece{}, false
}

// cut is Days.Bucket for the sources that pieces are of, from memory.
func (l *levels) cut(s Source, ms int64) (start, end int64) {
	width := PulseMS
	switch s {
	case SourcePulse:
		start = floorTo(ms, PulseMS)
		return start, start + PulseMS
	case SourceOverlapMonth:
		if ms < l.month[0] || ms >= l.month[1] {
			l.month[0], l.month[1] = l.days.days.Month(ms)
		}
		return l.month[0], l.month[1]
	case SourceQualityMinute:
		width = MinuteMS
	case SourceTitleHour, SourceQualityHour:
		width = HourMS
	default:
		return l.days.bounds(ms)
	}
	from, to := l.days.bounds(ms)
	start = floorTo(ms, width)
	return max(start, from), min(start+width, to)
}
