package facttest

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"

	"playhead/internal/fact"
)

// Ledger sums facts, so that two ways to the same result compare equal.
type Ledger struct {
	edges map[string]map[int64]int64
	marks map[string]int64
	plays map[string]int64
}

// NewLedger is empty.
func NewLedger() *Ledger {
	return &Ledger{edges: map[string]map[int64]int64{}, marks: map[string]int64{}, plays: map[string]int64{}}
}

// Add takes the facts of a batch in. It changes the dims of its plays.
func (l *Ledger) Add(b *fact.Batch) {
	for _, s := range b.Spans {
		scopes := []fact.Scope{0}
		if s.Kind == fact.ActiveViewer {
			scopes = scopes[:0]
			for bit := fact.ScopeAll; bit <= fact.ScopeCountryDevice; bit <<= 1 {
				if s.Scope&bit != 0 {
					scopes = append(scopes, bit)
				}
			}
		}
		for _, sc := range scopes {
			d := b.Dims[s.Dims]
			group := fmt.Sprint(d)
			switch sc {
			case fact.ScopeAll:
				group = "all"
			case fact.ScopeTitle:
				group = d.Title
			case fact.ScopeCountry:
				group = d.Country
			case fact.ScopeDevice:
				group = d.DeviceType
			case fact.ScopeCDN:
				group = d.CDN
			case fact.ScopeTitleCountry:
				group = d.Title + d.Country
			case fact.ScopeTitleDevice:
				group = d.Title + d.DeviceType
			case fact.ScopeCountryDevice:
				group = d.Country + d.DeviceType
			}
			k := fmt.Sprint(s.Kind, " ", sc, " ", group)
			m := l.edges[k]
			if m == nil {
				m = map[int64]int64{}
				l.edges[k] = m
			}
			m[s.From] += int64(s.N)
			m[s.To] -= int64(s.N)
		}
	}
	for _, m := range b.Marks {
		k := fmt.Sprint(m.Kind, " ", b.Dims[m.Dims], " ", m.Time, " ", m.Value, " ", m.Known, " ", m.Viewer)
		l.marks[k] += int64(m.N)
	}
	for _, p := range b.Plays {
		n := p.N
		p.N = 0
		var ds []fact.Dims
		for i := range p.Intervals {
			ds = append(ds, b.Dims[p.Intervals[i].Dims])
			p.Intervals[i].Dims = 0
		}
		for i := range p.Active {
			ds = append(ds, b.Dims[p.Active[i].Dims])
			p.Active[i].Dims = 0
		}
		ds = append(ds, b.Dims[p.Dims])
		p.Dims = 0
		j, _ := json.Marshal(p)
		l.plays[fmt.Sprint(string(j), ds)] += int64(n)
	}
}

// String is one line a sum that is not zero, sorted.
func (l *Ledger) String() string {
	var out []string
	for k, m := range l.edges {
		var at []int64
		for t, n := range m {
			if n != 0 {
				at = append(at, t)
			}
		}
		slices.Sort(at)
		if len(at) == 0 {
			continue
		}
		var b strings.Builder
		for _, t := range at {
			fmt.Fprintf(&b, " %d:%+d", t, m[t])
		}
		out = append(out, k+b.String())
	}
	for k, n := range l.marks {
		if n != 0 {
			out = append(out, fmt.Sprint("mark ", k, " = ", n))
		}
	}
	for k, n := range l.plays {
		if n != 0 {
			out = append(out, fmt.Sprint("play ", k, " = ", n))
		}
	}
	sort.Strings(out)
	return strings.Join(out, "\n")
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
