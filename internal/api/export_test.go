package api

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"playhead/internal/metric"
)

// answer is an Asker that says one thing whatever it is asked.
type answer struct{ res *metric.Result }

func (a answer) Run(context.Context, metric.Query) (*metric.Result, error) { return a.res, nil }
func (a answer) Describe() metric.Description                              { return metric.Description{} }

func exported() *metric.Result {
	return &metric.Result{
		Columns: []metric.Column{
			{Name: "time", Type: "time"}, {Name: "title", Type: "string"}, {Name: "plays", Type: "integer", Unit: "count"},
			{Name: "impact(rebuffering_ratio)", Type: "number", Unit: "hours"},
		},
		Rows: [][]any{
			{"2026-11-01T00:00:00+01:00", "=HYPERLINK(\"x\")", int64(3), 0.25},
			{"2026-11-02T00:00:00+01:00", "a,b", nil, nil},
		},
		Meta: metric.Meta{Rollup: "title_day", SuppressedCells: []metric.SuppressedCell{{Row: 1, Column: "plays"}}, Suppressed: 1},
	}
}

func TestExports(t *testing.T) {
	s := &server{Deps: Deps{Asker: answer{exported()}}}
	ask := func(format, accept string) *queryOutput {
		t.Helper()
		out, err := s.query(t.Context(), &queryInput{Format: format, Accept: accept, RawBody: []byte(`{"metrics":["plays"]}`)})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	const want = "time,title,plays,impact(rebuffering_ratio)\n" +
		"2026-11-01T00:00:00+01:00,\"'=HYPERLINK(\"\"x\"\")\",3,0.25\n" +
		"2026-11-02T00:00:00+01:00,\"a,b\",,\n"
	for _, accept := range []string{"text/csv", "text/html;q=0.9, text/csv;q=0.5"} {
		out := ask("", accept)
		if string(out.Body) != want || out.ContentType != "text/csv" || !strings.Contains(out.Meta, `"rollup":"title_day"`) {
			t.Errorf("Accept %s: %s (%s) %s", accept, out.Body, out.ContentType, out.Meta)
		}
	}
	if out := ask("json", "text/csv"); out.ContentType != "application/json" || !bytes.Contains(out.Body, []byte(`"rows":[["2026-11-01T00:00:00+01:00"`)) {
		t.Errorf("json: %s", out.Body)
	}
	if out := ask("", ""); out.ContentType != "application/json" {
		t.Errorf("by default: %s", out.ContentType)
	}
	data := ask("parquet", "").Body
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range f.Schema().Fields() {
		names = append(names, c.Name())
	}
	if got := strings.Join(names, " "); got != "time title plays impact(rebuffering_ratio)" {
		t.Errorf("columns %s", got)
	}
	rows := make([]parquet.Row, 3)
	n, _ := f.RowGroups()[0].Rows().ReadRows(rows)
	if n != 2 {
		t.Fatalf("%d rows", n)
	}
	if r := rows[0]; r[0].Int64() != 1793487600000 || r[1].String() != `=HYPERLINK("x")` || r[2].Int64() != 3 || r[3].Double() != 0.25 {
		t.Errorf("row %v", r)
	}
	if r := rows[1]; !r[2].IsNull() || !r[3].IsNull() {
		t.Errorf("null is %v", r)
	}
}

// Over HTTP, a wrong format is a problem, and errors stay problem details whatever
// was accepted.
func TestExportsOverHTTP(t *testing.T) {
	h := open(t, &fakes{})
	f := func(path, body string, status int, typ string) {
		t.Helper()
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer good")
		r.Header.Set("Accept", "text/csv")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != status || w.Header().Get("Content-Type") != typ {
			t.Errorf("%s gave %d %s: %s", path, w.Code, w.Header().Get("Content-Type"), w.Body)
		}
	}
	f("/api/v1/query", `{"metrics":["plays"]}`, 200, "text/csv")
	f("/api/v1/query?format=parquet", `{"metrics":["plays"]}`, 200, "application/vnd.apache.parquet")
	f("/api/v1/query", `{"metrics":["playz"]}`, 400, "application/problem+json")
	f("/api/v1/query?format=xls", `{"metrics":["plays"]}`, 422, "application/problem+json")
}
