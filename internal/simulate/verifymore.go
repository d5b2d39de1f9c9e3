package simulate

import (
	"context"
	"fmt"
	"math"
)

// gauges compares concurrency at each 10 s boundary of the run's last hour.
func (v *verifier) gauges(ctx context.Context) error {
	for i := range v.t.Gauge {
		g := &v.t.Gauge[i]
		f := &TruthFamily{By: g.By}
		c, done := v.begin("every 10 s, " + familyName(f))
		n := 0
		for _, levels := range g.Plays {
			n = max(n, len(levels))
		}
		if n == 0 {
			done()
			continue
		}
		q := asking(f)
		q.Grain, q.Metrics = "10s", []string{"concurrent_plays", "concurrent_viewers"}
		q.From, q.To = stamped3339(g.From), stamped3339(g.From+int64(n)*tickMS)
		t, err := v.api.query(ctx, q)
		if err != nil {
			return err
		}
		var want []expected
		for name, levels := range g.Plays {
			for k, level := range levels {
				s := &sums{plays: int64(level), people: int64(g.Viewers[name][k]), boundaries: 1}
				want = append(want, expected{name, g.From + int64(k)*tickMS, s})
			}
		}
		err = v.compareTable(c, f, t, v.only("concurrent_plays", "concurrent_viewers"), want)
		if done(); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) only(names ...string) []expectation {
	var out []expectation
	for _, e := range v.metrics {
		for _, n := range names {
			if e.name == n {
				out = append(out, e)
			}
		}
	}
	return out
}

// before compares an hour with the one before it.
func (v *verifier) before(ctx context.Context) error {
	if v.t.Hours < 2 {
		return nil
	}
	c, done := v.begin("an hour against the one before, by title")
	defer done()
	h := v.t.Hours / 2
	at := v.t.From + int64(h)*hourMS
	var f *TruthFamily
	for i := range v.t.Families {
		if v.t.Families[i].By == "title" && v.t.Families[i].Where == "" {
			f = &v.t.Families[i]
		}
	}
	metrics := v.only("plays", "watch_hours", "startup_time", "viewers")
	q := asking(f)
	for _, m := range metrics {
		q.Metrics = append(q.Metrics, m.name)
	}
	q.Compare, q.From, q.To = "previous", stamped3339(at), stamped3339(at+hourMS)
	t, err := v.api.query(ctx, q)
	if err != nil {
		return err
	}
	rows, err := rowsOf(t, f.By)
	if err != nil {
		return err
	}
	for name, g := range f.Groups {
		row, there := rows[cellAt{name, absent}]
		for _, e := range metrics {
			for back, suffix := range []string{"", "_previous"} {
				k := t.column(e.name + suffix)
				if k < 0 {
					return fmt.Errorf("%w: an answer with compare has no column %s", ErrDiffers, e.name+suffix)
				}
				var got any
				if there {
					got = t.Rows[row][k]
				}
				v.cell(c, f, e, cellAt{name, at - int64(back)*hourMS}, got, g.over(h-back, h-back+1), t.Meta.Approximate[e.name])
			}
		}
	}
	return nil
}

// filters compares sums over several values of a filter.
func (v *verifier) filters(ctx context.Context) error {
	for i := range v.t.Families {
		f := &v.t.Families[i]
		if f.By == "" || f.Where != "" {
			continue
		}
		c, done := v.begin("two values of " + f.By)
		var in []string
		total := &sums{}
		for name, g := range f.Groups {
			if len(in) == 2 {
				break
			}
			in = append(in, name)
			for m, n := range g.over(0, v.t.Hours).m {
				total.m[m] += n
			}
		}
		if len(in) < 2 {
			done()
			continue
		}
		all := &TruthFamily{}
		q := question{Where: []condition{{f.By, in}}, From: stamped3339(v.t.From), To: stamped3339(v.end())}
		metrics := v.only("plays", "play_requests", "media_hours", "rebuffering_ratio", "video_playback_failure_rate")
		for _, m := range metrics {
			q.Metrics = append(q.Metrics, m.name)
		}
		t, err := v.api.query(ctx, q)
		if err == nil {
			err = v.compareTable(c, all, t, metrics, []expected{{"", absent, total}})
		}
		if done(); err != nil {
			return err
		}
	}
	return nil
}

// retention compares how far into some titles their plays went.
func (v *verifier) retention(ctx context.Context) error {
	for i := range v.t.Titles {
		w := &v.t.Titles[i]
		for _, by := range []string{"", "device_type"} {
			c, done := v.begin("retention of " + w.Title + map[string]string{"": "", "device_type": " by device_type"}[by])
			t, err := v.api.retention(ctx, w.Title, by)
			if err == nil {
				err = v.curve(c, w, t, by)
			}
			if done(); err != nil {
				return err
			}
		}
	}
	return nil
}

// curve compares a retention table: a row for each bin of bin_ms and group.
func (v *verifier) curve(c *check, w *TruthWatched, t *table, by string) error {
	width := t.Meta.BinMS
	at, reached, watched, count, group := t.column("position_ms"), t.column("reached"), t.column("watched"), t.column("plays"), t.column(by)
	if width <= 0 || width%1000 != 0 || at < 0 || reached < 0 || watched < 0 {
		return fmt.Errorf("%w: retention of %s has no bin_ms or lacks columns: %v", ErrDiffers, w.Title, t.Columns)
	}
	seen := map[string]int{}
	for _, row := range t.Rows {
		device := ""
		if by != "" && group >= 0 {
			device, _ = row[group].(string)
		}
		truth := w.Devices[device]
		position, _ := row[at].(float64)
		if truth == nil {
			c.differ("%s on %q: the server has a curve, the truth none", w.Title, device)
			continue
		}
		if position >= float64(w.RuntimeMS) {
			continue // the end itself
		}
		seen[device]++
		share, times := truth.at(int64(position), width, w.RuntimeMS)
		near := func(name string, got any, want float64) {
			c.cells++
			if g, ok := got.(float64); !ok || math.Abs(g-want) > 1e-9*max(1, want) {
				c.differ("%s on %q at %v ms: %s is %v, want %v", w.Title, device, position, name, got, want)
			}
		}
		near("reached", row[reached], share)
		near("watched", row[watched], times)
		if count >= 0 {
			near("plays", row[count], float64(truth.Plays))
		}
	}
	for device, truth := range w.Devices {
		if by == "" && device != "" || by != "" && device == "" {
			continue
		}
		if bins := int((w.RuntimeMS + width - 1) / width); truth.Plays > 0 && seen[device] != bins {
			c.differ("%s on %q: %d bins, want %d", w.Title, device, seen[device], bins)
		}
	}
	return nil
}

// at is the share of plays that came to a position, and how many times a play
// the bin of that width after it, or what there is of it, was played.
func (r *TruthRetention) at(position, width, runtime int64) (reached, watched float64) {
	var far, ms int64
	for _, n := range r.Furthest[min(position/1000, int64(len(r.Furthest))):] {
		far += n
	}
	for s := position / 1000; s < (position+width)/1000 && s < int64(len(r.WatchedMS)); s++ {
		ms += r.WatchedMS[s]
	}
	n := float64(r.Plays)
	return float64(far) / n, float64(ms) / (float64(min(width, runtime-position)) * n)
}

// spread checks the distinct counts as a whole: of many groups few may lie
// beyond twice the stated standard error.
func (v *verifier) spread() {
	c, done := v.begin("distinct counts beyond twice the stated error")
	defer done()
	c.cells = v.counted
	if allowed := int(0.055*float64(v.counted)) + 1; v.wide > allowed {
		c.differ("%d of %d groups, at most %d may be", v.wide, v.counted, allowed)
	}
}
