package layout

import (
	"bytes"
	"fmt"
	"testing"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/rollup"
)

func FuzzReadBins(f *testing.F) {
	f.Add(AppendBins(nil, &rollup.Curve{WatchedMS: []int64{1, -2, 3}, Furthest: []int64{4}}))
	f.Add([]byte{0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		var c rollup.Curve
		if ReadBins(data, &c) != nil {
			return
		}
		var again rollup.Curve
		if err := ReadBins(AppendBins(nil, &c), &again); err != nil || fmt.Sprint(c) != fmt.Sprint(again) {
			t.Fatalf("%v became %v: %v", c, again, err)
		}
	})
}

func FuzzReadDetail(f *testing.F) {
	dims := []fact.Dims{{Title: "a", Live: true}, {Title: "a", Country: "US"}}
	p := fact.Play{N: -1, Dims: 0, Requested: 5, Ended: 9, Intervals: []fact.Interval{{Dims: 1, From: 5, To: 9}}, Active: []fact.Interval{{Dims: 0, From: 5, To: 9}}}
	f.Add(AppendDetail(nil, &p, dims, nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		var b fact.Batch
		d := fact.Dims{Title: "a"}
		if ReadDetail(&b, data, make([]byte, len(event.ViewerKey{})), &d) != nil {
			return
		}
		again := AppendDetail(nil, &b.Plays[0], b.Dims, b.Slots)
		var c fact.Batch
		d = fact.Dims{Title: "a"}
		if err := ReadDetail(&c, again, make([]byte, len(event.ViewerKey{})), &d); err != nil {
			t.Fatal(err)
		}
		if twice := AppendDetail(nil, &c.Plays[0], c.Dims, c.Slots); !bytes.Equal(again, twice) {
			t.Fatal("does not survive its own bytes")
		}
	})
}
