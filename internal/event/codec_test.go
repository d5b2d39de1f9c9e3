package event

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
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files")

// randomEvent sets each field with the probability share, among them values at
// the edges.
func randomEvent(r *rand.Rand, share float64) Event {
	var e Event
	e.Reset()
	e.Type = Type(r.IntN(int(typeCount)))
	e.Format = Format(r.IntN(int(formatCount)))
	e.Time = 1_700_000_000_000 + r.Int64N(1e10)
	if r.IntN(20) == 0 {
		e.Time = -e.Time
	}
	randomValue(r, share, reflect.ValueOf(&e).Elem())
	e.ReceivedAt = 0
	return e
}

func randomValue(r *rand.Rand, share float64, v reflect.Value) {
	for i := range v.NumField() {
		f := v.Field(i)
		if f.Kind() == reflect.Struct {
			randomValue(r, share, f)
			continue
		}
		if f.Type() == reflect.TypeFor[Reach]() {
			continue // a settle's, which is no event
		}
		if r.Float64() >= share {
			continue
		}
		switch x := f.Addr().Interface().(type) {
		case *bool:
			*x = true
		case *uint32:
			*x = r.Uint32()
		case *int64:
			*x = r.Int64N(1 << (1 + r.IntN(62)))
		case *float64:
			*x = r.Float64() * 16
		case *string:
			*x = strings.Repeat("é", r.IntN(3)) + fmt.Sprint(r.IntN(1000))
		case *[]byte:
			*x = fmt.Appendf(nil, `{"n":%d}`, r.IntN(1000))
		case *ViewerKey:
			fill(r, (*Ref)(x))
		case *Ref:
			fill(r, x)
		case *map[string]string:
			*x = map[string]string{}
			for range 1 + r.IntN(20) {
				(*x)[fmt.Sprint("k", r.IntN(100))] = strings.Repeat("v", r.IntN(3))
			}
		case *Type, *Format:
		default:
			panic("a field of a kind that this test does not know: " + f.Type().String())
		}
	}
}

func fill(r *rand.Rand, to *Ref) {
	for i := range to {
		to[i] = byte(r.Uint32())
	}
}

func TestRecordRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var got Event
	for i := range 20_000 {
		want := randomEvent(r, []float64{0, 0.1, 0.5, 1}[i%4])
		data := AppendRecord([]byte("before"), &want)[6:]
		kind, err := DecodeRecord(data, &got)
		if err != nil || kind != RecordEvent {
			t.Fatalf("decode: kind %d, %v", kind, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("round trip:\n got %+v\nwant %+v", got, want)
		}
		if again := AppendRecord(nil, &got); !bytes.Equal(again, data) {
			t.Fatalf("equal events give different bytes:\n%x\n%x", data, again)
		}
	}
}

func TestReceivedAtIsNotStored(t *testing.T) {
	e := sample()
	e.ReceivedAt = 99
	var got Event
	if _, err := DecodeRecord(AppendRecord(nil, &e), &got); err != nil || got.ReceivedAt != 0 {
		t.Fatalf("received at %d, %v", got.ReceivedAt, err)
	}
}

func TestControlRecords(t *testing.T) {
	var e Event
	for _, data := range []string{"", "a catalogue"} {
		if kind, err := DecodeRecord(AppendControl(nil, []byte(data)), &e); kind != RecordControl || err != nil || string(e.Properties) != data {
			t.Errorf("control %q: %d, %q, %v", data, kind, e.Properties, err)
		}
	}
	if kind, err := DecodeRecord(AppendTick(nil), &e); kind != RecordTick || err != nil {
		t.Errorf("tick: %d, %v", kind, err)
	}
	for _, id := range []uint32{0, 1, 300, 1<<32 - 1} {
		for _, reach := range []Reach{Everybody, 1, 0x7f, 0x80, 1<<16 - 1} {
			if kind, err := DecodeRecord(AppendSettle(nil, id, reach), &e); kind != RecordSettle || err != nil || e.KeyID != id || e.Reach != reach {
				t.Errorf("settle %d up to %d: %d, %d, %d, %v", id, reach, kind, e.KeyID, e.Reach, err)
			}
		}
	}
}

func TestMalformedRecords(t *testing.T) {
	e := sample()
	good := AppendRecord(nil, &e)
	bad := map[string][]byte{
		"empty":           {},
		"version":         {2<<4 | byte(RecordTick)},
		"kind 0":          {1 << 4},
		"kind":            {1<<4 | byte(recordKindCount)},
		"long tick":       append(AppendTick(nil), 0),
		"short settle":    AppendSettle(nil, 1, Everybody)[:1],
		"large settle":    append([]byte{1<<4 | byte(RecordSettle)}, 0xff, 0xff, 0xff, 0xff, 0x7f),
		"settle of none":  {1<<4 | byte(RecordSettle), 1, 0},
		"far settle":      {1<<4 | byte(RecordSettle), 1, 0x80, 0x80, 0x04},
		"trailing":        append(bytes.Clone(good), 0),
		"unknown type":    append([]byte{good[0], byte(typeCount)}, good[2:]...),
		"unknown format":  append([]byte{good[0], good[1], byte(formatCount)}, good[3:]...),
		"unknown field":   append(append(bytes.Clone(good[:8]), good[8]|0x80), good[9:]...),
		"huge map":        hugeMap(),
		"header only":     good[:headerBytes],
		"nothing at all?": bytes.Repeat([]byte{0xff}, 40),
	}
	for n := range good {
		bad[fmt.Sprintf("cut at %d", n)] = good[:n]
	}
	for name, data := range bad {
		var got Event
		if kind, err := DecodeRecord(data, &got); !errors.Is(err, ErrRecord) || kind != RecordInvalid {
			t.Errorf("%s: kind %d, error %v", name, kind, err)
		}
	}
}

// hugeMap is a record whose map claims more entries than could be.
func hugeMap() []byte {
	var e Event
	e.Reset()
	e.Traits = map[string]string{"": ""}
	data := AppendRecord(nil, &e)
	data = data[:len(data)-3]
	return append(data, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0)
}

// sample is a typical heartbeat.
func sample() Event {
	var e Event
	e.Reset()
	e.Type, e.Known, e.KeyID = Heartbeat, true, 3
	e.Time = 1_763_870_400_123
	for i := range 16 {
		e.Viewer[i], e.Session[i], e.Play[i] = byte(i+1), byte(i+31), byte(i+61)
	}
	e.Seq, e.PositionMS, e.DurationMS = 17, 510_000, 5_400_000
	e.TitleID = "title-0042"
	e.Context = Context{Country: "US", DeviceType: "tv", OS: "tvOS", AppVersion: "7.1.0", Player: "hls.js", CDN: "alpha", ISP: "Fibernet"}
	e.Quality.BitrateKbps, e.Quality.DroppedFrames = 4_500, 2
	return e
}

// TestGoldenRecords pins the stored format of version 1.
func TestGoldenRecords(t *testing.T) {
	full := randomEvent(rand.New(rand.NewPCG(7, 7)), 1)
	full.Experiments = map[string]string{"b": "2", "a": "1"}
	full.Traits = map[string]string{"plan": "family"}
	full.Type = Search
	heartbeat := sample()
	var b strings.Builder
	for _, data := range [][]byte{
		AppendRecord(nil, &heartbeat), AppendRecord(nil, &full), AppendTick(nil), AppendSettle(nil, 300, Everybody),
	} {
		fmt.Fprintln(&b, hex.EncodeToString(data))
	}
	path := filepath.Join("testdata", "records.v1.hex")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the stored format of version 1 has changed:\n got %s\nwant %s", b.String(), want)
	}
}

func TestCodecDoesNotAllocate(t *testing.T) {
	e := sample()
	buf := make([]byte, 0, 1024)
	var got Event
	if n := testing.AllocsPerRun(100, func() {
		buf = AppendRecord(buf[:0], &e)
		if _, err := DecodeRecord(buf, &got); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a record", n)
	}
}

func TestPartitionOf(t *testing.T) {
	for _, c := range []struct {
		key  ViewerKey
		n    int32
		want int32
	}{
		{ViewerKey{}, 4, 0},
		{ViewerKey{1}, 4, 1},
		{ViewerKey{0, 0, 0, 0, 9}, 4, 0},
		{ViewerKey{0xff, 0xff, 0xff, 0xff}, 4, 3},
		{ViewerKey{0x10, 0x27}, 7, 10_000 % 7},
		{ViewerKey{0xff, 0xff, 0xff, 0xff}, 1, 0},
	} {
		if got := PartitionOf(c.key, c.n); got != c.want {
			t.Errorf("PartitionOf(%v, %d) = %d, want %d", c.key, c.n, got, c.want)
		}
	}
}

func FuzzDecodeRecord(f *testing.F) {
	e := sample()
	f.Add(AppendRecord(nil, &e))
	r := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		e := randomEvent(r, 0.5)
		f.Add(AppendRecord(nil, &e))
	}
	f.Add(AppendControl(nil, []byte("a catalogue")))
	f.Add(AppendTick(nil))
	f.Add(AppendSettle(nil, 1, Everybody))
	f.Fuzz(func(t *testing.T, data []byte) {
		var e, again Event
		kind, err := DecodeRecord(data, &e)
		if err != nil {
			if !errors.Is(err, ErrRecord) {
				t.Fatalf("error %v does not wrap ErrRecord", err)
			}
			return
		}
		if kind != RecordEvent {
			return
		}
		Validate(&e, e.Time)
		if _, err := DecodeRecord(AppendRecord(nil, &e), &again); err != nil {
			t.Fatalf("what was decoded does not survive: %v", err)
		}
		if e.Rate == e.Rate && e.Propensity == e.Propensity && !reflect.DeepEqual(e, again) {
			t.Fatalf("round trip:\n got %+v\nwant %+v", again, e)
		}
	})
}

func BenchmarkAppendRecord(b *testing.B) {
	e := sample()
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendRecord(buf[:0], &e)
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkDecodeRecord(b *testing.B) {
	e := sample()
	data := AppendRecord(nil, &e)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeRecord(data, &e); err != nil {
			b.Fatal(err)
		}
	}
}

// TestRoom holds room to be enough, whatever an event has.
func TestRoom(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 20_000 {
		e := randomEvent(r, []float64{0, 0.5, 1}[r.IntN(3)])
		if got := len(AppendRecord(nil, &e)); got > room(&e) {
			t.Fatalf("%d bytes, room for %d: %+v", got, room(&e), e)
		}
	}
	var e Event
	e.Reset()
	e.Time, e.KeyID = math.MinInt64, math.MaxUint32
	v := reflect.ValueOf(&e).Elem()
	for _, of := range []reflect.Value{v, v.FieldByName("Context"), v.FieldByName("Quality")} {
		for i := range of.NumField() {
			switch f := of.Field(i); f.Interface().(type) {
			case int64:
				if of.Type().Field(i).Name != "Time" {
					f.SetInt(math.MaxInt64)
				}
			case string:
				f.SetString(strings.Repeat("x", 20_000))
			case Ref, ViewerKey:
				f.Index(0).SetUint(1)
			}
		}
	}
	if got := len(AppendRecord(nil, &e)); got > room(&e) {
		t.Fatalf("%d bytes, room for %d", got, room(&e))
	}
}
