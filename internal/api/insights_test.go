package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"playhead/internal/catalog"
	"playhead/internal/metric"
	"playhead/internal/study"
)

// nothing is a metric layer without data.
type nothing struct{}

func (nothing) Describe() metric.Description {
	return metric.Description{Metrics: metric.Definitions(), Timezone: "UTC"}
}

func (nothing) Run(_ context.Context, q metric.Query) (*metric.Result, error) {
	res := &metric.Result{Meta: metric.Meta{Rollup: "creative_day", FreshTo: "2026-11-23T12:00:00Z", From: q.From, To: q.To}}
	for _, c := range append(q.Dimensions, q.Metrics...) {
		res.Columns = append(res.Columns, metric.Column{Name: c, Type: "number"})
	}
	if len(q.Dimensions) > 0 && q.Dimensions[0] == "query" {
		res.Rows = append(res.Rows, []any{"=dragons", int64(40), int64(40), int64(30)})
	}
	if q.Totals {
		res.Totals = [][]any{make([]any, len(res.Columns))}
	}
	return res, nil
}

type noTitles struct{}

func (noTitles) Titles() []catalog.Title            { return nil }
func (noTitles) Title(string) (catalog.Title, bool) { return catalog.Title{}, false }

func TestInsights(t *testing.T) {
	f := &fakes{studies: study.New(study.Options{
		Asker: nothing{}, Titles: noTitles{}, Clock: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler),
	})}
	h := open(t, f)
	for _, path := range []string{"creatives?title=dune", "outliers", "affinities?title=dune", "trends", "trends?dimension=under_promoted", "launches"} {
		w := call(h, "GET", "/api/v1/insights/"+path, "")
		var got study.Answer
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 || got.Rows == nil || len(got.Rows) != 0 || got.Meta.Warnings == nil || got.Meta.Estimate == "" {
			t.Errorf("%s gave %d %s", path, w.Code, w.Body)
		}
	}
	w := call(h, "GET", "/api/v1/insights/trends?dimension=query", "")
	if want := `{"entity":"=dragons","kind":"unmet_search","estimate":1,"low":0.`; !strings.Contains(w.Body.String(), want) || !strings.Contains(w.Body.String(), `"name":"unmet_searches"`) {
		t.Errorf("lacks %s in %s", want, w.Body)
	}
	w = call(h, "GET", "/api/v1/insights/trends?dimension=query&format=csv", "")
	if !strings.HasPrefix(w.Body.String(), "entity,kind,estimate,low,high,n,basis,evidence\n'=dragons,unmet_search,1,") || !strings.Contains(w.Header().Get("Playhead-Meta"), `"rollup":"creative_day"`) {
		t.Errorf("as CSV: %v %s", w.Header(), w.Body)
	}
	if w = call(h, "GET", "/api/v1/insights/trends?dimension=query&format=parquet", ""); !strings.HasPrefix(w.Body.String(), "PAR1") {
		t.Errorf("as Parquet: %d %.40q", w.Code, w.Body)
	}
	for path, status := range map[string]int{"creatives": 422, "outliers?from=yesterday": 400, "outliers?from=2026-11-02&to=2026-11-01": 400, "trends?dimension=mood": 422} {
		if w := call(h, "GET", "/api/v1/insights/"+path, ""); w.Code != status {
			t.Errorf("%s gave %d, want %d: %s", path, w.Code, status, w.Body)
		}
	}
	if doc := call(h, "GET", "/openapi.json", "").Body.String(); !strings.Contains(doc, `"/api/v1/insights/affinities"`) || !strings.Contains(doc, `"probability`) && !strings.Contains(doc, `"evidence"`) {
		t.Error("the OpenAPI document lacks the insights")
	}
}
