package process

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"
)

var questionsFlag = flag.Int("questions", 500, "how many random questions a rebuilt installation is asked")

// asker makes random questions of what a server says can be asked.
type asker struct {
	rng     *rand.Rand
	Metrics []struct {
		Name string
		Kind string `json:"error_kind"`
	}
	Dimensions []struct{ Name string }
	Grains     []string
	values     map[string][]string
}

func newAsker(s *server, token string, seed uint64) *asker {
	s.t.Helper()
	a := &asker{rng: rand.New(rand.NewPCG(seed, 5)), values: map[string][]string{}}
	got := s.get("/api/v1/metrics", token)
	if got.status != http.StatusOK {
		s.t.Fatalf("metrics: %s", got)
	}
	if err := json.Unmarshal(got.body, a); err != nil || len(a.Metrics) < 30 || len(a.Dimensions) < 15 {
		s.t.Fatalf("metrics: %v, %d metrics, %d dimensions", err, len(a.Metrics), len(a.Dimensions))
	}
	for _, d := range a.Dimensions {
		var list struct{ Values []struct{ Value string } }
		if got := s.get("/api/v1/values?limit=20&dimension="+d.Name, token); got.status == http.StatusOK {
			if err := json.Unmarshal(got.body, &list); err != nil {
				s.t.Fatal(err)
			}
		}
		for _, v := range list.Values {
			a.values[d.Name] = append(a.values[d.Name], v.Value)
		}
	}
	return a
}

// get asks an endpoint with a token.
func (s *server) get(path, token string) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url(path), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatalf("GET %s: %v\n%s", path, err, s.out)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatalf("GET %s: %v", path, err)
	}
	return answer{resp.StatusCode, resp.Header, data}
}

// question is one that may or may not be allowed: some rules only the server knows.
func (a *asker) question(from, to time.Time) map[string]any {
	r := a.rng
	var metrics, dimensions []string
	for range 1 + r.IntN(3) {
		if m := a.Metrics[r.IntN(len(a.Metrics))].Name; !slices.Contains(metrics, m) {
			metrics = append(metrics, m)
		}
	}
	for range r.IntN(3) {
		if d := a.Dimensions[r.IntN(len(a.Dimensions))].Name; !slices.Contains(dimensions, d) {
			dimensions = append(dimensions, d)
		}
	}
	where := []any{}
	if r.IntN(3) == 0 {
		d := a.Dimensions[r.IntN(len(a.Dimensions))].Name
		if list := a.values[d]; len(list) > 0 {
			where = append(where, map[string]any{"dimension": d, "in": list[:1+r.IntN(min(3, len(list)))]})
		}
	}
	q := map[string]any{
		"metrics": metrics, "dimensions": dimensions, "where": where, "limit": 100_000,
		"grain": []string{"none", "none", a.Grains[r.IntN(len(a.Grains))]}[r.IntN(3)],
	}
	begin, end := from, to
	if r.IntN(4) > 0 {
		begin = from.Add(time.Duration(r.Int64N(int64(to.Sub(from)))))
		end = begin.Add(time.Duration(r.Int64N(int64(to.Sub(begin)))))
	}
	q["from"], q["to"] = begin.UTC().Format(time.RFC3339), end.Add(time.Second).UTC().Format(time.RFC3339)
	return q
}

// sameAnswers asks both servers the same random questions, until so many had an
// answer: the rows are the same, sketches' estimates too, since those are of the
// same viewers.
func sameAnswers(t *testing.T, one, other *server, from, to time.Time) {
	t.Helper()
	const seed = 77
	token, otherToken := one.key("read"), other.key("read")
	a := newAsker(one, token, seed)
	answered, cells := 0, 0
	for tries := 0; answered < *questionsFlag; tries++ {
		if tries > 20*(*questionsFlag) {
			t.Fatalf("of %d questions only %d could be asked", tries, answered)
		}
		q := a.question(from, to)
		body, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		got, want := one.post("/api/v1/query", token, body, nil), other.post("/api/v1/query", otherToken, body, nil)
		if got.status != want.status {
			t.Fatalf("%s\none answers %s\nthe other %s", body, got, want)
		}
		if got.status != http.StatusOK {
			if got.status/100 != 4 {
				t.Fatalf("%s: %s", body, got)
			}
			continue
		}
		if overTime(q) && widened(t, got, to) {
			continue
		}
		answered++
		gotRows, wantRows := rowsOf(t, got), rowsOf(t, want)
		if len(gotRows) != len(wantRows) {
			t.Errorf("%s: %d rows, the other %d\none says   %.600s\nthe other %.600s", body, len(gotRows), len(wantRows), got, want)
			continue
		}
		for name, row := range gotRows {
			cells += len(row)
			if !a.same(row, wantRows[name], q["metrics"].([]string)) {
				t.Errorf("%s\nseed %d: %s\none says   %v\nthe other %v", body, seed, name, row, wantRows[name])
				break
			}
		}
		if t.Failed() && tries > 200 {
			break
		}
	}
	t.Logf("%d random questions, %d cells", answered, cells)
}

// same reports whether two rows of figures are equal. Quantiles are of a sketch
// that depends on the order in which it was filled; within their error of rank
// those of a long tail may be a third of the value apart.
func (a *asker) same(got, want []any, metrics []string) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		x, isNumber := got[i].(float64)
		y, both := want[i].(float64)
		if i < len(metrics) && a.byRank(metrics[i]) && isNumber && both {
			if math.Abs(x-y) > 0.4*max(x, y) {
				return false
			}
		} else if got[i] != want[i] {
			return false
		}
	}
	return true
}

func (a *asker) byRank(metric string) bool {
	for _, m := range a.Metrics {
		if m.Name == metric {
			return m.Kind == "rank"
		}
	}
	return false
}

// overTime reports whether one of the metrics is an average over the time asked for.
func overTime(q map[string]any) bool {
	return slices.ContainsFunc(q["metrics"].([]string), func(m string) bool {
		return m == "concurrent_viewers" || m == "concurrent_plays" || m == "average_minute_audience"
	})
}

// widened reports whether the answer is of a time that is not over, since the
// roll-up has whole days: an average over it depends on when it is asked for.
func widened(t *testing.T, a answer, over time.Time) bool {
	var table struct{ Meta struct{ To time.Time } }
	if err := json.Unmarshal(a.body, &table); err != nil {
		t.Fatal(err)
	}
	return table.Meta.To.After(over)
}

// rowsOf are the rows of an answer by what they are of: rows of equal rank have no
// order between them. What was said and taken back again leaves a group of nothing,
// which is there in one order of arrival and not in another: 0 and null are the
// same here, and rows of nothing else are left out.
func rowsOf(t *testing.T, a answer) map[string][]any {
	t.Helper()
	var table struct {
		Columns []struct{ Name, Type string }
		Rows    [][]any
	}
	if err := json.Unmarshal(a.body, &table); err != nil {
		t.Fatal(err)
	}
	rows := make(map[string][]any, len(table.Rows))
	for _, row := range table.Rows {
		var name, figures []any
		for i, c := range table.Columns {
			if c.Type == "string" || c.Type == "time" {
				name = append(name, row[i])
			} else if row[i] == 0.0 {
				figures = append(figures, nil)
			} else {
				figures = append(figures, row[i])
			}
		}
		if slices.ContainsFunc(figures, func(v any) bool { return v != nil }) {
			rows[fmt.Sprint(name...)] = figures
		}
	}
	return rows
}
