package study

import (
	"context"
	"encoding/binary"
	"math"
	"slices"
	"testing"
	"time"

	"playhead/internal/rollup"
	"playhead/internal/sketch"
)

// likes are the viewers of one week and what they like.
type likes struct {
	week   time.Time
	labels map[string][]uint64 // viewers by label
}

func (l *likes) Sample(context.Context, rollup.SampleScan) (*rollup.Sample, error) { return nil, nil }

func (l *likes) Scan(_ context.Context, s rollup.Scan) (*rollup.Result, error) {
	res := &rollup.Result{}
	bucket := -1
	for i := range len(s.Buckets) - 1 {
		if s.Buckets[i] == l.week.UnixMilli() {
			bucket = i
		}
	}
	if s.Source != rollup.SourceAffinityWeek || bucket < 0 {
		return res, nil
	}
	groups := map[string]*rollup.Group{}
	for name, viewers := range l.labels {
		key, keys := name, []string{name}
		if len(s.By) == 0 {
			key, keys = "", nil
		}
		if groups[key] == nil {
			groups[key] = &rollup.Group{Bucket: bucket, Keys: keys, Sketches: rollup.NewSketches(s.Sketches)}
		}
		for _, v := range viewers {
			var member [16]byte
			binary.LittleEndian.PutUint64(member[:], v)
			groups[key].Sketches.HLL(rollup.Viewers).AddCoupon(sketch.Coupon(member))
		}
	}
	for _, g := range groups {
		res.Groups = append(res.Groups, *g)
	}
	return res, nil
}

func some(from, to uint64) (list []uint64) {
	for v := from; v < to; v++ {
		list = append(list, v)
	}
	return list
}

// What everybody likes is told in round numbers, and not at all where few like it or
// nearly all do.
func TestPopulationTellsOfNoFew(t *testing.T) {
	monday := time.Date(2026, 11, 9, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		what    string
		viewers uint64
		labels  map[string][]uint64
		want    map[string]float64
	}{
		{"many", 20_000, map[string][]uint64{"genre:crime": some(0, 8003), "genre:rare": some(0, 3), "genre:all": some(0, 19_900)}, map[string]float64{"genre:crime": 8003}},
		{"few", 101, map[string][]uint64{"genre:crime": some(0, 43), "genre:rare": some(0, 4), "genre:all": some(0, 98), "genre:most": some(6, 101)}, map[string]float64{"genre:crime": 45, "genre:most": 95}},
	} {
		c.labels[""] = some(0, c.viewers)
		s := New(Options{Asker: &cube{}, Viewers: &likes{monday, c.labels}, MinViewers: 5, Clock: func() time.Time { return now }})
		a := s.begin()
		with, all, err := a.population(t.Context(), window{monday.AddDate(0, 0, -7), monday.AddDate(0, 0, 14)})
		if err != nil {
			t.Fatal(err)
		}
		delete(with, "")
		if math.Mod(all, 5) != 0 || math.Abs(all/float64(c.viewers)-1) > 0.06 {
			t.Errorf("%s: %v viewers of %d", c.what, all, c.viewers)
		}
		if len(with) != len(c.want) {
			t.Errorf("%s: %v, want %v", c.what, with, c.want)
		}
		for name, want := range c.want {
			if got := with[name]; math.Mod(got, 5) != 0 || math.Abs(got/want-1) > 0.06 {
				t.Errorf("%s: %s has %v viewers, want %v", c.what, name, got, want)
			}
		}
	}
}

// Weeks are cut where those of the report time zone begin.
func TestWeeksOfAWindow(t *testing.T) {
	s := New(Options{Asker: &cube{}, Clock: func() time.Time { return now }})
	monday := time.Date(2026, 11, 9, 0, 0, 0, 0, time.UTC)
	want := []int64{monday.UnixMilli(), monday.AddDate(0, 0, 7).UnixMilli(), monday.AddDate(0, 0, 14).UnixMilli()}
	if got := s.weeks(window{monday, monday.AddDate(0, 0, 14)}); !slices.Equal(got, want) {
		t.Errorf("weeks %v, want %v", got, want)
	}
}
