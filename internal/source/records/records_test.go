package records

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/hamba/avro/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
)

// fakeSchemas is a registry in memory.
type fakeSchemas map[int32]*Schema

var errAway = errors.New("the registry is away")

func (f fakeSchemas) Schema(_ context.Context, id int32) (*Schema, error) {
	if id == 99 {
		return nil, errAway
	}
	if s := f[id]; s != nil {
		return s, nil
	}
	return nil, ErrNoSchema
}

// framed puts the number of a schema in front.
func framed(id int32, rest ...[]byte) []byte {
	out := binary.BigEndian.AppendUint32([]byte{0}, uint32(id))
	for _, r := range rest {
		out = append(out, r...)
	}
	return out
}

func read(t *testing.T, d Decoder, value []byte) string {
	t.Helper()
	text, err := d.JSON(t.Context(), value)
	if err != nil {
		return err.Error()
	}
	if !json.Valid(text) {
		t.Errorf("not JSON: %s", text)
	}
	return string(text)
}

const avroEvent = `{"type":"record","name":"Beat","fields":[
	{"name":"what","type":{"type":"enum","name":"What","symbols":["start","beat"]}},
	{"name":"at","type":{"type":"long","logicalType":"timestamp-micros"}},
	{"name":"user","type":["null","User"],"default":null},
	{"name":"tags","type":{"type":"map","values":"string"}},
	{"name":"pos","type":["null","double"],"default":null}]}`

const avroUser = `{"type":"record","name":"User","fields":[{"name":"id","type":"long"}]}`

func avroValue(t *testing.T, user any) []byte {
	t.Helper()
	cache := &avro.SchemaCache{}
	if _, err := avro.ParseWithCache(avroUser, "", cache); err != nil {
		t.Fatal(err)
	}
	s, err := avro.ParseWithCache(avroEvent, "", cache)
	if err != nil {
		t.Fatal(err)
	}
	out, err := avro.Marshal(s, map[string]any{"what": "beat", "at": int64(1_700_000_000_123_456), "user": user, "tags": map[string]any{"a": "b"}, "pos": 1.5})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAvro(t *testing.T) {
	d := NewAvro(fakeSchemas{
		7: {Kind: "AVRO", Text: avroEvent, Referred: []Referred{{"User", avroUser}}},
		8: {Kind: "JSON", Text: "{}"}, 9: {Kind: "AVRO", Text: "{"},
		10: {Kind: "AVRO", Text: `"string"`},
	})
	value := avroValue(t, map[string]any{"User": map[string]any{"id": int64(12345678901234567)}})
	const want = `{"what":"beat","at":1700000000123,"user":{"id":12345678901234567},"tags":{"a":"b"},"pos":1.5}`
	for range 2 {
		if got := read(t, d, framed(7, value)); got != want {
			t.Errorf("%s", got)
		}
	}
	for name, c := range map[string]struct {
		value []byte
		want  string
	}{
		"no frame":        {[]byte("{}"), "unframed"},
		"short":           {[]byte{0, 0}, "unframed"},
		"no schema":       {framed(1, value), "unknown_schema: the registry has no schema 1"},
		"other kind":      {framed(8, value), "unknown_schema: schema 8 is one of JSON"},
		"broken schema":   {framed(9, value), "unknown_schema: schema 9 cannot be used"},
		"no record":       {framed(10, []byte{2, 'a'}), "malformed"},
		"cut off":         {framed(7, value[:len(value)-1]), "malformed"},
		"more behind":     {framed(7, value, []byte{1}), "malformed"},
		"nothing":         {framed(7), "malformed"},
		"registry is off": {framed(99, value), "look up schema 99: the registry is away"},
	} {
		if got := read(t, d, c.value); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
	var bad *Error
	if _, err := d.JSON(t.Context(), framed(99)); errors.As(err, &bad) || !errors.Is(err, errAway) {
		t.Errorf("a registry that is away costs a record: %v", err)
	}
}

func TestAvroOfOneSchema(t *testing.T) {
	whole := strings.Replace(avroEvent, `"User"`, avroUser, 1)
	bare, err := NewAvroOf([]byte(whole), false)
	if err != nil {
		t.Fatal(err)
	}
	withHead, err := NewAvroOf([]byte(whole), true)
	if err != nil {
		t.Fatal(err)
	}
	value := avroValue(t, nil)
	const want = `{"what":"beat","at":1700000000123,"tags":{"a":"b"},"pos":1.5}`
	if got := read(t, bare, value); got != want {
		t.Errorf("%s", got)
	}
	if got := read(t, withHead, framed(1234, value)); got != want {
		t.Errorf("%s", got)
	}
	if _, err := NewAvroOf([]byte(`{"type":"nothing"}`), false); err == nil {
		t.Error("a schema that is none")
	}
}

const protoEvent = `syntax = "proto3";
package watch;
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/struct.proto";
import "confluent/meta.proto";
import "users/user.proto";
option (confluent.file_meta).doc = "what viewers do";
message Other { string x = 1; }
message Beat {
  enum What { UNKNOWN = 0; START = 1; BEAT = 2; }
  What what = 1;
  google.protobuf.Timestamp at = 2;
  users.User user = 3;
  int64 pos = 4;
  optional int64 seq = 5;
  map<string, string> tags = 6;
  repeated double list = 7;
  google.protobuf.Int64Value rank = 8;
  google.protobuf.Struct more = 9;
  bytes raw = 10;
  Beat again = 11;
  message Inner { bool live = 1; }
  uint64 big = 12;
}
`

const protoUser = "syntax = \"proto3\";\npackage users;\nmessage User { string id = 1; }\n"

func protoSchema() *Schema {
	return &Schema{Kind: "PROTOBUF", Text: protoEvent, Referred: []Referred{{"users/user.proto", protoUser}}}
}

func TestProtobuf(t *testing.T) {
	d := NewProtobuf(fakeSchemas{
		7: protoSchema(), 8: {Kind: "PROTOBUF", Text: "syntax = \"proto3\"; import \"absent.proto\";"},
	})
	// what BEAT, at, user.id anna, pos 0 (not on the wire), seq 0 (set), tags, list, rank 3, more, raw, big
	value := []byte{
		1 << 3, 2,
		2<<3 | 2, 6, 8, 0x80, 0xe2, 0xcf, 0xaa, 0x06, // 1700000000 s
		3<<3 | 2, 6, 1<<3 | 2, 4, 'a', 'n', 'n', 'a',
		5 << 3, 0,
		6<<3 | 2, 6, 1<<3 | 2, 1, 'b', 2<<3 | 2, 1, '2',
		6<<3 | 2, 6, 1<<3 | 2, 1, 'a', 2<<3 | 2, 1, '1',
		7<<3 | 2, 8, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f,
		8<<3 | 2, 2, 1 << 3, 3,
		9<<3 | 2, 9, 1<<3 | 2, 7, 1<<3 | 2, 1, 'k', 2<<3 | 2, 2, 4 << 3, 1,
		10<<3 | 2, 2, 0xff, 0xfe,
	}
	value = append(value, 12<<3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)
	const want = `{"what":"BEAT","at":1700000000000,"user":{"id":"anna"},"seq":0,"tags":{"a":"1","b":"2"},"list":[1.5],"rank":3,"more":{"k":true},"raw":"//4=","big":18446744073709551615}`
	path := []byte{2, 2} // one step, the second message
	got := read(t, d, framed(7, path, value))
	if got != want {
		t.Errorf("%s", got)
	}
	if got := read(t, d, framed(7, []byte{0}, []byte{1<<3 | 2, 1, 'y'})); got != `{"x":"y"}` {
		t.Errorf("the first message: %s", got)
	}
	if got := read(t, d, framed(7, []byte{4, 2, 0}, []byte{1 << 3, 1})); got != `{"live":true}` {
		t.Errorf("a message within one: %s", got)
	}
	for name, c := range map[string]struct {
		value []byte
		want  string
	}{
		"no message":    {framed(7, []byte{2, 20}), "malformed: schema 7 has no message"},
		"no path":       {framed(7), "malformed: which message"},
		"broken":        {framed(7, path, []byte{0xff}), "malformed: the value is not Protobuf"},
		"broken schema": {framed(8, path), "unknown_schema: schema 8 cannot be used: compile the Protobuf schema"},
		"no schema":     {framed(1, path), "unknown_schema"},
		"registry off":  {framed(99, path), "look up schema 99"},
	} {
		if got := read(t, d, c.value); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// A message may hold itself: depth is bounded.
func TestDeepProtobuf(t *testing.T) {
	d := NewProtobuf(fakeSchemas{7: protoSchema()})
	value := []byte{1 << 3, 1}
	for range 200 {
		value = append(append(binary.AppendUvarint([]byte{11<<3 | 2}, uint64(len(value))), []byte{}...), value...)
	}
	if got := read(t, d, framed(7, []byte{2, 2}, value)); !strings.HasPrefix(got, "malformed") {
		t.Errorf("%.80s", got)
	}
}

func TestProtobufOfOneSchema(t *testing.T) {
	plain := "syntax = \"proto3\"; message A { string x = 1; } message B { string y = 1; message C { string z = 1; } }"
	value := []byte{1<<3 | 2, 1, 'v'}
	for message, want := range map[string]string{"A": `{"x":"v"}`, "B": `{"y":"v"}`, "B.C": `{"z":"v"}`} {
		d, err := NewProtobufOf(t.Context(), []byte(plain), message, false)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, d, value); got != want {
			t.Errorf("%s: %s", message, got)
		}
		f, err := NewProtobufOf(t.Context(), []byte(plain), message, true)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, f, framed(5, []byte{0}, value)); got != want {
			t.Errorf("%s framed: %s", message, got)
		}
	}
	for message, want := range map[string]string{"": "name the message: the schema has A, B, B.C", "X": "no message X; it has A, B, B.C"} {
		if _, err := NewProtobufOf(t.Context(), []byte(plain), message, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", message, err)
		}
	}
	// The same as a descriptor set.
	f, err := compileSchema(t.Context(), &Schema{Text: "syntax = \"proto3\"; message A { string x = 1; }"})
	if err != nil {
		t.Fatal(err)
	}
	set, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{protodesc.ToFileDescriptorProto(f)}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewProtobufOf(t.Context(), set, "", false)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, d, value); got != `{"x":"v"}` {
		t.Errorf("%s", got)
	}
}

func TestJSON(t *testing.T) {
	d := NewJSON()
	for value, want := range map[string]string{`{"a":1}`: `{"a":1}`, string(framed(3, []byte(`{"a":1}`))): `{"a":1}`} {
		if got := read(t, d, []byte(value)); got != want {
			t.Errorf("%s", got)
		}
	}
}

func FuzzValues(f *testing.F) {
	schemas := fakeSchemas{1: {Kind: "AVRO", Text: strings.Replace(avroEvent, `"User"`, avroUser, 1)}, 2: protoSchema()}
	list := []Decoder{NewAvro(schemas), NewProtobuf(schemas)}
	f.Add(framed(1, []byte{2, 2, 0, 0, 0}))
	f.Add(framed(2, []byte{2, 2, 1 << 3, 2}))
	f.Add(framed(2, []byte{0}))
	f.Fuzz(func(t *testing.T, value []byte) {
		for i, d := range list {
			text, err := d.JSON(t.Context(), value)
			var bad *Error
			// What is not UTF-8 stays so in Avro, for the intake to refuse.
			if err == nil && !json.Valid(bytes.ToValidUTF8(text, []byte("?"))) || err != nil && !errors.As(err, &bad) && !errors.Is(err, errAway) {
				t.Errorf("decoder %d: %q, %v", i, text, err)
			}
		}
	})
}
