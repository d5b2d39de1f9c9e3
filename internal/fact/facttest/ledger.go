package facttest

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"

	"playhead/internal/fact"
)

// Ledger sums facts, so that two ways to the same result compare equal. What
// comes to zero is as if it had never been said. Repeats and what a batch says
// of its input (counts, offsets) are no part of it.
type Ledger struct {
	edges     map[edge]int64
	marks     map[mark]int64
	plays     map[string]int64
	exposures map[exposure]int64
	sessions  map[session]int64
	searches  map[search]int64
}

// Keys are facts whose indexes into the batch are replaced by what they mean.
type (
	edge struct {
		kind    fact.SpanKind
		scope   fact.Scope
		bitrate uint32
		dims    fact.Dims
		at      int64
	}
	mark struct {
		fact.Mark
		dims  fact.Dims
		taste string
	}
	exposure struct {
		fact.Exposure
		dims  fact.Dims
		slot  fact.Slot
		taste string
	}
	session struct {
		fact.Session
		dims fact.Dims
	}
	search struct {
		fact.Search
		dims fact.Dims
	}
)

// NewLedger is empty.
func NewLedger() *Ledger {
	return &Ledger{
		edges: map[edge]int64{}, marks: map[mark]int64{}, plays: map[string]int64{},
		exposures: map[exposure]int64{}, sessions: map[session]int64{}, searches: map[search]int64{},
	}
}

// sum adds n to the sum of k; sums of zero are not kept.
func sum[K comparable](m map[K]int64, k K, n int64) {
	if n += m[k]; n != 0 {
		m[k] = n
	} else {
		delete(m, k)
	}
}

// Equal reports whether both say the same.
func (l *Ledger) Equal(o *Ledger) bool {
	return maps.Equal(l.edges, o.edges) && maps.Equal(l.marks, o.marks) && maps.Equal(l.plays, o.plays) &&
		maps.Equal(l.exposures, o.exposures) && maps.Equal(l.sessions, o.sessions) && maps.Equal(l.searches, o.searches)
}

// Add takes the facts of a batch in.
func (l *Ledger) Add(b *fact.Batch) {
	for i := range b.Spans {
		l.span(b, &b.Spans[i])
	}
	for _, m := range b.Marks {
		k := mark{Mark: m, dims: b.Dims[m.Dims], taste: taste(b, m.Taste)}
		k.N, k.Dims, k.Taste = 0, 0, 0
		sum(l.marks, k, int64(m.N))
	}
	var key []byte
	for i := range b.Plays {
		key = appendPlay(key[:0], b, &b.Plays[i])
		sum(l.plays, string(key), int64(b.Plays[i].N))
	}
	for _, e := range b.Exposures {
		k := exposure{Exposure: e, dims: b.Dims[e.Dims], slot: b.Slots[e.Slot], taste: taste(b, e.Taste)}
		k.N, k.Dims, k.Slot, k.Taste = 0, 0, 0, 0
		sum(l.exposures, k, int64(e.N))
	}
	for _, s := range b.Sessions {
		k := session{s, b.Dims[s.Dims]}
		k.Dims = 0
		sum(l.sessions, k, 1)
	}
	for _, s := range b.Searches {
		k := search{s, b.Dims[s.Dims]}
		k.Dims = 0
		sum(l.searches, k, 1)
	}
}

func taste(b *fact.Batch, i uint32) string {
	if i == 0 {
		return ""
	}
	return b.Tastes[i-1]
}

// span adds the two ends of s, of a viewer's in each grouping apart.
func (l *Ledger) span(b *fact.Batch, s *fact.Span) {
	k := edge{kind: s.Kind, bitrate: s.Bitrate, dims: b.Dims[s.Dims]}
	if s.Kind != fact.ActiveViewer {
		l.ends(k, s)
		return
	}
	for bit := fact.ScopeAll; bit <= fact.ScopeCountryDevice; bit <<= 1 {
		if s.Scope&bit != 0 {
			k.scope, k.dims = bit, group(bit, &b.Dims[s.Dims])
			l.ends(k, s)
		}
	}
}

func (l *Ledger) ends(k edge, s *fact.Span) {
	k.at = s.From
	sum(l.edges, k, int64(s.N))
	k.at = s.To
	sum(l.edges, k, -int64(s.N))
}

// group is what of d the grouping looks at.
func group(s fact.Scope, d *fact.Dims) fact.Dims {
	switch s {
	case fact.ScopeTitle:
		return fact.Dims{Title: d.Title}
	case fact.ScopeCountry:
		return fact.Dims{Country: d.Country}
	case fact.ScopeDevice:
		return fact.Dims{DeviceType: d.DeviceType}
	case fact.ScopeCDN:
		return fact.Dims{CDN: d.CDN}
	case fact.ScopeTitleCountry:
		return fact.Dims{Title: d.Title, Country: d.Country}
	case fact.ScopeTitleDevice:
		return fact.Dims{Title: d.Title, DeviceType: d.DeviceType}
	case fact.ScopeCountryDevice:
		return fact.Dims{Country: d.Country, DeviceType: d.DeviceType}
	}
	return fact.Dims{}
}

// appendPlay writes every field of p, and what its indexes mean.
func appendPlay(key []byte, b *fact.Batch, p *fact.Play) []byte {
	key = fmt.Appendf(key, "%x/%x#%d known=%t %s/%s ", p.Viewer[:], p.Play[:], p.Part, p.Known, p.ErrorCode, p.ErrorClass)
	for _, n := range [...]int64{
		p.Requested, p.FirstFrame, p.Ended, int64(p.Reason), p.StartupMS, p.DurationMS, p.StartMS, p.FurthestMS,
		p.MediaMS, p.WatchedMS, p.StallMS, p.SeekStallMS, int64(p.Stalls), p.BitrateMS, p.KnownBitrateMS,
		p.DroppedFrames, int64(p.Pauses), int64(p.Rewinds), int64(p.Skips),
	} {
		key = append(strconv.AppendInt(key, n, 10), ' ')
	}
	key = strconv.AppendBool(key, p.Completed)
	if p.Slot > 0 {
		key = fmt.Appendf(key, " slot=%q", b.Slots[p.Slot-1])
	}
	key = appendDims(key, &b.Dims[p.Dims])
	for _, list := range [...][]fact.Interval{p.Intervals, p.Active} {
		key = append(key, "\n   "...)
		for _, v := range list {
			key = append(key, " ["...)
			for _, n := range [...]int64{int64(v.Kind), v.From, v.To} {
				key = append(strconv.AppendInt(key, n, 10), ' ')
			}
			key = append(appendDims(key, &b.Dims[v.Dims]), ']')
		}
	}
	key = append(key, "\n   "...)
	for _, c := range p.Cover {
		for _, n := range [...]int64{c.From, c.To, int64(c.N)} {
			key = append(key, ' ')
			key = strconv.AppendInt(key, n, 10)
		}
		key = append(key, ';')
	}
	return key
}

func appendDims(key []byte, d *fact.Dims) []byte {
	for _, s := range [...]string{d.Title, d.Country, d.Region, d.DeviceType, d.OS, d.AppVersion, d.Player, d.CDN, d.ISP, d.Labels} {
		key = append(append(key, '|'), s...)
	}
	return strconv.AppendBool(append(key, '|'), d.Live)
}

// String is one line a sum that is not zero, sorted.
func (l *Ledger) String() string {
	lines := map[string][]edge{}
	for e := range l.edges {
		k := fmt.Sprint("span ", e.kind, " scope ", e.scope, " bitrate ", e.bitrate, " ", e.dims)
		lines[k] = append(lines[k], e)
	}
	var out []string
	for k, edges := range lines {
		slices.SortFunc(edges, func(a, b edge) int { return int(a.at - b.at) })
		for _, e := range edges {
			k += fmt.Sprintf(" %d:%+d", e.at, l.edges[e])
		}
		out = append(out, k)
	}
	out = appendLines(out, "mark", l.marks)
	out = appendLines(out, "play", l.plays)
	out = appendLines(out, "exposure", l.exposures)
	out = appendLines(out, "session", l.sessions)
	out = appendLines(out, "search", l.searches)
	sort.Strings(out)
	return strings.Join(out, "\n")
}

func appendLines[K comparable](out []string, what string, m map[K]int64) []string {
	for k, n := range m {
		out = append(out, fmt.Sprintf("%s %v = %d", what, k, n))
	}
	return out
}

// Diff is the first lines of a that b lacks.
func Diff(a, b string) string {
	has := map[string]bool{}
	for _, l := range strings.Split(b, "\n") {
		has[l] = true
	}
	var out []string
	for _, l := range strings.Split(a, "\n") {
		if !has[l] {
			out = append(out, l)
		}
	}
	return strings.Join(out[:min(len(out), 20)], "\n")
}
