package metric

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
)

// TestResultIsWrittenAsEncodingJSONWould writes answers of odd cells both ways.
func TestResultIsWrittenAsEncodingJSONWould(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	texts := []string{"", "DE", "a \"quoted\" one", `back\slash`, "<b>&", "Ünïcode", "\u2028", "\x00\x1f\x7f", "\xff\xfe", "tab\t", "2026-11-26T00:00:00Z"}
	cell := func() any {
		switch r.IntN(6) {
		case 0:
			return nil
		case 1:
			return r.Int64() - math.MaxInt64/2
		case 2:
			return float64(r.IntN(2000) - 1000)
		case 3:
			return (r.Float64() - 0.5) * math.Pow(10, float64(r.IntN(60)-30))
		case 4:
			return []float64{0, math.Copysign(0, -1), 1 << 53, -(1 << 53), 1e20, 1e21, 1e-6, 1e-7, math.MaxFloat64, math.SmallestNonzeroFloat64}[r.IntN(10)]
		}
		return texts[r.IntN(len(texts))]
	}
	rows := func(n int) (out [][]any) {
		for range n {
			row := make([]any, r.IntN(5))
			for i := range row {
				row[i] = cell()
			}
			out = append(out, row)
		}
		return out
	}
	for n := range 300 {
		res := &Result{Columns: []Column{{Name: "a<b", Type: "string"}, {Name: "plays", Type: "integer", Unit: "plays"}}, Rows: rows(n % 40), Totals: rows(n % 3),
			Meta: Meta{Rollup: "title_day", Approximate: map[string]float64{"viewers": 0.016}, Warnings: []string{"a & b"}}}
		if n%7 == 0 {
			res.Rows = [][]any{}
		}
		want, err := json.Marshal(res)
		if err != nil {
			t.Fatal(err)
		}
		got, err := res.JSON()
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%v\n%s\nwant\n%s", err, got, want)
		}
	}
	if _, err := (&Result{Rows: [][]any{{math.NaN()}}}).JSON(); err == nil {
		t.Fatal("a cell that JSON has no number for was written")
	}
}
