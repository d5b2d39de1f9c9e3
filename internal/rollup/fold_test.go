package rollup_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"playhead/internal/fact"
	"playhead/internal/rollup"
)

// The rows of several generations come by face, then by time, then by keys, each
// once, and every face of titles sums to what was applied.
func TestFoldIsInOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var generations []*rollup.Generation
	want := int64(0)
	for range 3 {
		b := &fact.Batch{FreshTo: t0 + 100*rollup.HourMS}
		for range 200 {
			b.Dims = append(b.Dims, fact.Dims{
				Title: fmt.Sprint("t", r.IntN(30)), Country: fmt.Sprint("c", r.IntN(9)), DeviceType: fmt.Sprint("d", r.IntN(4)), CDN: fmt.Sprint("x", r.IntN(3)),
			})
		}
		for range 5_000 {
			from, ms := t0+r.Int64N(90*rollup.HourMS), 1+r.Int64N(60_000)
			b.Spans = append(b.Spans, fact.Span{Dims: r.Uint32N(200), Kind: fact.Playing, N: 1, From: from, To: from + ms})
			want += ms
		}
		generations = append(generations, apply(t, b))
	}
	for _, g := range generations {
		g.Seal()
	}
	for _, source := range rollup.StoredSources() {
		type row struct {
			face   rollup.Face
			bucket int64
			source rollup.Source
			keys   []string
		}
		var last row
		rows, sums := 0, map[rollup.Face]int64{}
		err := rollup.Fold(generations, source, func(w *rollup.Row) error {
			now := row{w.Face, w.Bucket, w.Source, slices.Clone(w.Keys)}
			if o := cmp.Or(cmp.Compare(last.face, now.face), cmp.Compare(last.bucket, now.bucket), cmp.Compare(last.source, now.source), slices.Compare(last.keys, now.keys)); rows > 0 && o >= 0 {
				t.Fatalf("source %d: %+v comes before %+v", source, last, now)
			}
			last = now
			rows++
			sums[w.Face] += w.Measures[rollup.MediaMS]
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if source != rollup.SourceTitleHour {
			continue
		}
		if rows < 10_000 || len(sums) != len(source.Faces()) {
			t.Errorf("%d rows of %d faces", rows, len(sums))
		}
		for face, sum := range sums {
			if sum != want {
				t.Errorf("face %d has %d ms of media, want %d", face, sum, want)
			}
		}
	}
}
