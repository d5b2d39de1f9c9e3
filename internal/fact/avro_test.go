package fact

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hamba/avro/v2"

	"playhead/internal/avrohead"
)

func TestSchemaIsWhatIsWritten(t *testing.T) {
	// Logical types are no part of the canonical form.
	s, err := avro.Parse(strings.ReplaceAll(Schema, `{"type": "long", "logicalType": "timestamp-millis"}`, `"long"`))
	if err != nil {
		t.Fatal(err)
	}
	print, err := s.FingerprintUsing(avro.CRC64AvroLE)
	if err != nil {
		t.Fatal(err)
	}
	if got := binary.LittleEndian.Uint64(print); got != fingerprint {
		t.Errorf("the schema's fingerprint is %#x; a schema that has changed is another layout", got)
	}
	for list, want := range map[string]struct {
		last  int
		named map[int]string
	}{
		"spans":     {int(SpanKindCount), map[int]string{int(Startup): "startup", int(SeekStalled): "seek_stalled", int(ActiveViewer): "active_viewer"}},
		"marks":     {int(MarkKindCount), map[int]string{int(FirstFrame): "first_frame", int(Skip): "skip", int(Starter): "starter", int(Viewed): "viewed"}},
		"exposures": {int(ExposureKindCount), map[int]string{int(Shown): "shown", int(Taken): "taken", int(QualifiedPlay): "qualified_play"}},
	} {
		for _, f := range s.(*avro.RecordSchema).Fields() {
			if f.Name() != list {
				continue
			}
			for _, of := range f.Type().(*avro.ArraySchema).Items().(*avro.RecordSchema).Fields() {
				if of.Name() != "kind" {
					continue
				}
				symbols := of.Type().(*avro.EnumSchema).Symbols()
				if len(symbols) != want.last {
					t.Errorf("%s: the schema has %d kinds, the codec %d", list, len(symbols), want.last)
				}
				for i, name := range want.named {
					if symbols[i] != name {
						t.Errorf("%s: kind %d is %q in the schema, not %q", list, i, symbols[i], name)
					}
				}
			}
		}
	}
}

// TestFormsAreEqual: a batch is the same by every form.
func TestFormsAreEqual(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var got Batch // used again and again: nothing of the batch before may shine through
	for i := range 3000 {
		want := randomBatch(r, []int{0, 1, 4, 40}[i%4])
		for name, f := range map[string]Form{"compact": {}, "avro": Avro(), "numbered": Numbered(0xfffefdfc)} {
			data := f.AppendBatch([]byte("before"), want)[6:]
			if err := DecodeBatch(data, &got); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if !reflect.DeepEqual(normal(&got), normal(want)) {
				t.Fatalf("%s:\n got %+v\nwant %+v", name, normal(&got), normal(want))
			}
			if again := f.AppendBatch(nil, &got); !bytes.Equal(again, data) {
				t.Fatalf("%s: equal batches give different bytes", name)
			}
			clear(data)
			if !reflect.DeepEqual(normal(&got), normal(want)) {
				t.Fatalf("%s: texts changed with the data", name)
			}
		}
	}
}

// TestStrangersReadBatches: any Avro library does, by the schema.
func TestStrangersReadBatches(t *testing.T) {
	s := avro.MustParse(Schema)
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		b := randomBatch(r, 20)
		const after = 0x55
		reader := avro.NewReader(nil, 0).Reset(append(Avro().AppendBatch(nil, b)[avrohead.Most:], after))
		got, _ := reader.ReadNext(s).(map[string]any)
		if reader.Error != nil || reader.Peek() != after {
			t.Fatalf("a stranger cannot read all of it, and no more: %v", reader.Error)
		}
		for name, want := range map[string]int{
			"dims": len(b.Dims), "slots": len(b.Slots), "tastes": len(b.Tastes), "spans": len(b.Spans), "marks": len(b.Marks), "plays": len(b.Plays),
			"exposures": len(b.Exposures), "sessions": len(b.Sessions), "searches": len(b.Searches), "repeats": len(b.Repeats),
		} {
			if list, _ := got[name].([]any); len(list) != want {
				t.Fatalf("%s: a stranger reads %d, there are %d", name, len(list), want)
			}
		}
		for i := range b.Marks {
			m := got["marks"].([]any)[i].(map[string]any)
			if m["value"] != b.Marks[i].Value || m["n"] != int(b.Marks[i].N) || m["viewer_known"] != b.Marks[i].Known {
				t.Fatalf("mark %d: a stranger reads %v, it is %+v", i, m, b.Marks[i])
			}
		}
		for i := range b.Plays {
			p := got["plays"].([]any)[i].(map[string]any)
			if p["media_ms"] != b.Plays[i].MediaMS || p["error_code"] != b.Plays[i].ErrorCode || p["viewer"] != [16]byte(b.Plays[i].Viewer) {
				t.Fatalf("play %d: a stranger reads %v, it is %+v", i, p, b.Plays[i])
			}
		}
	}
}

func TestMalformedAvro(t *testing.T) {
	full := randomBatch(rand.New(rand.NewPCG(5, 6)), 6)
	f := Numbered(1)
	cases := map[string][]byte{
		"layout":          append(f.head.Append(nil), 4),
		"trailing":        append(f.AppendBatch(nil, full), 0),
		"span of no dim":  f.AppendBatch(nil, &Batch{Spans: []Span{{}}}),
		"no such slot":    f.AppendBatch(nil, &Batch{Dims: make([]Dims, 1), Exposures: []Exposure{{}}}),
		"no such taste":   f.AppendBatch(nil, &Batch{Dims: make([]Dims, 1), Marks: []Mark{{Kind: FirstFrame, Taste: 1}}}),
		"slot of a play":  f.AppendBatch(nil, &Batch{Dims: make([]Dims, 1), Plays: []Play{{Slot: 1}}}),
		"session of none": f.AppendBatch(nil, &Batch{Sessions: []Session{{}}}),
		"unknown span":    f.AppendBatch(nil, &Batch{Dims: make([]Dims, 1), Spans: []Span{{Kind: SpanKindCount}}}),
		"unknown mark":    f.AppendBatch(nil, &Batch{Dims: make([]Dims, 1), Marks: []Mark{{Kind: MarkKindCount}}}),
		"unknown reason":  f.AppendBatch(nil, &Batch{Dims: make([]Dims, 1), Plays: []Play{{Reason: EndedByExit + 1}}}),
	}
	good := Avro().AppendBatch(nil, full)
	for n := range good {
		cases["cut at "+string(rune('0'+n%10))+hex.EncodeToString([]byte{byte(n >> 8), byte(n)})] = good[:n]
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

// TestGoldenAvro pins layout 1.
func TestGoldenAvro(t *testing.T) {
	path := filepath.Join("testdata", "batch.avro1.hex")
	got := hex.EncodeToString(Avro().AppendBatch(nil, goldenBatch2())) + "\n" + hex.EncodeToString(Numbered(7).AppendBatch(nil, goldenBatch())) + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("layout 1 has changed:\n got %s\nwant %s", got, want)
	}
}

func FuzzDecodeAvro(f *testing.F) {
	r := rand.New(rand.NewPCG(8, 9))
	for i := range 12 {
		f.Add(Avro().AppendBatch(nil, randomBatch(r, i)))
		f.Add(Numbered(3).AppendBatch(nil, randomBatch(r, i)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var b, again Batch
		if err := DecodeBatch(data, &b); err != nil {
			if !errors.Is(err, ErrBatch) {
				t.Fatalf("error %v does not wrap ErrBatch", err)
			}
			return
		}
		if err := DecodeBatch(Avro().AppendBatch(nil, &b), &again); err != nil {
			t.Fatalf("what was decoded does not survive: %v", err)
		}
		if !reflect.DeepEqual(normal(&again), normal(&b)) {
			t.Fatalf("round trip:\n got %+v\nwant %+v", &again, &b)
		}
	})
}

func BenchmarkAppendAvro(b *testing.B) {
	batch := randomBatch(rand.New(rand.NewPCG(1, 1)), 2000)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = Avro().AppendBatch(buf[:0], batch)
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkDecodeAvro(b *testing.B) {
	data := Avro().AppendBatch(nil, randomBatch(rand.New(rand.NewPCG(1, 1)), 2000))
	var batch Batch
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := DecodeBatch(data, &batch); err != nil {
			b.Fatal(err)
		}
	}
}

// TestLargeBatchesAreCompact: Kafka would refuse them.
func TestLargeBatchesAreCompact(t *testing.T) {
	b := &Batch{Dims: []Dims{{Title: "a title"}}, Marks: make([]Mark, maxAvro/7)}
	data := Avro().AppendBatch([]byte("before"), b)[6:]
	if data[0] != batchVersion || len(data) > maxAvro {
		t.Errorf("%d bytes that begin with %d", len(data), data[0])
	}
	var got Batch
	if err := DecodeBatch(data, &got); err != nil || len(got.Marks) != len(b.Marks) {
		t.Errorf("%d marks, %v", len(got.Marks), err)
	}
}
