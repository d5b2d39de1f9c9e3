package simulate

import (
	"context"
	"math"
)

// attended is what a metric of what viewers do across plays should be.
type attended struct {
	name string
	of   func(g *TruthViewers) float64
	// by are the dimensions it is asked by; "" is all.
	by     []string
	approx bool // distinct viewers
}

func attentions() []attended {
	art, title, people := []string{"", "title", "country", "placement"}, []string{"", "title"}, []string{"", "title", "country"}
	return []attended{
		{"impressions", func(g *TruthViewers) float64 { return float64(g.Impressions) }, art, false},
		{"selects", func(g *TruthViewers) float64 { return float64(g.Selects) }, art, false},
		{"qualified_plays", func(g *TruthViewers) float64 { return float64(g.Qualified) }, art, false},
		{"eligible_impressions", func(g *TruthViewers) float64 { return float64(g.Eligible) }, art, false},
		{"viewers_reached", func(g *TruthViewers) float64 { return float64(g.Reached) }, art, true},
		{"takers", func(g *TruthViewers) float64 { return float64(g.Takers) }, art, true},
		{"new_viewers", func(g *TruthViewers) float64 { return float64(g.NewViewers) }, people, false},
		{"starters", func(g *TruthViewers) float64 { return float64(g.Starters) }, title, true},
		{"watchers", func(g *TruthViewers) float64 { return float64(g.Watchers) }, title, true},
		{"completers", func(g *TruthViewers) float64 { return float64(g.Completers) }, title, true},
		{"sessions", func(g *TruthViewers) float64 { return float64(g.Sessions) }, []string{""}, false},
		{"session_length", func(g *TruthViewers) float64 { return float64(g.SessionMS) / float64(g.Sessions) }, []string{""}, false},
		{"searches", func(g *TruthViewers) float64 { return float64(g.Searches) }, []string{"", "country"}, false},
		{"unmet_searches", func(g *TruthViewers) float64 { return float64(g.Unmet) }, []string{"", "country"}, false},
		{"empty_searches", func(g *TruthViewers) float64 { return float64(g.Empty) }, []string{"", "country"}, false},
	}
}

// attention compares what viewers did across plays, in the whole run. Every
// metric must be there.
func (v *verifier) attention(ctx context.Context) error {
	truths := map[string]*TruthAttention{}
	for i := range v.t.Attention {
		truths[v.t.Attention[i].By] = &v.t.Attention[i]
	}
	for _, m := range attentions() {
		if v.t.World != "" && m.name == "eligible_impressions" {
			continue // a month that came in a minute: see soonMS
		}
		for _, by := range m.by {
			f := &TruthFamily{By: by}
			c, done := v.begin(m.name + ", " + familyName(f))
			q := asking(f)
			q.Metrics = []string{m.name}
			t, err := v.api.query(ctx, q)
			if err == nil {
				err = v.attended(c, f, m, t, truths[by])
			}
			if done(); err != nil {
				return err
			}
		}
	}
	return nil
}

// soonMS is for how much of simulated time eligible impressions are exact. They
// leave out who had started the title, which is final half a minute of the
// server's time after a play. Where days come in minutes, that is hours of theirs:
// a viewer's next impression may be counted before the play that rules it out.
const soonMS = 48 * 3_600_000

// attended compares one metric's answer.
func (v *verifier) attended(c *check, f *TruthFamily, m attended, t *table, truth *TruthAttention) error {
	rows, err := rowsOf(t, f.By)
	if err != nil {
		return err
	}
	k := t.column(m.name)
	seen := map[string]bool{}
	compare := func(group string, row int) {
		seen[group] = true
		want := 0.0
		if g := truth.Groups[group]; g != nil {
			want = m.of(g)
		}
		got := 0.0
		if row >= 0 {
			if t.suppressed(row, m.name) {
				return
			}
			got, _ = t.Rows[row][k].(float64)
		}
		if math.IsNaN(want) {
			want = 0
		}
		c.cells++
		off, bound := math.Abs(got-want), 1e-9*math.Max(1, want)
		switch {
		case m.approx:
			bound = 4*t.Meta.Approximate[m.name]*want + 1
		case m.name == "eligible_impressions" && got > want && v.t.To-v.t.From > soonMS:
			bound = 0.01*want + 3
		}
		if off > bound {
			c.differ("%s, %s %q: got %v, want %v", m.name, familyName(f), group, got, want)
		}
	}
	for group := range truth.Groups {
		row, there := rows[cellAt{group, absent}]
		if !there {
			row = -1
		}
		compare(group, row)
	}
	for at, row := range rows {
		if !seen[at.group] && at.group != "" {
			compare(at.group, row)
		}
	}
	return nil
}
