package live

import (
	"cmp"
	"slices"
	"strings"
)

// dimension of a gauge.
type dimension uint8

const (
	all dimension = iota
	title
	country
	device
	dimensions
)

// wheelSeconds is how far ahead of now changes are kept by second. A stretch
// runs at most two heartbeat intervals (180 s) ahead; what goes further lies in
// a map.
const wheelSeconds = 256

// key is one value of one dimension.
type key struct {
	dim   dimension
	value uint32
}

// gauges count viewers by value, now, and know what changes in each second to
// come.
type gauges struct {
	now    int64 // second up to which changes were applied, inclusive
	ids    [dimensions]map[string]uint32
	names  [dimensions][]string
	counts [dimensions][]int32
	wheel  [wheelSeconds]map[key]int32
	later  map[int64]map[key]int32
	past   [][]int32 // counts of titles, one sample each sampleSeconds, oldest first
}

// Movement is measured against the sample of five minutes ago.
const (
	sampleSeconds = 10
	samplesKept   = 31
)

func newGauges() *gauges {
	g := &gauges{later: map[int64]map[key]int32{}}
	for d := range g.ids {
		g.ids[d] = map[string]uint32{}
	}
	return g
}

func (g *gauges) id(d dimension, value string) uint32 {
	id, ok := g.ids[d][value]
	if !ok {
		id = uint32(len(g.names[d]))
		value = strings.Clone(value) // the batch's memory is not ours
		g.ids[d][value] = id
		g.names[d] = append(g.names[d], value)
		g.counts[d] = append(g.counts[d], 0)
	}
	return id
}

// stretch adds n for the seconds [from, to).
func (g *gauges) stretch(k key, from, to int64, n int32) {
	if to <= g.now || to <= from {
		return
	}
	if from <= g.now {
		g.counts[k.dim][k.value] += n
	} else {
		g.at(from, k, n)
	}
	g.at(to, k, -n)
}

func (g *gauges) at(second int64, k key, n int32) {
	var slot map[key]int32
	if second-g.now < wheelSeconds {
		i := second % wheelSeconds
		if g.wheel[i] == nil {
			g.wheel[i] = map[key]int32{}
		}
		slot = g.wheel[i]
	} else {
		if g.later[second] == nil {
			g.later[second] = map[key]int32{}
		}
		slot = g.later[second]
	}
	slot[k] += n
}

// advance applies the changes up to and including the second.
func (g *gauges) advance(second int64) {
	if g.now == 0 {
		g.now = second - 1
	}
	for g.now < second {
		g.now++
		i := g.now % wheelSeconds
		g.apply(g.wheel[i])
		clear(g.wheel[i])
		if slot, ok := g.later[g.now]; ok {
			g.apply(slot)
			delete(g.later, g.now)
		}
		if g.now%sampleSeconds == 0 {
			g.sample()
		}
	}
}

func (g *gauges) apply(slot map[key]int32) {
	for k, n := range slot {
		g.counts[k.dim][k.value] += n
	}
}

func (g *gauges) sample() {
	var reuse []int32
	if len(g.past) == samplesKept {
		reuse = g.past[0][:0]
		g.past = append(g.past[:0], g.past[1:]...)
	}
	g.past = append(g.past, append(reuse, g.counts[title]...))
}

func (g *gauges) total() int64 {
	if len(g.counts[all]) == 0 {
		return 0
	}
	return int64(max(0, g.counts[all][0]))
}

// top are the n values with most viewers.
func (g *gauges) top(d dimension, n int) []Entry {
	list := make([]Entry, 0, len(g.names[d]))
	for id, count := range g.counts[d] {
		if count > 0 {
			list = append(list, Entry{Value: g.names[d][id], ConcurrentViewers: int64(count), id: uint32(id)})
		}
	}
	slices.SortFunc(list, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(b.ConcurrentViewers, a.ConcurrentViewers), cmp.Compare(a.Value, b.Value))
	})
	list = list[:min(n, len(list))]
	if d == title && len(g.past) == samplesKept {
		before := g.past[0]
		for i := range list {
			change := list[i].ConcurrentViewers
			if id := list[i].id; int(id) < len(before) {
				change -= int64(before[id])
			}
			list[i].Change = &change
		}
	}
	return list
}
