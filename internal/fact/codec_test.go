package fact

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"playhead/internal/event"
)

var update = flag.Bool("update", false, "rewrite golden files")

const start int64 = 1_763_870_400_000

// randomBatch makes a batch of at most size of each thing, with values at the
// edges now and then.
func randomBatch(r *rand.Rand, size int) *Batch {
	b := &Batch{
		Partition: int32(r.IntN(16)), InputEnd: r.Int64N(1 << 40), FreshTo: start + r.Int64N(1e9),
		OldestReceived: start * r.Int64N(2),
		Counts:         Counts{r.Int64N(9), r.Int64N(9), r.Int64N(9), r.Int64N(9), r.Int64N(9), r.Int64N(9), r.Int64N(9)},
	}
	if size == 0 {
		return b
	}
	for range 1 + r.IntN(size) {
		b.Dims = append(b.Dims, Dims{
			Title: fmt.Sprint("title-", r.IntN(20)), Country: []string{"", "US", "DE"}[r.IntN(3)], Region: "r",
			DeviceType: []string{"tv", "phone"}[r.IntN(2)], OS: "os", AppVersion: fmt.Sprint(r.IntN(9)), Player: "hls.js",
			CDN: []string{"alpha", ""}[r.IntN(2)], ISP: "é", Live: r.IntN(5) == 0, Labels: []string{"", "genre:drama\ncast:x"}[r.IntN(2)],
		})
	}
	for range r.IntN(3) {
		b.Slots = append(b.Slots, Slot{"picture", "home", int32(r.IntN(3)) - 1, "test=a"}, Slot{Rank: math.MaxInt32})
		b.Tastes = append(b.Tastes, "genre:crime", "")
	}
	// upTo is an index plus one into a list of n, 0 included.
	upTo := func(n int) uint32 { return uint32(r.IntN(n + 1)) }
	dims := func() uint32 { return uint32(r.IntN(len(b.Dims))) }
	sign := func() int32 { return []int32{1, 1, 1, -1, 7, math.MinInt32}[r.IntN(6)] }
	time := func() int64 {
		if r.IntN(50) == 0 {
			return []int64{0, -1, math.MaxInt64, math.MinInt64}[r.IntN(4)]
		}
		return start + r.Int64N(1e8)
	}
	for range r.IntN(size) {
		s := Span{Dims: dims(), Kind: SpanKind(r.IntN(int(SpanKindCount))), N: sign(), From: time(), To: time()}
		if s.Kind == ActiveViewer {
			s.Scope = Scope(r.IntN(int(ScopeEvery) + 1))
		}
		if s.Kind == Playing {
			s.Bitrate = []uint32{0, 800, math.MaxUint32}[r.IntN(3)]
		}
		b.Spans = append(b.Spans, s)
	}
	for range r.IntN(size) {
		m := Mark{Dims: dims(), Kind: MarkKind(r.IntN(int(MarkKindCount))), N: sign(), Time: time(), Value: r.Int64N(5000) - 1}
		if m.Kind.NamesViewer() {
			m.Known, m.Viewer = r.IntN(2) == 0, event.ViewerKey{byte(r.IntN(255)), 15: 1}
		}
		if m.Kind.hasTaste() {
			m.Taste = upTo(len(b.Tastes))
		}
		b.Marks = append(b.Marks, m)
	}
	for range r.IntN(size) {
		b.Plays = append(b.Plays, randomPlay(r, dims, time))
		b.Plays[len(b.Plays)-1].Slot = upTo(len(b.Slots))
	}
	viewer := func() event.ViewerKey { return event.ViewerKey{byte(r.IntN(3)), 7: byte(r.IntN(2))} }
	for range r.IntN(size) {
		if len(b.Slots) > 0 {
			b.Exposures = append(b.Exposures, Exposure{
				Dims: dims(), Slot: uint32(r.IntN(len(b.Slots))), Taste: upTo(len(b.Tastes)), Kind: ExposureKind(r.IntN(int(ExposureKindCount))),
				Known: r.IntN(2) == 0, N: sign(), Time: time(), Propensity: []float64{0, 1, 1e-9}[r.IntN(3)], MediaMS: r.Int64N(1e6), Viewer: viewer(),
			})
		}
		b.Sessions = append(b.Sessions, Session{viewer(), r.IntN(2) == 0, dims(), time(), time(), int32(r.IntN(9)), int32(r.IntN(9)), int32(r.IntN(9)), time()})
		b.Searches = append(b.Searches, Search{viewer(), r.IntN(2) == 0, dims(), time(), fmt.Sprint("q", r.IntN(4)), r.Int64N(9) - 1, r.IntN(2) == 0})
		b.Repeats = append(b.Repeats, r.Int64N(1e9))
	}
	return b
}

func randomPlay(r *rand.Rand, dims func() uint32, time func() int64) Play {
	p := Play{
		N: 1 - 2*int32(r.IntN(2)), Viewer: event.ViewerKey{1, byte(r.IntN(255))}, Known: r.IntN(2) == 0,
		Play: event.Ref{2, byte(r.IntN(255))}, Part: int32(r.IntN(3)), Dims: dims(),
		Requested: time(), FirstFrame: time(), Ended: time(), Reason: EndReason(r.IntN(4)),
		ErrorCode: []string{"", "E-1001"}[r.IntN(2)], ErrorClass: []string{"", "business"}[r.IntN(2)],
		StartupMS: r.Int64N(5000) - 1, DurationMS: -1, StartMS: r.Int64N(9), FurthestMS: r.Int64N(1e7),
		MediaMS: r.Int64N(1e7), WatchedMS: r.Int64N(1e7), StallMS: r.Int64N(1e4), SeekStallMS: r.Int64N(1e4),
		Stalls: int32(r.IntN(9)), Completed: r.IntN(2) == 0,
		BitrateMS: r.Int64N(1e12), KnownBitrateMS: r.Int64N(1e7), DroppedFrames: r.Int64N(9),
		Pauses: int32(r.IntN(3)), Rewinds: int32(r.IntN(3)), Skips: int32(r.IntN(3)),
	}
	for range r.IntN(4) {
		p.Intervals = append(p.Intervals, Interval{Dims: dims(), Kind: SpanKind(r.IntN(7)), From: time(), To: time()})
	}
	for range r.IntN(3) {
		p.Active = append(p.Active, Interval{Dims: dims(), Kind: ActivePlay, From: time(), To: time()})
	}
	for range r.IntN(3) {
		p.Cover = append(p.Cover, Coverage{From: r.Int64N(1e6), To: r.Int64N(1e7), N: int32(r.IntN(4))})
	}
	return p
}

// normal makes empty lists nil, so that batches with reused memory compare.
func normal(b *Batch) *Batch {
	c := *b
	if len(c.Dims) == 0 {
		c.Dims = nil
	}
	if len(c.Spans) == 0 {
		c.Spans = nil
	}
	if len(c.Marks) == 0 {
		c.Marks = nil
	}
	if len(c.Slots) == 0 {
		c.Slots = nil
	}
	if len(c.Tastes) == 0 {
		c.Tastes = nil
	}
	if len(c.Exposures) == 0 {
		c.Exposures = nil
	}
	if len(c.Sessions) == 0 {
		c.Sessions = nil
	}
	if len(c.Searches) == 0 {
		c.Searches = nil
	}
	if len(c.Repeats) == 0 {
		c.Repeats = nil
	}
	c.Plays = nil
	for _, p := range b.Plays {
		if len(p.Intervals) == 0 {
			p.Intervals = nil
		}
		if len(p.Active) == 0 {
			p.Active = nil
		}
		if len(p.Cover) == 0 {
			p.Cover = nil
		}
		c.Plays = append(c.Plays, p)
	}
	return &c
}

func TestBatchRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var got Batch // used again and again: nothing of the batch before may shine through
	for i := range 3000 {
		want := randomBatch(r, []int{0, 1, 4, 40}[i%4])
		data := AppendBatch([]byte("before"), want)[6:]
		if err := DecodeBatch(data, &got); err != nil {
			t.Fatalf("decode: %v", err)
		}
		if !reflect.DeepEqual(normal(&got), normal(want)) {
			t.Fatalf("round trip:\n got %+v\nwant %+v", normal(&got), normal(want))
		}
		if again := AppendBatch(nil, &got); !bytes.Equal(again, data) {
			t.Fatal("equal batches give different bytes")
		}
	}
}

func TestTextsDoNotPointIntoData(t *testing.T) {
	data := AppendBatch(nil, &Batch{Dims: []Dims{{Title: "title", Country: "US"}}})
	var b Batch
	if err := DecodeBatch(data, &b); err != nil {
		t.Fatal(err)
	}
	clear(data)
	if b.Dims[0].Title != "title" || b.Dims[0].Country != "US" {
		t.Errorf("texts changed with the data: %+v", b.Dims[0])
	}
}

func TestMalformedBatches(t *testing.T) {
	good := AppendBatch(nil, randomBatch(rand.New(rand.NewPCG(5, 6)), 6))
	huge := []byte{0xff, 0xff, 0xff, 0xff, 0x0f}
	header := AppendBatch(nil, &Batch{})
	header = header[:len(header)-11] // before the table
	cases := map[string][]byte{
		"empty":           {},
		"version":         append([]byte{3}, good[1:]...),
		"version 0":       append([]byte{0}, good[1:]...),
		"trailing":        append(bytes.Clone(good), 0),
		"huge table":      append(bytes.Clone(header), huge...),
		"huge text":       append(append(bytes.Clone(header), 1), huge...),
		"huge dims":       append(append(bytes.Clone(header), 0), huge...),
		"huge slots":      append(append(bytes.Clone(header), 0, 0), huge...),
		"huge tastes":     append(append(bytes.Clone(header), 0, 0, 0), huge...),
		"huge spans":      append(append(bytes.Clone(header), 0, 0, 0, 0), huge...),
		"huge marks":      append(append(bytes.Clone(header), 0, 0, 0, 0, 0), huge...),
		"huge plays":      append(append(bytes.Clone(header), 0, 0, 0, 0, 0, 0), huge...),
		"huge exposures":  append(append(bytes.Clone(header), 0, 0, 0, 0, 0, 0, 0), huge...),
		"huge sessions":   append(append(bytes.Clone(header), 0, 0, 0, 0, 0, 0, 0, 0), huge...),
		"huge searches":   append(append(bytes.Clone(header), 0, 0, 0, 0, 0, 0, 0, 0, 0), huge...),
		"huge repeats":    append(append(bytes.Clone(header), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), huge...),
		"span of no dim":  AppendBatch(nil, &Batch{Spans: []Span{{}}}),
		"mark of no dim":  AppendBatch(nil, &Batch{Marks: []Mark{{}}}),
		"play of no dim":  AppendBatch(nil, &Batch{Plays: []Play{{}}}),
		"no such slot":    AppendBatch(nil, &Batch{Dims: make([]Dims, 1), Exposures: []Exposure{{}}}),
		"no such taste":   AppendBatch(nil, &Batch{Dims: make([]Dims, 1), Marks: []Mark{{Kind: FirstFrame, Taste: 1}}}),
		"slot of a play":  AppendBatch(nil, &Batch{Dims: make([]Dims, 1), Plays: []Play{{Slot: 1}}}),
		"no chance":       AppendBatch(nil, &Batch{Dims: make([]Dims, 1), Slots: make([]Slot, 1), Exposures: []Exposure{{Propensity: math.NaN()}}}),
		"session of none": AppendBatch(nil, &Batch{Sessions: []Session{{}}}),
		"search of none":  AppendBatch(nil, &Batch{Searches: []Search{{}}}),
		"unknown span":    AppendBatch(nil, &Batch{Dims: make([]Dims, 1), Spans: []Span{{Kind: SpanKindCount}}}),
		"unknown mark":    AppendBatch(nil, &Batch{Dims: make([]Dims, 1), Marks: []Mark{{Kind: MarkKindCount}}}),
		"unknown reason":  AppendBatch(nil, &Batch{Dims: make([]Dims, 1), Plays: []Play{{Reason: EndedByExit + 1}}}),
		"unknown state":   AppendBatch(nil, &Batch{Dims: make([]Dims, 1), Plays: []Play{{Intervals: []Interval{{Kind: SpanKindCount}}}}}),
	}
	for n := range good {
		cases[fmt.Sprintf("cut at %d", n)] = good[:n]
	}
	var b Batch
	for name, data := range cases {
		if err := DecodeBatch(data, &b); !errors.Is(err, ErrBatch) {
			t.Errorf("%s: error is %v", name, err)
		}
		if !b.Empty() || len(b.Dims) != 0 {
			t.Errorf("%s: something is left in the batch", name)
		}
	}
}

// goldenBatch is what version 1 could say, goldenBatch2 says what came later too.
func goldenBatch() *Batch {
	dims := []Dims{
		{Title: "title-1", Country: "US", Region: "CA", DeviceType: "tv", OS: "tvOS", AppVersion: "7.1", Player: "hls.js", CDN: "alpha", ISP: "Fibernet"},
		{Title: "title-1", Country: "US", DeviceType: "tv", CDN: "beta", Live: true},
	}
	viewer := event.ViewerKey{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	return &Batch{
		Partition: 3, InputEnd: 1_234, FreshTo: start + 900, OldestReceived: start + 700,
		Counts: Counts{Events: 40, Duplicates: 2, LateDropped: 1, Imported: 3, Evicted: 4}, Dims: dims,
		Spans: []Span{
			{Dims: 0, Kind: Playing, N: 1, From: start, To: start + 30_000},
			{Dims: 1, Kind: ActiveViewer, Scope: ScopeAll | ScopeCDN, N: -1, From: start - 5, To: start + 60_000},
		},
		Marks: []Mark{
			{Kind: Request, N: 1, Time: start, Value: 0},
			{Dims: 1, Kind: FirstFrame, Known: true, N: 1, Time: start + 800, Value: 800, Viewer: viewer},
			{Kind: PlaybackFailure, N: -1, Time: start + 700},
		},
		Plays: []Play{{
			N: -1, Viewer: viewer, Known: true, Play: event.Ref{9}, Part: 1, Dims: 1,
			Requested: start, FirstFrame: start + 800, Ended: start + 90_000, Reason: EndedByFailure,
			ErrorCode: "E-1", ErrorClass: "technical", StartupMS: 800, DurationMS: 5_400_000, StartMS: 0, FurthestMS: 88_000,
			MediaMS: 87_000, WatchedMS: 89_000, StallMS: 1_200, SeekStallMS: 300, Stalls: 2, Completed: true,
			Intervals: []Interval{{0, Startup, start, start + 800}, {1, Playing, start + 800, start + 90_000}},
			Active:    []Interval{{1, ActivePlay, start, start + 90_000}},
			Cover:     []Coverage{{0, 40_000, 1}, {45_000, 88_000, 2}},
		}},
	}
}

func goldenBatch2() *Batch {
	b := goldenBatch()
	viewer := b.Plays[0].Viewer
	b.Counts.LateDropped, b.Counts.LateHorizon, b.Counts.LateClosed = 3, 1, 2
	b.Dims[0].Labels = "genre:drama\nlanguage:en"
	b.Slots = []Slot{{Creative: "picture-1", Placement: "home", Rank: 4, Experiments: "row=b"}}
	b.Tastes = []string{"genre:crime\ngenre:drama"}
	b.Spans[0].Bitrate = 4_500
	b.Marks[1].Taste = 1
	b.Marks = append(b.Marks, Mark{Kind: StartupKnown, N: 1, Time: start + 800, Value: 800, Taste: 1},
		Mark{Kind: NewViewer, N: 1, Known: true, Time: start + 800, Viewer: viewer}, Mark{Kind: DroppedFrames, N: 1, Time: start + 9_000, Value: 12})
	p := &b.Plays[0]
	p.BitrateMS, p.KnownBitrateMS, p.DroppedFrames, p.Pauses, p.Rewinds, p.Skips, p.Slot = 391_500_000, 87_000, 12, 1, 2, 3, 1
	b.Exposures = []Exposure{
		{Kind: Shown, N: 1, Known: true, Time: start - 9_000, Viewer: viewer, Propensity: 0.25},
		{Kind: Taken, N: 1, Dims: 1, Time: start - 9_000, Taste: 1, MediaMS: 121_000},
	}
	b.Sessions = []Session{{Viewer: viewer, Known: true, From: start - 60_000, To: start + 90_000, Events: 14, Plays: 1, Impressions: 3, MediaMS: 87_000}}
	b.Searches = []Search{{Viewer: viewer, Dims: 1, Time: start - 20_000, Query: "the sea", Results: -1, Selected: true}}
	b.Repeats = []int64{1_200, 1_233}
	return b
}

// TestGoldenBatch pins the stored format: what this version writes, and that it
// reads what every version before it wrote.
func TestGoldenBatch(t *testing.T) {
	path := filepath.Join("testdata", "batch.v2.hex")
	data := AppendBatch(nil, goldenBatch2())
	got := hex.EncodeToString(data) + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]*Batch{"batch.v1.hex": goldenBatch(), "batch.v2.hex": goldenBatch2()} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if name == filepath.Base(path) && got != string(text) {
			t.Errorf("the stored format of version 2 has changed:\n got %s\nwant %s", got, text)
		}
		stored, err := hex.DecodeString(string(bytes.TrimSpace(text)))
		if err != nil {
			t.Fatal(err)
		}
		// Into a batch that held more: nothing of it may be left.
		back := goldenBatch2()
		if err := DecodeBatch(stored, back); err != nil || !reflect.DeepEqual(normal(back), normal(want)) {
			t.Errorf("decode %s: %v\n got %+v\nwant %+v", name, err, normal(back), normal(want))
		}
	}
}

func FuzzDecodeBatch(f *testing.F) {
	r := rand.New(rand.NewPCG(8, 9))
	for i := range 12 {
		f.Add(AppendBatch(nil, randomBatch(r, i)))
	}
	text, err := os.ReadFile(filepath.Join("testdata", "batch.v1.hex"))
	if err != nil {
		f.Fatal(err)
	}
	first, err := hex.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(first)
	f.Fuzz(func(t *testing.T, data []byte) {
		var b, again Batch
		if err := DecodeBatch(data, &b); err != nil {
			if !errors.Is(err, ErrBatch) {
				t.Fatalf("error %v does not wrap ErrBatch", err)
			}
			return
		}
		if err := DecodeBatch(AppendBatch(nil, &b), &again); err != nil {
			t.Fatalf("what was decoded does not survive: %v", err)
		}
		if !reflect.DeepEqual(normal(&again), normal(&b)) {
			t.Fatalf("round trip:\n got %+v\nwant %+v", &again, &b)
		}
	})
}

func BenchmarkAppendBatch(b *testing.B) {
	batch := randomBatch(rand.New(rand.NewPCG(1, 1)), 2000)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendBatch(buf[:0], batch)
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkDecodeBatch(b *testing.B) {
	data := AppendBatch(nil, randomBatch(rand.New(rand.NewPCG(1, 1)), 2000))
	var batch Batch
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := DecodeBatch(data, &batch); err != nil {
			b.Fatal(err)
		}
	}
}
