package metric

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"playhead/internal/rollup"
	"playhead/internal/sketch"

	"gopkg.in/yaml.v3"
)

var update = flag.Bool("update", false, "rewrite the expected answers in testdata")

// fixture is a small world: cells, the present, and questions with answers.
type fixture struct {
	Now      string     `yaml:"now"`
	Fresh    string     `yaml:"fresh_to"`
	ReportTZ string     `yaml:"report_timezone"`
	Cells    []yamlCell `yaml:"cells"`
	Cases    []ask      `yaml:"cases"`
}

type ask struct {
	Name  string `yaml:"name"`
	Query string `yaml:"query"`
	Want  string `yaml:"want"`
}

type yamlCell struct {
	Time     string           `yaml:"time"`
	Title    string           `yaml:"title"`
	Country  string           `yaml:"country"`
	Device   string           `yaml:"device_type"`
	CDN      string           `yaml:"cdn"`
	OS       string           `yaml:"os"`
	Viewers  []string         `yaml:"viewers,flow"`
	Measures map[string]int64 `yaml:"measures,flow"`
}

var measureNames = map[string]rollup.Measure{
	"play_requests": rollup.PlayRequests, "plays": rollup.Plays, "startup_ms": rollup.StartupMS,
	"startup_count": rollup.StartupCount, "exits": rollup.Exits, "start_failures": rollup.StartFailures,
	"playback_failures": rollup.PlaybackFailures, "ended_plays": rollup.EndedPlays, "watch_ms": rollup.WatchMS,
	"media_ms": rollup.MediaMS, "stall_ms": rollup.StallMS, "seek_stall_ms": rollup.SeekStallMS,
	"stalls": rollup.Stalls, "measured": rollup.MeasuredPlays, "completed": rollup.CompletedPlays,
	"viewed": rollup.ViewedPlays, "viewed_millionths": rollup.ViewedMillionths,
	"play_marks": rollup.PlayMarks, "viewer_marks": rollup.ViewerMarks, "known": rollup.KnownPlays,
}

// world is a Scanner over a fixture's cells that insists on aligned ranges.
type world struct {
	cells  []worldCell
	fresh  int64
	report calendar
	scans  []rollup.Scan
}

type worldCell struct {
	time     int64
	keys     [rollup.DimensionCount]string
	measures rollup.Measures
	viewers  []string
}

func (w *world) width(s rollup.Source, ms int64) int64 {
	switch s {
	case rollup.SourcePulse:
		return floorTo(ms, rollup.PulseMS)
	case rollup.SourceTitleHour:
		return floorTo(ms, rollup.HourMS)
	case rollup.SourceTitleDay:
		return w.report.floorDay(ms)
	}
	return ms
}

func (w *world) Scan(ctx context.Context, s rollup.Scan) (*rollup.Result, error) {
	w.scans = append(w.scans, s)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	bounds := s.Buckets
	if bounds == nil {
		bounds = []int64{s.From, s.To}
	}
	for i, b := range bounds {
		if w.width(s.Source, b) != b {
			return nil, fmt.Errorf("boundary %d is not on a cell of %s", b, SourceName(s.Source))
		}
		if i > 0 && b <= bounds[i-1] {
			return nil, errors.New("boundaries do not ascend")
		}
	}
	if bounds[0] != s.From || bounds[len(bounds)-1] != s.To {
		return nil, errors.New("buckets do not span the range")
	}
	res := &rollup.Result{FreshTo: w.fresh, Engine: "test"}
	at := map[string]int{}
	for _, c := range w.cells {
		if start := w.width(s.Source, c.time); res.FirstData == 0 || start < res.FirstData {
			res.FirstData = start
		}
		b, found := slices.BinarySearch(bounds, c.time)
		if !found {
			b--
		}
		if c.time < s.From || c.time >= s.To || !c.passes(s.Where) {
			continue
		}
		keys := make([]string, len(s.By))
		for i, d := range s.By {
			keys[i] = c.keys[d]
		}
		id := fmt.Sprint(b, keys)
		if _, ok := at[id]; !ok {
			at[id] = len(res.Groups)
			g := rollup.Group{Bucket: b, Keys: keys}
			if s.Sketches.Has(rollup.Viewers) {
				g.Sketches = rollup.NewSketches(s.Sketches)
			}
			res.Groups = append(res.Groups, g)
		}
		g := &res.Groups[at[id]]
		for m, n := range c.measures {
			g.Measures[m] += n
		}
		for _, v := range c.viewers {
			if s.Sketches.Has(rollup.Viewers) {
				var member [16]byte
				copy(member[:], v)
				g.Sketches.HLL(rollup.Viewers).AddCoupon(sketch.Coupon(member))
			}
		}
		res.CellsRead++
	}
	return res, nil
}

func (c *worldCell) passes(where []rollup.Filter) bool {
	for _, f := range where {
		if !slices.Contains(f.In, c.keys[f.Dimension]) {
			return false
		}
	}
	return true
}

func mustTime(t *testing.T, s string) int64 {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v.UnixMilli()
}

// open makes an engine over the fixture.
func (f *fixture) open(t *testing.T) (*Engine, *world) {
	t.Helper()
	loc, err := time.LoadLocation(f.ReportTZ)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{fresh: mustTime(t, f.Fresh), report: newCalendar(loc)}
	for _, c := range f.Cells {
		wc := worldCell{time: mustTime(t, c.Time), viewers: c.Viewers}
		wc.keys[rollup.Title], wc.keys[rollup.Country] = c.Title, c.Country
		wc.keys[rollup.DeviceType], wc.keys[rollup.CDN], wc.keys[rollup.OS] = c.Device, c.CDN, c.OS
		for name, n := range c.Measures {
			m, ok := measureNames[name]
			if !ok {
				t.Fatalf("unknown measure %q", name)
			}
			wc.measures[m] = n
		}
		w.cells = append(w.cells, wc)
	}
	now := time.UnixMilli(mustTime(t, f.Now))
	return NewEngine(w, Options{Clock: func() time.Time { return now }, ReportTZ: loc}), w
}

// render writes an answer as text: one line of columns, one a row, then meta.
func render(res *Result, err error) string {
	var b strings.Builder
	if err != nil {
		var q *QueryError
		if !errors.As(err, &q) {
			return "failure: " + err.Error() + "\n"
		}
		for _, f := range q.Fields {
			fmt.Fprintf(&b, "error %s [%s] %s\n", f.Field, f.Code, f.Message)
		}
		return b.String()
	}
	for i, c := range res.Columns {
		if i > 0 {
			b.WriteString(" | ")
		}
		b.WriteString(c.Name + ":" + c.Type)
	}
	b.WriteByte('\n')
	for _, row := range res.Rows {
		for i, v := range row {
			if i > 0 {
				b.WriteString(" | ")
			}
			if f, ok := v.(float64); ok {
				fmt.Fprintf(&b, "%.6g", f)
			} else if v == nil {
				b.WriteString("null")
			} else {
				fmt.Fprint(&b, v)
			}
		}
		b.WriteByte('\n')
	}
	m := res.Meta
	fmt.Fprintf(&b, "-- %s %s to %s, groups %d, coverage %.3g\n", m.Rollup, m.From, m.To, m.Groups, m.IdentityCoverage)
	if m.PreviousFrom != "" {
		fmt.Fprintf(&b, "-- previous %s to %s\n", m.PreviousFrom, m.PreviousTo)
	}
	for _, w := range m.Warnings {
		fmt.Fprintf(&b, "-- %s\n", w)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) { runFixture(t, file) })
	}
}

func runFixture(t *testing.T, file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var doc yaml.Node
	var f fixture
	if err := errors.Join(yaml.Unmarshal(data, &doc), yaml.Unmarshal(data, &f)); err != nil {
		t.Fatal(err)
	}
	for i := range f.Cases {
		c := &f.Cases[i]
		t.Run(c.Name, func(t *testing.T) {
			e, _ := f.open(t)
			q, err := ParseQuery([]byte(c.Query))
			var res *Result
			if err == nil {
				res, err = e.Run(t.Context(), q)
			}
			got := render(res, err)
			if got != c.Want && !*update {
				t.Errorf("query %s\ngot\n%s\nwant\n%s", c.Query, got, c.Want)
			}
			c.Want = got
			if err == nil {
				if _, err := json.Marshal(res); err != nil {
					t.Errorf("answer does not marshal: %v", err)
				}
			}
		})
	}
	if *update {
		writeWants(t, file, &doc, f.Cases)
	}
}

// writeWants puts the answers into the document and keeps the rest as it was.
func writeWants(t *testing.T, file string, doc *yaml.Node, cases []ask) {
	t.Helper()
	root := doc.Content[0]
	for i := 0; i < len(root.Content); i += 2 {
		if root.Content[i].Value != "cases" {
			continue
		}
		for j, n := range root.Content[i+1].Content {
			setWant(n, cases[j].Want)
		}
	}
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	enc := yaml.NewEncoder(out)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(doc), enc.Close(), out.Close()); err != nil {
		t.Fatal(err)
	}
}

func setWant(n *yaml.Node, want string) {
	value := &yaml.Node{Kind: yaml.ScalarNode, Value: want, Style: yaml.LiteralStyle}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == "want" {
			n.Content[i+1] = value
			return
		}
	}
	n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "want"}, value)
}
