package collect

import (
	"bytes"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"playhead/internal/collect/avro"
	"playhead/internal/event"
	"playhead/schema"
)

// A single object of the published schema, by its content type and by its
// first bytes alone.
func TestAvro(t *testing.T) {
	published, err := avro.ParseSchema(schema.EventAvro)
	if err != nil {
		t.Fatal(err)
	}
	text := func(s string) []byte { return append(long(int64(len(s))), s...) }
	// type, time, no sent_at, no id, viewer_id, and nothing in the other fields.
	datum := slices.Concat(text("rated"), long(now-1000), []byte{0, 0, 2}, text("anna"), make([]byte, 22))
	body := slices.Concat(published.Mark(), datum)
	for _, kind := range []string{"avro/binary", "application/avro", "application/vnd.apache.avro+binary", "application/octet-stream", "application/json"} {
		r := newRig(t)
		got := r.postTo("/v1/events?k=phw_test", bytes.NewReader(body), "Content-Type", kind)
		if got.status != 200 || !strings.Contains(got.text, `"accepted":1`) {
			t.Fatalf("%s: %d %s", kind, got.status, got.text)
		}
		if e := r.log.events(t)[0]; e.Format != event.FormatAvro || e.Type != event.Rated || e.Viewer != r.ring.Viewer("anna") || e.Time != now-1000 {
			t.Errorf("%s: %+v", kind, e)
		}
	}
	r := newRig(t)
	for name, body := range map[string]string{"JSON": `{"type":"rated"}`, "cut off": "Obj\x01\x02", "another schema": "\xc3\x0100000000"} {
		if got := r.postTo("/v1/events?k=phw_test", strings.NewReader(body), "Content-Type", "application/avro"); got.status != 400 {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
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

func TestSchemasAreServed(t *testing.T) {
	r := newRig(t)
	for path, want := range map[string][]byte{"/schema/event.avsc": schema.EventAvro, "/schema/event.schema.json": schema.EventJSON} {
		w := httptest.NewRecorder()
		r.mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != 200 || !bytes.Equal(w.Body.Bytes(), want) {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
