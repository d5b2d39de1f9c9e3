package metric

import (
	"errors"
	"testing"
)

// FuzzQuery: whatever is asked, the answer is a table of the right width within
// the bound, or a QueryError; every scan lies on the cells of its source.
func FuzzQuery(f *testing.F) {
	for _, q := range []string{
		`{"metrics":["plays"],"grain":"day","from":"2026-11-01","to":"2026-11-03","compare":"previous"}`,
		`{"metrics":["viewers","plays"],"dimensions":["title","country"],"where":[{"dimension":"cdn","in":["x"]}],"limit":3}`,
		`{"metrics":["concurrent_viewers"],"dimensions":["cdn"],"grain":"10s","from":"2026-11-23T11:50:00Z","order":[{"by":"time","desc":true}]}`,
		`{"metrics":["plays"],"grain":"hour","timezone":"Australia/Lord_Howe","from":"2026-04-04","to":"2026-04-06","compare":"year"}`,
		`{"metrics":["plays"],"grain":"month","from":"1970-01-01","timezone":"Asia/Kathmandu"}`,
	} {
		f.Add(q)
	}
	world := &fixture{
		Now: "2026-11-23T12:00:00Z", Fresh: "2026-11-23T11:59:59Z", ReportTZ: "Europe/Berlin",
		Cells: []yamlCell{
			{Time: "2026-11-20T10:00:00Z", Title: "a", Country: "US", CDN: "x", Viewers: []string{"v"}, Measures: map[string]int64{"plays": 1}},
			{Time: "2026-11-23T11:59:40Z", Title: "b", Country: "DE", CDN: "y", Viewers: []string{"w"}, Measures: map[string]int64{"plays": 1, "viewer_marks": 1}},
		},
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := ParseQuery([]byte(text))
		if err == nil {
			e, _ := world.open(t)
			var res *Result
			if res, err = e.Run(t.Context(), q); err == nil {
				if len(res.Rows) > MaxRows {
					t.Errorf("%d rows", len(res.Rows))
				}
				for _, row := range res.Rows {
					if len(row) != len(res.Columns) {
						t.Fatalf("a row of %d cells under %d columns", len(row), len(res.Columns))
					}
				}
				return
			}
		}
		var q2 *QueryError
		if !errors.As(err, &q2) || len(q2.Fields) == 0 {
			t.Errorf("%s: %v", text, err)
		}
	})
}
