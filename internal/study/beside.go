package study

import (
	"fmt"

	"playhead/internal/rollup"
)

// Audience is a set of viewers by what they watched.
type Audience struct {
	Name string      `json:"name" minLength:"1" maxLength:"100" doc:"What it is called in the answer."`
	All  []Condition `json:"all,omitempty" maxItems:"16" doc:"Each must be met."`
	None []Condition `json:"none,omitempty" maxItems:"16" doc:"None may be met."`
}

// MostBeside bounds how many audiences one is set beside.
const MostBeside = 8

// holds says whether a viewer with these labels is in it.
func (x *Audience) holds(labels map[string]bool) bool {
	for _, c := range x.All {
		if !meets(labels, c) {
			return false
		}
	}
	for _, c := range x.None {
		if meets(labels, c) {
			return false
		}
	}
	return true
}

// checkBeside refuses what cannot be answered. Errors are *metric.QueryError.
func checkBeside(list []Audience) error {
	if len(list) > MostBeside {
		return askError("beside", fmt.Sprintf("at most %d audiences", MostBeside))
	}
	names := map[string]bool{}
	for _, x := range list {
		switch {
		case x.Name == "" || names[x.Name]:
			return askError("beside", "give each audience a name of its own")
		case len(x.All)+len(x.None) == 0:
			return askError("beside", fmt.Sprintf("name at least one condition of %q", x.Name))
		}
		names[x.Name] = true
	}
	return nil
}

// shared counts the sampled viewers of another audience, and those of both.
type shared struct{ other, both int64 }

// overlapRows are an audience and each other one: how many are in both. What one of
// the three parts that two sets make is too small for is not told.
func (s *Service) overlapRows(a *answering, its rollup.AudienceSize, list []Audience, counts []shared) []Row {
	var rows []Row
	size := func(n int64) rollup.AudienceSize {
		return rollup.AudienceSize{Size: float64(n) / its.Rate, Sampled: n, Rate: its.Rate}
	}
	few := func(n int64) bool { return n > 0 && float64(n)/its.Rate < float64(s.o.MinViewers) }
	for i, c := range counts {
		r := Row{Entity: list[i].Name, Kind: "overlap", Basis: Observed, Evidence: map[string]any{}}
		if few(c.both) || few(c.other-c.both) || few(its.Sampled-c.both) || float64(c.other)/its.Rate < float64(s.o.MinViewers) {
			a.meta.Suppressed++
			a.warn("Overlaps where fewer than %d viewers are in both, or in one only, are not told.", s.o.MinViewers)
			rows = append(rows, r)
			continue
		}
		r.fill(s.coarse(sizeInterval(size(c.both))))
		r.N = int64(s.rounded(float64(c.both)))
		other := s.rounded(size(c.other).Size)
		r.Evidence["size"] = other
		r.Evidence["share_of_audience"] = number(min(s.rounded(size(c.both).Size)/max(s.rounded(its.Size), 1), 1))
		r.Evidence["share_of_other"] = number(min(s.rounded(size(c.both).Size)/max(other, 1), 1))
		rows = append(rows, r)
	}
	return rows
}
