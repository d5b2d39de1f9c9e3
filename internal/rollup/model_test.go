package rollup

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"playhead/internal/fact"
)

// Watched time, plays and viewers of each face of the title family are what a model says that
// adds each span to each face by itself: of random spans, short and over days, taken back and
// late, of viewers in any scopes, in two zones, with little kept.
func TestTitleFamilyIsAsTheModel(t *testing.T) {
	kolkata, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 3))
		tz := time.UTC
		if seed%2 == 1 {
			tz = kolkata
		}
		keep := Keep{PulseMS: 2 * HourMS, TitleHourMS: 30 * HourMS, QualityMinuteMS: 3 * HourMS, QualityHourMS: 20 * HourMS}
		g := NewGeneration(Options{ReportTZ: tz, Keep: keep})
		base := int64(1_763_870_400_000)
		type cell struct {
			face int
			keys string
		}
		want := map[cell][3]int64{} // watched ms, plays' and viewers' marks
		fresh := base
		var all []fact.Span
		var allDims []fact.Dims
		for bi := range int64(12) {
			var b fact.Batch
			fresh += int64(r.IntN(int(3 * HourMS)))
			b.FreshTo = fresh
			pick := func(p string, n int) string { return fmt.Sprint(p, r.IntN(n)) }
			for range 6 {
				b.Dims = append(b.Dims, fact.Dims{Title: pick("t", 2), Country: pick("c", 2), DeviceType: pick("d", 2), CDN: pick("n", 2), ISP: "i", Labels: ""})
			}
			for range 60 {
				back := int64(r.IntN(int(40 * HourMS)))
				if r.IntN(3) > 0 {
					back = int64(r.IntN(200_000))
				}
				s := fact.Span{Kind: fact.SpanKind(r.IntN(int(fact.SpanKindCount))), N: int32(r.IntN(5) - 2), Dims: uint32(r.IntN(6)), From: fresh - back}
				s.To = s.From + int64(r.IntN(30_000))
				switch r.IntN(10) {
				case 0:
					s.To = s.From + int64(r.IntN(4_000_000))
				case 1:
					s.From -= s.From % PulseMS
					s.To = s.From + PulseMS*int64(r.IntN(4))
				}
				if s.Kind == fact.Playing && r.IntN(2) == 0 {
					s.Bitrate = 3000
				}
				if s.Kind == fact.ActiveViewer {
					s.Scope = fact.Scope(r.IntN(256))
					if r.IntN(2) == 0 {
						s.Scope = fact.ScopeEvery
					}
				}
				b.Spans = append(b.Spans, s)
				if s.Kind == fact.ActivePlay && r.IntN(2) == 0 {
					v := s
					v.Kind, v.Scope = fact.ActiveViewer, fact.ScopeEvery
					b.Spans = append(b.Spans, v)
				}
			}
			for i := range b.Spans {
				all = append(all, b.Spans[i])
				allDims = append(allDims, b.Dims[b.Spans[i].Dims])
			}
			if err := g.Apply(bi, &b); err != nil {
				t.Fatal(err)
			}
			for _, a := range []*area{&g.areas.pulse, &g.areas.title, &g.areas.quality, &g.areas.label, &g.areas.viewers} {
				if len(a.sums) != 0 {
					t.Fatal("sums are left after a batch")
				}
			}
		}
		faces := [][]Dimension{{}, {Title}, {Country}, {DeviceType}, nil, {Title, Country}, {Title, DeviceType}, {Country, DeviceType}}
		val := func(d *fact.Dims, dim Dimension) string {
			switch dim {
			case Title:
				return d.Title
			case Country:
				return d.Country
			case DeviceType:
				return d.DeviceType
			}
			return "?"
		}
		for i := range all {
			s, d := &all[i], &allDims[i]
			if s.To <= s.From {
				continue
			}
			for f, dims := range faces {
				if f == int(FaceCDN) {
					continue
				}
				k := cell{face: f}
				for _, dim := range dims {
					k.keys += val(d, dim) + "|"
				}
				w := want[k]
				switch s.Kind {
				case fact.ActivePlay:
					w[1] += int64(s.N) * boundaries(s.From, s.To)
				case fact.ActiveViewer:
					if s.Scope>>f&1 == 1 {
						w[2] += int64(s.N) * boundaries(s.From, s.To)
					}
				case fact.Startup, fact.Seeking, fact.Playing, fact.Stalled, fact.SeekStalled:
					w[0] += int64(s.N) * (s.To - s.From)
				}
				want[k] = w
			}
		}
		got := map[cell][3]int64{}
		if err := Fold([]*Generation{g}, SourceTitleHour, func(row *Row) error {
			k := cell{face: int(row.Face)}
			for _, v := range row.Keys {
				k.keys += v + "|"
			}
			w := got[k]
			w[0] += row.Measures[WatchMS]
			w[1] += row.Measures[PlayMarks]
			w[2] += row.Measures[ViewerMarks]
			got[k] = w
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for k, w := range want {
			if got[k] != w {
				t.Fatalf("seed %d: %v is %v, want %v", seed, k, got[k], w)
			}
		}
		for k, w := range got {
			if want[k] != w {
				t.Fatalf("seed %d: %v is %v, want %v", seed, k, w, want[k])
			}
		}
	}
}

// Spans over many pieces of time, or of which none is like another, make no more sums than
// there is room for, and say the same as when each comes in a batch of its own.
func TestSumsOfABatchAreBounded(t *testing.T) {
	const base = int64(1_763_870_400_000)
	together, apart := NewGeneration(Options{}), NewGeneration(Options{})
	all := &fact.Batch{FreshTo: base}
	for i := range 200 {
		all.Dims = append(all.Dims, fact.Dims{Title: fmt.Sprint("t", i), Country: "c", DeviceType: "d", CDN: "n"})
	}
	for i := range 20_000 {
		from := base - 4*HourMS + int64(i%4000)*2500
		for _, kind := range []fact.SpanKind{fact.Playing, fact.ActivePlay} {
			all.Spans = append(all.Spans, fact.Span{Kind: kind, N: 1, Dims: uint32(i % 200), From: from, To: from + []int64{10_000, 70_000, 300_000, 990_000}[i%4]})
		}
	}
	if err := together.Apply(0, all); err != nil {
		t.Fatal(err)
	}
	for i, a := range [...]*area{&together.areas.pulse, &together.areas.title, &together.areas.quality, &together.areas.label} {
		if cap(a.sums) > 2*mostSums {
			t.Errorf("area %d has room for %d sums", i, cap(a.sums))
		}
	}
	for i := 0; i < len(all.Spans); i += 50 {
		some := &fact.Batch{FreshTo: base, Dims: all.Dims, Spans: all.Spans[i : i+50]}
		if err := apart.Apply(int64(i/50), some); err != nil {
			t.Fatal(err)
		}
	}
	together.Seal()
	apart.Seal()
	if together.areas.pulse.sums != nil {
		t.Error("a sealed generation keeps the room of its sums")
	}
	rows := func(g *Generation, source Source) map[string]string {
		list := map[string]string{}
		err := Fold([]*Generation{g}, source, func(r *Row) error {
			list[fmt.Sprint(r.Face, r.Bucket, r.Keys)] = fmt.Sprint(r.Measures)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	for _, source := range []Source{SourcePulse, SourceTitleHour, SourceQualityMinute} {
		got, want := rows(together, source), rows(apart, source)
		if len(got) == 0 || len(got) != len(want) {
			t.Fatalf("source %v: %d rows, want %d", source, len(got), len(want))
		}
		for k, v := range want {
			if got[k] != v {
				t.Fatalf("source %v: %s is %s, want %s", source, k, got[k], v)
			}
		}
	}
}
