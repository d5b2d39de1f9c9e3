package simulate

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// TruthVersion is the version of the truth file's format.
const TruthVersion = 2

// Truth is what a run did, exactly. All times are epoch ms, all durations ms;
// hours and days are UTC.
type Truth struct {
	Version int    `json:"version"`
	Seed    uint64 `json:"seed"`
	// From is the start of the first hour, Hours how many there are; every event
	// lies in them. To is the last instant of simulated time.
	From  int64 `json:"from"`
	To    int64 `json:"to"`
	Hours int   `json:"hours"`
	// CompleteAt: when a server's fresh_to has passed it, every figure is final.
	CompleteAt int64 `json:"complete_at"`
	// Events are different events, Repeats those sent again on purpose.
	Events  int64 `json:"events"`
	Repeats int64 `json:"repeats"`
	// Measures names the columns of the cells.
	Measures []string       `json:"measures"`
	Families []TruthFamily  `json:"families"`
	Gauge    []TruthGauge   `json:"gauge"`
	Titles   []TruthWatched `json:"retention"`
	// Attention is what viewers did across plays.
	Attention []TruthAttention `json:"attention"`
	// World is which of Worlds it was, "" the plain one; Planted is what it had on
	// purpose.
	World   string         `json:"world,omitempty"`
	Planted []TruthPlanted `json:"planted,omitempty"`
}

// TruthFamily is a grouping by a dimension ("" is all), perhaps with a filter.
type TruthFamily struct {
	By     string                 `json:"by"`
	Where  string                 `json:"where,omitempty"`
	Is     string                 `json:"is,omitempty"`
	Groups map[string]*TruthGroup `json:"groups"`
}

// TruthGroup is one value's figures.
type TruthGroup struct {
	// Hours is a row of measures an hour, nil where nothing happened.
	Hours [][]int64 `json:"hours"`
	// Distinct known viewers with a first frame, by hour, by day and in all.
	HourViewers []int32 `json:"hour_viewers"`
	DayViewers  []int32 `json:"day_viewers"`
	Viewers     int32   `json:"viewers"`
	// Sums of the concurrency gauges over the 10 s boundaries of each hour;
	// only where there is no filter.
	HourPlayMarks   []int64 `json:"hour_play_marks,omitempty"`
	HourViewerMarks []int64 `json:"hour_viewer_marks,omitempty"`
}

// TruthGauge is concurrency at every 10 s boundary from From on, for the last
// part of the run, by a dimension.
type TruthGauge struct {
	By      string             `json:"by"`
	From    int64              `json:"from"`
	Plays   map[string][]int32 `json:"plays"`
	Viewers map[string][]int32 `json:"viewers"`
}

// TruthWatched is what was watched of one title, by device type; "" is all.
type TruthWatched struct {
	Title     string                     `json:"title"`
	RuntimeMS int64                      `json:"runtime_ms"`
	Devices   map[string]*TruthRetention `json:"devices"`
}

// TruthRetention is how far the measured plays of a title went, by second of
// media. Positions at the very end count in the last second.
type TruthRetention struct {
	Plays int64 `json:"plays"`
	// Started and Furthest are how many plays started and went furthest to the
	// second; WatchedMS is how long its positions were played, repeats included.
	Started   []int64 `json:"started"`
	Furthest  []int64 `json:"furthest"`
	WatchedMS []int64 `json:"watched_ms"`
}

// gaugeTicks is how many 10 s boundaries the truth keeps at its end: an hour.
const gaugeTicks = 360

// truth closes the books. The ledger must not be used after it.
func (l *ledger) truth(seed uint64, to int64) *Truth {
	t := &Truth{
		Version: TruthVersion, Seed: seed, From: l.base, To: to, Measures: measureNames[:],
		CompleteAt: max(to, l.lastTick),
	}
	t.Hours = max(int(l.hour(max(t.CompleteAt-1, l.base)))+1, len(l.hours))
	viewers := l.viewerTicks()
	for f := range l.families {
		t.Families = append(t.Families, l.truthFamily(f, t.Hours, viewers))
	}
	l.countViewers(t)
	last := l.base + int64(l.tick(t.CompleteAt))*tickMS
	from := max(l.base, last-gaugeTicks*tickMS)
	for f := range l.families {
		if fam := l.families[f]; fam.where == "" {
			t.Gauge = append(t.Gauge, l.gauge(fam, from, last, viewers))
		}
	}
	t.Titles = l.retention()
	t.Attention = l.attention()
	return t
}

func (l *ledger) truthFamily(f, hours int, viewers [][]int32) TruthFamily {
	fam := l.families[f]
	out := TruthFamily{By: fam.by, Where: fam.where, Is: fam.is, Groups: make(map[string]*TruthGroup)}
	for g := fam.first; g < fam.first+fam.n; g++ {
		group := &TruthGroup{Hours: make([][]int64, hours)}
		empty := true
		for h := range l.hours {
			if row := l.hours[h][g]; row != (measures{}) {
				group.Hours[h] = slices.Clone(row[:])
				empty = false
			}
		}
		if g < l.nSingle && l.diff[g] != nil {
			group.HourPlayMarks = hourly(running(l.diff[g], hours*360))
			group.HourViewerMarks = hourly(running(viewers[g], hours*360))
		}
		if !empty {
			out.Groups[l.names[g]] = group
		}
	}
	return out
}

func hourly(levels []int32) []int64 {
	out := make([]int64, len(levels)/360)
	for i, v := range levels {
		if i/360 < len(out) {
			out[i/360] += int64(v)
		}
	}
	return out
}

// countViewers fills in the distinct viewers of every group, by sorting.
func (l *ledger) countViewers(t *Truth) {
	type key struct {
		group, bucket int32
		who           uint32
	}
	days := (t.Hours + 23) / 24
	firstDay := l.base / dayMS
	if l.base%dayMS != 0 {
		days++
	}
	keys := make([]key, 0, len(l.frames)*5)
	distinct := func(bucket func(f *frame) int32, count func(g *TruthGroup, bucket int32)) {
		keys = keys[:0]
		for i := range l.frames {
			f := &l.frames[i]
			for _, g := range f.groups {
				if g >= 0 {
					keys = append(keys, key{g, bucket(f), f.who})
				}
			}
		}
		slices.SortFunc(keys, func(a, b key) int {
			return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.bucket, b.bucket), cmp.Compare(a.who, b.who))
		})
		for i, k := range keys {
			if i == 0 || k != keys[i-1] {
				count(l.groupIn(t, k.group), k.bucket)
			}
		}
	}
	for f := range t.Families {
		for _, g := range t.Families[f].Groups {
			g.HourViewers, g.DayViewers = make([]int32, t.Hours), make([]int32, days)
		}
	}
	distinct(func(*frame) int32 { return 0 }, func(g *TruthGroup, _ int32) { g.Viewers++ })
	distinct(func(f *frame) int32 { return f.hour }, func(g *TruthGroup, h int32) { g.HourViewers[h]++ })
	distinct(func(f *frame) int32 { return int32((l.base+int64(f.hour)*hourMS)/dayMS - firstDay) },
		func(g *TruthGroup, d int32) { g.DayViewers[d]++ })
}

func (l *ledger) groupIn(t *Truth, g int32) *TruthGroup {
	f, _ := slices.BinarySearchFunc(l.families, g, func(f family, g int32) int {
		if g >= f.first+f.n {
			return -1
		}
		if g < f.first {
			return 1
		}
		return 0
	})
	return t.Families[f].Groups[l.names[g]]
}

func (l *ledger) gauge(fam family, from, to int64, viewers [][]int32) TruthGauge {
	out := TruthGauge{By: fam.by, From: from, Plays: make(map[string][]int32), Viewers: make(map[string][]int32)}
	a, b := l.tick(from), int(l.tick(to))
	for g := fam.first; g < fam.first+fam.n; g++ {
		if l.diff[g] == nil {
			continue
		}
		out.Plays[l.names[g]] = running(l.diff[g], b)[a:]
		out.Viewers[l.names[g]] = running(viewers[g], b)[a:]
	}
	return out
}

func (l *ledger) retention() []TruthWatched {
	var out []TruthWatched
	for _, i := range l.w.ranks {
		w := l.watched[i]
		if w == nil || len(w.plays) == 0 {
			continue
		}
		title := &l.w.titles[i]
		tw := TruthWatched{Title: title.ID, RuntimeMS: title.RuntimeMS, Devices: make(map[string]*TruthRetention)}
		for p := range w.plays {
			r := &w.plays[p]
			for _, d := range [2]string{"", l.w.devices[r.screen].kind} {
				c := tw.Devices[d]
				if c == nil {
					n := (title.RuntimeMS + 999) / 1000
					c = &TruthRetention{Started: make([]int64, n), Furthest: make([]int64, n), WatchedMS: make([]int64, n)}
					tw.Devices[d] = c
				}
				c.take(r, title.RuntimeMS)
			}
		}
		out = append(out, tw)
	}
	return out
}

// take adds a play to the curve.
func (c *TruthRetention) take(r *retained, runtime int64) {
	c.Plays++
	c.Started[min(int64(r.start), runtime-1)/1000]++
	c.Furthest[min(int64(r.furthest), runtime-1)/1000]++
	for _, s := range r.runs {
		for at := s.from; at < s.to; {
			to := min(s.to, (at/1000+1)*1000)
			c.WatchedMS[min(at, runtime-1)/1000] += to - at
			at = to
		}
	}
}

// WriteTruth writes t to a file, replacing it as a whole.
func WriteTruth(path string, t *Truth) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write truth: %w", err)
	}
	defer os.Remove(f.Name())
	b := bufio.NewWriterSize(f, 1<<16)
	err = json.NewEncoder(b).Encode(t)
	if err = errors.Join(err, b.Flush(), f.Chmod(0o644), f.Close()); err != nil {
		return fmt.Errorf("write truth: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write truth: %w", err)
	}
	return nil
}

// ReadTruth reads a file that WriteTruth wrote.
func ReadTruth(path string) (*Truth, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read truth: %w", err)
	}
	defer f.Close()
	t, err := decodeTruth(bufio.NewReaderSize(f, 1<<16))
	if err != nil {
		return nil, fmt.Errorf("read truth %s: %w", path, err)
	}
	return t, nil
}

func decodeTruth(r io.Reader) (*Truth, error) {
	t := &Truth{}
	if err := json.NewDecoder(r).Decode(t); err != nil {
		return nil, err
	}
	if t.Version != TruthVersion {
		return nil, fmt.Errorf("version is %d, this program reads %d; simulate again", t.Version, TruthVersion)
	}
	if t.Hours < 0 || t.Hours > 24*400 || !slices.Equal(t.Measures, measureNames[:]) {
		return nil, errors.New("it is not a truth file of this version; simulate again")
	}
	return t, nil
}
