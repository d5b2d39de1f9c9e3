package avro

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/hamba/avro/v2"
	"github.com/hamba/avro/v2/ocf"

	"playhead/internal/collect/native"
	"playhead/internal/collect/wire"
	"playhead/internal/collect/wiretest"
	"playhead/internal/event"
	"playhead/schema"
)

const at = int64(1795410000000)

// full is an event with every field of the published schema, as hamba encodes it.
func full() map[string]any {
	return map[string]any{
		"type": "heartbeat", "time": at, "sent_at": at + 1, "id": "i", "viewer_id": "v", "anonymous_id": "a", "session_id": "s", "play_id": "p",
		"seq": int64(3), "title_id": "t", "position_ms": int64(4000), "duration_ms": int64(90000), "from_ms": int64(1000), "live": true, "rate": 1.5,
		"creative_id": "c", "placement": "row", "rank": int64(2), "impression_id": "im", "propensity": 0.25, "search_id": "se",
		"context": map[string]any{
			"country": "DE", "region": "BE", "city": "Berlin", "device_type": "tv", "os": "o", "os_version": "1", "browser": "b", "browser_version": "2",
			"app_version": "3", "player": "pl", "cdn": "cd", "isp": "is", "connection": "wifi", "timezone": "UTC",
		},
		"quality": map[string]any{
			"bitrate_kbps": 2500.4, "dropped_frames": int64(7), "startup_ms": int64(840), "error_code": "E\"1\n", "error_class": "technical", "error_fatal": true,
		},
		"search":      map[string]any{"query": "größe", "results": int64(12)},
		"experiments": map[string]any{"x": "y"}, "traits": map[string]any{"plan": "gold"},
		"properties": `{"n":{"m":[1,"ü"]}}`,
	}
}

func published(t testing.TB) *Schema {
	t.Helper()
	s, err := ParseSchema(schema.EventAvro)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// encode is v as a datum of s; values of unions are wrapped as hamba wants it.
func encode(t testing.TB, s avro.Schema, v any) []byte {
	t.Helper()
	data, err := avro.Marshal(s, wrap(s, v))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func wrap(s avro.Schema, v any) any {
	switch s := s.(type) {
	case *avro.RecordSchema:
		in, out := v.(map[string]any), map[string]any{}
		for _, f := range s.Fields() {
			out[f.Name()] = wrap(f.Type(), in[f.Name()])
		}
		return out
	case *avro.UnionSchema:
		if v == nil {
			return nil
		}
		_, i := s.Indices()
		t := s.Types()[i]
		name := string(t.Type())
		switch t := t.(type) {
		case avro.NamedSchema:
			name = t.FullName()
		case *avro.PrimitiveSchema:
			if t.Logical() != nil {
				name += "." + string(t.Logical().Type())
			}
		}
		return map[string]any{name: wrap(t, v)}
	}
	return v
}

type got struct {
	items []wire.Item
}

func decode(t testing.TB, body []byte, o Options) (g got, err error) {
	t.Helper()
	if o.MaxBytes == 0 {
		o.MaxBytes = 5 << 20
	}
	err = NewDecoder(published(t)).Decode(body, o, func(it *wire.Item) {
		g.items = append(g.items, clone(it))
	})
	return g, err
}

// clone keeps what is compared; strings of an item point into buffers.
func clone(it *wire.Item) wire.Item {
	c := *it
	c.Raw = nil
	c.Event.Properties = bytes.Clone(it.Event.Properties)
	text := reflect.ValueOf(&c).Elem()
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			v.SetString(strings.Clone(v.String()))
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i))
			}
		case reflect.Map:
			m := map[string]string{}
			for _, k := range v.MapKeys() {
				m[strings.Clone(k.String())] = strings.Clone(v.MapIndex(k).String())
			}
			v.Set(reflect.ValueOf(m))
		}
	}
	walk(text)
	return c
}

// The schemas and the native decoder agree: every field of one is a field of
// the others, and an event with all of them comes through each the same.
func TestSchemasAgree(t *testing.T) {
	p := published(t)
	text, err := json.Marshal(full())
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.Replace(string(text), `"properties":"{\"n\":{\"m\":[1,\"ü\"]}}"`, `"properties":{"n":{"m":[1,"ü"]}}`, 1))
	var want wire.Item
	if err := native.NewDecoder().Decode(text, native.Options{}, func(it *wire.Item) { want = clone(it) }); err != nil {
		t.Fatal(err)
	}
	if want.Bad.Code != "" || want.Unknown != 0 {
		t.Fatalf("the native decoder does not know all fields: %+v", want)
	}
	body := append(bytes.Clone(p.Mark()), encode(t, p.schema, full())...)
	g, err := decode(t, append(body, body...), Options{})
	if err != nil || len(g.items) != 2 {
		t.Fatalf("%d items, %v", len(g.items), err)
	}
	for i, it := range g.items {
		if it.Index = 0; !reflect.DeepEqual(it, want) {
			t.Errorf("%d: as Avro\n%+v\nas JSON\n%+v", i, it, want)
		}
	}
	// Nothing of an event is at its default: a field that the schemas lack would be.
	var zero event.Event
	zero.Reset()
	except := []string{"Format", "Import", "Known", "KeyID", "Reach", "ReceivedAt", "Viewer", "ID", "Session", "Play", "Impression", "Search", "DeviceTypeRaw"}
	var check func(name string, v, zero reflect.Value)
	check = func(name string, v, zero reflect.Value) {
		for i := range v.NumField() {
			switch f := v.Type().Field(i).Name; {
			case slices.Contains(except, f):
			case v.Field(i).Kind() == reflect.Struct:
				check(name+f+".", v.Field(i), zero.Field(i))
			case reflect.DeepEqual(v.Field(i).Interface(), zero.Field(i).Interface()):
				t.Errorf("no schema sets %s%s", name, f)
			}
		}
	}
	check("", reflect.ValueOf(want.Event), reflect.ValueOf(zero))
	jsonNames, avroNames := jsonFields(t), avroFields(p.schema.(*avro.RecordSchema), "")
	if slices.Sort(avroNames); !slices.Equal(jsonNames, avroNames) {
		t.Errorf("JSON Schema\n%v\nAvro\n%v", jsonNames, avroNames)
	}
}

func avroFields(s *avro.RecordSchema, prefix string) (names []string) {
	for _, f := range s.Fields() {
		names = append(names, prefix+f.Name())
		if u, ok := f.Type().(*avro.UnionSchema); ok {
			if r, ok := u.Types()[1].(*avro.RecordSchema); ok {
				names = append(names, avroFields(r, f.Name()+".")...)
			}
		}
	}
	return names
}

func jsonFields(t *testing.T) (names []string) {
	type object struct {
		Properties map[string]json.RawMessage `json:"properties"`
		Enum       []string                   `json:"enum"`
	}
	var walk func(text []byte, prefix string)
	walk = func(text []byte, prefix string) {
		var o object
		if err := json.Unmarshal(text, &o); err != nil {
			t.Fatal(err)
		}
		if prefix == "type." {
			for name := event.Impression; name <= event.Exposed; name++ {
				if !slices.Contains(o.Enum, name.String()) {
					t.Errorf("the JSON Schema lacks the type %s", name)
				}
			}
			for _, name := range o.Enum {
				if event.ParseType(name) == event.TypeUnknown {
					t.Errorf("the JSON Schema has a type %s", name)
				}
			}
		}
		for name, sub := range o.Properties {
			names = append(names, prefix+name)
			walk(sub, prefix+name+".")
		}
	}
	walk(schema.EventJSON, "")
	slices.Sort(names)
	return names
}

func container(t testing.TB, codec ocf.CodecName, s string, length int, values ...any) []byte {
	t.Helper()
	var out bytes.Buffer
	enc, err := ocf.NewEncoder(s, &out, ocf.WithCodec(codec), ocf.WithBlockLength(length))
	if err != nil {
		t.Fatal(err)
	}
	parsed := avro.MustParse(s)
	for _, v := range values {
		if err := enc.Encode(wrap(parsed, v)); err != nil {
			t.Fatal(err)
		}
	}
	if err := enc.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestContainer(t *testing.T) {
	for _, codec := range []ocf.CodecName{ocf.Null, ocf.Deflate, ocf.Snappy, ocf.ZStandard} {
		body := container(t, codec, string(schema.EventAvro), 2, full(), full(), full(), full(), full())
		g, err := decode(t, body, Options{})
		if err != nil || len(g.items) != 5 || g.items[4].Index != 4 || g.items[4].Bad.Code != "" || g.items[4].Event.TitleID != "t" {
			t.Errorf("%s: %d items, %v", codec, len(g.items), err)
		}
		if _, err := decode(t, body, Options{MaxEvents: 4}); !errors.Is(err, ErrTooMany) {
			t.Errorf("%s: too many: %v", codec, err)
		}
		if _, err := decode(t, body[:len(body)-3], Options{}); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: cut off: %v", codec, err)
		}
	}
}

// A schema of one's own needs only the names.
func TestForeignSchema(t *testing.T) {
	s := `{"type":"record","name":"Beat","fields":[
		{"name":"type","type":{"type":"enum","name":"T","symbols":["paused","heartbeat"]}},
		{"name":"time","type":{"type":"long","logicalType":"timestamp-micros"}},
		{"name":"viewer_id","type":"bytes"},{"name":"play_id","type":{"type":"fixed","name":"F","size":4}},
		{"name":"position_ms","type":"float"},{"name":"context","type":{"type":"map","values":"string"}},
		{"name":"properties","type":{"type":"map","values":{"type":"array","items":"int"}}},{"name":"mine","type":"string"}]}`
	var out bytes.Buffer
	enc, err := ocf.NewEncoder(s, &out)
	if err != nil {
		t.Fatal(err)
	}
	_, err = enc.Write(slices.Concat(
		[]byte{2}, long(at*1000), []byte{2, 'v'}, []byte{1, 2, 3, 4}, []byte{0, 0, 0x80, 0x3f},
		[]byte{2, 6, 'c', 'd', 'n', 2, 'x', 0}, []byte{2, 2, 'k', 4, 2, 4, 0, 0}, []byte{2, 'm'}))
	if err != nil {
		t.Fatal(err)
	}
	if err := enc.Close(); err != nil {
		t.Fatal(err)
	}
	g, err := decode(t, out.Bytes(), Options{})
	if err != nil || len(g.items) != 1 {
		t.Fatalf("%d items, %v", len(g.items), err)
	}
	it := g.items[0]
	if it.Bad.Code != "" || it.Event.Type != event.Heartbeat || it.Event.Time != at || it.Viewer != "v" || it.Play != "01020304" || it.Event.PositionMS != 1 ||
		it.Event.Context.CDN != "x" || string(it.Event.Properties) != `{"k":[1,2]}` || it.Unknown != 1 {
		t.Errorf("%+v", it)
	}
}

func long(n int64) []byte {
	u := uint64(n<<1) ^ uint64(n>>63)
	var out []byte
	for ; u >= 0x80; u >>= 7 {
		out = append(out, byte(u)|0x80)
	}
	return append(out, byte(u))
}

// A record that cannot be read loses what follows it in its block, which has no
// marks, and nothing beyond; each lost one is named.
func TestDamagedBlock(t *testing.T) {
	s := `{"type":"record","name":"E","fields":[{"name":"type","type":"string"},{"name":"time","type":"long"},{"name":"viewer_id","type":"string"}]}`
	e := map[string]any{"type": "rated", "time": at, "viewer_id": "v"}
	body := container(t, ocf.Null, s, 2, e, e, e, e, e, e)
	i := bytes.Index(body, []byte("rated"))
	body[i-1] = 0x7f // a length that ends nowhere
	g, err := decode(t, body, Options{})
	if err != nil || len(g.items) != 6 {
		t.Fatalf("%d items, %v", len(g.items), err)
	}
	for i, it := range g.items {
		if bad := it.Bad.Code == wire.CodeMalformed; bad != (i < 2) || it.Index != i {
			t.Errorf("item %d: %+v", i, it.Bad)
		}
	}
}

func header(schema, codec string) []byte {
	out := append([]byte("Obj\x01"), long(2)...)
	for _, s := range []string{"avro.schema", schema, "avro.codec", codec} {
		out = append(append(out, long(int64(len(s)))...), s...)
	}
	return append(append(out, 0), make([]byte, 16)...)
}

func block(n int64, data []byte) []byte {
	return slices.Concat(long(n), long(int64(len(data))), data, make([]byte, 16))
}

// What a hostile schema or count may cost is bounded.
func TestHostile(t *testing.T) {
	self := `{"type":"record","name":"A","fields":[{"name":"a","type":"A"}]}`
	nulls := `{"type":"array","items":"null"}`
	cases := map[string]struct {
		body []byte
		want error
	}{
		"a schema within itself": {append(header(self, "null"), block(3, []byte{1, 2, 3})...), nil},
		"an array of nothing":    {append(header(nulls, "null"), block(3, append(long(1<<60), 0))...), nil},
		"records of no bytes":    {append(header(`{"type":"record","name":"N","fields":[]}`, "null"), block(1<<60, nil)...), ErrTooMany},
		"a negative block":       {append(header(nulls, "null"), block(-5, []byte{0})...), ErrMalformed},
		"a huge block":           {slices.Concat(header(nulls, "null"), long(1), long(1<<40)), ErrTooLarge},
		"a huge fixed":           {append(header(`{"type":"fixed","name":"F","size":2000000000}`, "null"), block(1, []byte{0})...), nil},
		"no schema":              {header("", "null"), ErrMalformed},
		"another codec":          {header(nulls, "lzma"), ErrMalformed},
		"nothing":                {nil, ErrUnknown},
		"JSON":                   {[]byte(`{"type":"rated"}`), ErrUnknown},
		"another schema":         {[]byte{0xc3, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0}, ErrSchema},
	}
	for name, c := range cases {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := decode(t, c.body, Options{MaxEvents: 10_000})
		runtime.ReadMemStats(&after)
		if !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
			t.Errorf("%s: %d bytes", name, n)
		}
	}
}

func TestDeflateBomb(t *testing.T) {
	s := `{"type":"record","name":"E","fields":[{"name":"type","type":"string"}]}`
	body := container(t, ocf.Deflate, s, 1000, map[string]any{"type": strings.Repeat("a", 12<<20)})
	if _, err := decode(t, body, Options{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%d bytes: %v", len(body), err)
	}
}

func TestReaderErrors(t *testing.T) {
	broken := errors.New("broken")
	if _, err := NewReader(io.MultiReader(strings.NewReader("Obj\x01\x02"), errReader{broken}), Limits{}); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// plain is the schema of what is rated.
const plain = `{"type":"record","name":"E","fields":[{"name":"type","type":"string"},{"name":"time","type":"long"},{"name":"viewer_id","type":"string"}]}`

func FuzzDecode(f *testing.F) {
	p := published(f)
	f.Add(append(bytes.Clone(p.Mark()), encode(f, p.schema, full())...))
	for _, codec := range []ocf.CodecName{ocf.Null, ocf.Deflate, ocf.Snappy, ocf.ZStandard} {
		f.Add(container(f, codec, `{"type":"record","name":"E","fields":[{"name":"type","type":"string"},{"name":"time","type":["null","long"]},{"name":"traits","type":{"type":"map","values":"string"}}]}`, 1,
			map[string]any{"type": "rated", "time": at, "traits": map[string]any{"a": "b"}}))
	}
	f.Add(append(header(`{"type":"array","items":"null"}`, "null"), block(3, append(long(1<<60), 0))...))
	d := NewDecoder(p)
	f.Fuzz(func(t *testing.T, body []byte) {
		n := 0
		err := d.Decode(body, Options{MaxEvents: 100, MaxBytes: 1 << 20}, func(it *wire.Item) {
			if it.Index != n {
				t.Errorf("index %d at %d", it.Index, n)
			}
			n++
			if it.Bad.Code == "" && it.Event.Type == event.TypeUnknown {
				t.Error("an event out of nothing")
			}
		})
		if n > 100 {
			t.Errorf("%d items", n)
		}
		// Between the blocks of a file.
		good := encode(t, avro.MustParse(plain), map[string]any{"type": "rated", "time": at, "viewer_id": "v"})
		file := slices.Concat(header(plain, "null"), block(1, good), block(1, body), block(1, good))
		wiretest.Neighbours(t, file, func(emit func(*wire.Item)) error {
			return d.Decode(file, Options{MaxEvents: 100, MaxBytes: 1 << 20}, emit)
		})
		if err == nil && n == 0 && !IsFile(body) {
			t.Error(fmt.Sprint("nothing became of ", len(body), " bytes"))
		}
	})
}
