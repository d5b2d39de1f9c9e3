package event

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hamba/avro/v2"

	"playhead/internal/avrohead"
)

var forms = map[string]Form{"compact": {}, "avro": Avro(), "numbered": Numbered(0x01020304)}

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
	for _, f := range s.(*avro.RecordSchema).Fields() {
		var want []string
		switch f.Name() {
		case "kind":
			want = []string{"event", "tick", "settle", "control"}
			if len(want) != int(recordKindCount)-1 {
				t.Error("the schema does not know all kinds of record")
			}
		case "type":
			want = typeNames[:]
		case "format":
			want = formatNames[:]
		default:
			continue
		}
		if got := f.Type().(*avro.EnumSchema).Symbols(); !slices.Equal(got, want) {
			t.Errorf("%s: the schema has %q, the codec %q", f.Name(), got, want)
		}
	}
}

// stranger reads a record by the schema, as any Avro library does.
func stranger(t *testing.T, s avro.Schema, head int, data []byte) map[string]any {
	t.Helper()
	const after = 0x55
	r := avro.NewReader(nil, 0).Reset(append(data[head:], after))
	got, _ := r.ReadNext(s).(map[string]any)
	if r.Error != nil || r.Peek() != after {
		t.Fatalf("a stranger cannot read all of it, and no more: %v", r.Error)
	}
	return got
}

func TestStrangersReadRecords(t *testing.T) {
	s := avro.MustParse(Schema)
	r := rand.New(rand.NewPCG(11, 12))
	for i := range 2_000 {
		e := randomEvent(r, []float64{0, 0.1, 0.5, 1}[i%4])
		got := stranger(t, s, avrohead.Most, Avro().AppendRecord(nil, &e))
		for name, v := range got {
			if u, ok := v.(map[string]any); ok && len(u) == 1 && name != "traits" && name != "experiments" { // a branch of a union
				for _, got[name] = range u {
				}
			}
		}
		text := func(name, want string) {
			if v, _ := got[name].(string); v != want {
				t.Fatalf("%s: a stranger reads %q, it is %q", name, v, want)
			}
		}
		text("kind", "event")
		text("type", e.Type.String())
		text("format", e.Format.String())
		text("title_id", e.TitleID)
		text("browser_version", e.Context.BrowserVersion)
		text("search_query", e.SearchQuery)
		text("properties", string(e.Properties))
		if v, has := got["position_ms"].(int64); has != (e.PositionMS != Absent) || has && v != e.PositionMS {
			t.Fatalf("position: a stranger reads %v, it is %d", got["position_ms"], e.PositionMS)
		}
		if v, has := got["viewer"].([16]byte); has == e.Viewer.IsZero() || v != [16]byte(e.Viewer) {
			t.Fatalf("viewer: a stranger reads %v, it is %v", got["viewer"], e.Viewer)
		}
		if m, _ := got["traits"].(map[string]any); len(m) != len(e.Traits) {
			t.Fatalf("traits: a stranger reads %v, they are %v", m, e.Traits)
		}
		if got["imported"] != e.Import || got["error_fatal"] != e.Quality.ErrorFatal {
			t.Fatalf("flags: a stranger reads %v of %+v", got, e)
		}
	}
}

// TestFormsAreEqual: an event is the same by every form.
func TestFormsAreEqual(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var got Event
	for i := range 20_000 {
		want := randomEvent(r, []float64{0, 0.1, 0.5, 1}[i%4])
		for name, f := range forms {
			data := f.AppendRecord([]byte("before"), &want)[6:]
			kind, err := DecodeRecord(data, &got)
			if err != nil || kind != RecordEvent || !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: kind %d, %v:\n got %+v\nwant %+v", name, kind, err, got, want)
			}
			if again := f.AppendRecord(nil, &got); !bytes.Equal(again, data) {
				t.Fatalf("%s: equal events give different bytes:\n%x\n%x", name, data, again)
			}
			if !f.head.Empty() && len(data) > room(&want)+avroRoom {
				t.Fatalf("%s: %d bytes, room for %d", name, len(data), room(&want)+avroRoom)
			}
		}
	}
}

func TestControlRecordsOfForms(t *testing.T) {
	var e Event
	for name, f := range forms {
		for _, data := range []string{"", "a catalogue"} {
			if kind, err := DecodeRecord(f.AppendControl(nil, []byte(data)), &e); kind != RecordControl || err != nil || string(e.Properties) != data {
				t.Errorf("%s: control %q: %d, %q, %v", name, data, kind, e.Properties, err)
			}
		}
		if kind, err := DecodeRecord(f.AppendTick(nil), &e); kind != RecordTick || err != nil {
			t.Errorf("%s: tick: %d, %v", name, kind, err)
		}
		for _, id := range []uint32{0, 1, 300, 1<<32 - 1} {
			for _, reach := range []Reach{Everybody, 1, 0x7f, 0x80, 1<<16 - 1} {
				if kind, err := DecodeRecord(f.AppendSettle(nil, id, reach), &e); kind != RecordSettle || err != nil || e.KeyID != id || e.Reach != reach {
					t.Errorf("%s: settle %d up to %d: %d, %d, %d, %v", name, id, reach, kind, e.KeyID, e.Reach, err)
				}
			}
		}
	}
}

func TestMalformedAvro(t *testing.T) {
	e := sample()
	for name, f := range forms {
		good := f.AppendRecord(nil, &e)
		for n := range good {
			var got Event
			if kind, err := DecodeRecord(good[:n], &got); !errors.Is(err, ErrRecord) || kind != RecordInvalid {
				t.Errorf("%s cut at %d: kind %d, error %v", name, n, kind, err)
			}
		}
		var got Event
		if _, err := DecodeRecord(append(bytes.Clone(good), 0), &got); !errors.Is(err, ErrRecord) {
			t.Errorf("%s and a byte more: %v", name, err)
		}
	}
	other := Avro().AppendTick(nil)
	other[avrohead.Most] = 2 * 2
	if _, err := DecodeRecord(other, new(Event)); !errors.Is(err, ErrRecord) || !strings.Contains(err.Error(), "layout 2") {
		t.Errorf("another layout: %v", err)
	}
}

// TestGoldenAvro pins layout 1.
func TestGoldenAvro(t *testing.T) {
	full := randomEvent(rand.New(rand.NewPCG(7, 7)), 1)
	full.Experiments = map[string]string{"b": "2", "a": "1"}
	full.Traits = map[string]string{"plan": "family"}
	full.Type, full.Format = Search, FormatCMCD
	heartbeat := sample()
	var b strings.Builder
	for _, f := range []Form{Avro(), Numbered(7)} {
		for _, data := range [][]byte{
			f.AppendRecord(nil, &heartbeat), f.AppendRecord(nil, &full), f.AppendTick(nil), f.AppendSettle(nil, 300, 5), f.AppendControl(nil, []byte{0, 1}),
		} {
			fmt.Fprintln(&b, hex.EncodeToString(data))
		}
	}
	path := filepath.Join("testdata", "records.avro1.hex")
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
		t.Errorf("layout 1 has changed:\n got %s\nwant %s", b.String(), want)
	}
}

func TestAvroDoesNotAllocate(t *testing.T) {
	e := sample()
	buf, f := make([]byte, 0, 1024), Numbered(1)
	var got Event
	if n := testing.AllocsPerRun(100, func() {
		buf = f.AppendRecord(buf[:0], &e)
		if _, err := DecodeRecord(buf, &got); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a record", n)
	}
}

func TestSchemaIsJSON(t *testing.T) {
	if !json.Valid([]byte(Schema)) {
		t.Error("the schema is not JSON")
	}
}

func FuzzDecodeAvro(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, form := range []Form{Avro(), Numbered(9)} {
		for range 20 {
			e := randomEvent(r, 0.5)
			f.Add(form.AppendRecord(nil, &e))
		}
		f.Add(form.AppendTick(nil))
		f.Add(form.AppendSettle(nil, 1, 2))
		f.Add(form.AppendControl(nil, []byte("a catalogue")))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var e, again Event
		kind, err := DecodeRecord(data, &e)
		if err != nil {
			if !errors.Is(err, ErrRecord) {
				t.Fatalf("error %v does not wrap ErrRecord", err)
			}
			return
		}
		var back []byte
		switch kind {
		case RecordEvent:
			back = Numbered(9).AppendRecord(nil, &e)
		case RecordSettle:
			back = Numbered(9).AppendSettle(nil, e.KeyID, e.Reach)
		default:
			return
		}
		if again, err := DecodeRecord(back, &again); err != nil || again != kind {
			t.Fatalf("what was decoded does not survive: %v", err)
		}
		if e.Rate == e.Rate && e.Propensity == e.Propensity && !reflect.DeepEqual(e, again) {
			t.Fatalf("round trip:\n got %+v\nwant %+v", again, e)
		}
	})
}

func BenchmarkAppendAvro(b *testing.B) {
	e := sample()
	buf, f := make([]byte, 0, 1024), Numbered(1)
	b.ReportAllocs()
	for b.Loop() {
		buf = f.AppendRecord(buf[:0], &e)
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkDecodeAvro(b *testing.B) {
	e := sample()
	data := Numbered(1).AppendRecord(nil, &e)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeRecord(data, &e); err != nil {
			b.Fatal(err)
		}
	}
}
