package chaintest

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"playhead/internal/metric"
)

var update = flag.Bool("update", false, "rewrite the expected answers in testdata")

type ask struct {
	Name  string `yaml:"name"`
	Query string `yaml:"query"`
	Want  string `yaml:"want"`
}

// TestGolden asks every fixture's questions of every driver, with the facts in
// memory and with them in the database: the answers are those of the fixture.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) { runStory(t, file) })
	}
}

func runStory(t *testing.T, file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var doc yaml.Node
	var s story
	if err := errors.Join(yaml.Unmarshal(data, &doc), yaml.Unmarshal(data, &s)); err != nil {
		t.Fatal(err)
	}
	now, err := time.Parse(time.RFC3339, s.Now)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation(s.ReportTZ)
	if err != nil {
		t.Fatal(err)
	}
	told := &teller{t: t, titles: s.Catalog}
	for _, h := range s.Happens {
		told.tell(h)
	}
	titles, shares := shelf(s.Catalog)
	in := runIntake(t, now, titles, shares, told.events)
	for _, d := range drivers(t) {
		for _, flushed := range []bool{false, true} {
			name := fmt.Sprintf("%s, flushed %v", d.name, flushed)
			db := d.open(t, zone)
			e := in.engine(in.load(t, db, zone, flushed), zone, known(s.Catalog), s.Least)
			for i := range s.Cases {
				c := &s.Cases[i]
				got := answer(t, e, c.Query)
				if *update && d.name == "memory" && !flushed {
					c.Want = got
				}
				if got != c.Want {
					t.Errorf("%s, %s: query %s\ngot\n%s\nwant\n%s", name, c.Name, c.Query, got, c.Want)
				}
			}
			if flushed {
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			}
		}
	}
	if *update {
		writeWants(t, file, &doc, s.Cases)
	}
}

// answer writes an answer as text: the columns, the rows, what meta says.
func answer(t *testing.T, e *metric.Engine, query string) string {
	t.Helper()
	q, err := metric.ParseQuery([]byte(query))
	var res *metric.Result
	if err == nil {
		res, err = e.Run(t.Context(), q)
	}
	var b strings.Builder
	if err != nil {
		var q *metric.QueryError
		if !errors.As(err, &q) {
			t.Fatalf("query %s: %v", query, err)
		}
		for _, f := range q.Fields {
			fmt.Fprintf(&b, "error %s [%s] %s\n", f.Field, f.Code, f.Message)
		}
		return b.String()
	}
	line := func(cells []any) {
		for i, v := range cells {
			if i > 0 {
				b.WriteString(" | ")
			}
			switch v := v.(type) {
			case nil:
				b.WriteString("null")
			case float64:
				fmt.Fprintf(&b, "%.6g", v)
			default:
				fmt.Fprint(&b, v)
			}
		}
		b.WriteByte('\n')
	}
	var names []any
	for _, c := range res.Columns {
		names = append(names, c.Name)
	}
	line(names)
	for _, row := range res.Rows {
		line(row)
	}
	for _, row := range res.Totals {
		b.WriteString("total: ")
		line(row)
	}
	m := res.Meta
	fmt.Fprintf(&b, "-- %s, %s to %s, groups %d", m.Rollup, m.From, m.To, m.Groups)
	if m.Suppressed > 0 || m.SuppressedGroups > 0 {
		fmt.Fprintf(&b, ", suppressed %d of %d fixed cells", m.Suppressed, m.SuppressedGroups)
	}
	if m.IdentityCoverage != 1 {
		fmt.Fprintf(&b, ", coverage %.3g", m.IdentityCoverage)
	}
	b.WriteByte('\n')
	for _, w := range m.Warnings {
		fmt.Fprintf(&b, "-- %s\n", w)
	}
	return b.String()
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
