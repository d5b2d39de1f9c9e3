package source

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"google.golang.org/protobuf/encoding/protowire"

	"playhead/internal/event"
	"playhead/schema"
)

const foreignProto = `{"schemaType":"PROTOBUF","schema":"syntax = \"proto3\"; package watch; import \"google/protobuf/timestamp.proto\"; import \"user.proto\"; message Unused {} message Beat { string session = 1; google.protobuf.Timestamp at = 2; User who = 3; double pos = 4; }","references":[{"name":"user.proto","subject":"user","version":1}]}`

// schemaServer speaks a registry's API, while it is not away.
func schemaServer(t *testing.T, away *atomic.Bool) string {
	t.Helper()
	mux := http.NewServeMux()
	for path, text := range map[string]string{
		"/schemas/ids/1":            fmt.Sprintf(`{"schema":%q}`, schema.EventAvro),
		"/schemas/ids/2":            foreignProto,
		"/subjects/user/versions/1": `{"schemaType":"PROTOBUF","schema":"syntax = \"proto3\"; package watch; message User { string id = 1; }"}`,
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			if away.Load() {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			_, _ = w.Write([]byte(text)) // the client may be gone
		})
	}
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"error_code":40403,"message":"Schema not found"}`)) // the client may be gone
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func framedValue(id uint32, rest ...byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, id), rest...)
}

func avroBeat(t *testing.T, at int64) []byte {
	t.Helper()
	s, err := avro.ParseBytesWithCache(schema.EventAvro, "", &avro.SchemaCache{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := avro.Marshal(s, map[string]any{
		"type": "heartbeat", "time": time.UnixMilli(at), "sent_at": nil, "id": nil, "viewer_id": "anna", "anonymous_id": nil, "session_id": nil, "play_id": "p", "seq": int64(3),
		"title_id": "t-avro", "position_ms": int64(1000), "duration_ms": nil, "from_ms": nil, "live": nil, "rate": nil, "creative_id": nil, "placement": nil, "rank": nil,
		"impression_id": nil, "propensity": nil, "search_id": nil, "context": nil, "quality": nil, "search": nil, "experiments": nil, "traits": nil, "properties": nil,
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func protoBeat(at int64) []byte {
	b := protowire.AppendTag(nil, 1, protowire.BytesType)
	b = protowire.AppendString(b, "s-proto")
	var when []byte
	when = protowire.AppendTag(when, 1, protowire.VarintType)
	when = protowire.AppendVarint(when, uint64(at/1000))
	b = protowire.AppendBytes(protowire.AppendTag(b, 2, protowire.BytesType), when)
	who := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "berta")
	b = protowire.AppendBytes(protowire.AppendTag(b, 3, protowire.BytesType), who)
	return append([]byte{2, 2}, b...) // one step, the second message
}

// Avro of the published schema needs no mapping, Protobuf of another one does; a
// registry that is away holds its topics and costs no record.
func TestAvroAndProtobufOfARegistry(t *testing.T) {
	t.Parallel()
	c := cluster(t, kfake.SeedTopics(1, "avro", "proto"))
	cl := client(t, c)
	var away atomic.Bool
	away.Store(true)
	r := newRig(t)
	config, err := load(t, yamlOf(c, `
registry: {url: "`+schemaServer(t, &away)+`"}
topics:
  - {name: avro, format: avro, key: kafka}
  - name: proto
    format: protobuf
    key: kafka
    map:
      fields: {type: {const: heartbeat}, time: at, viewer_id: who.id, play_id: session, title_id: {const: t-proto}, position_ms: {path: pos, unit: s, default: 0}}
`))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().UnixMilli() - 5000
	for _, rec := range []*kgo.Record{
		{Topic: "avro", Value: framedValue(1, avroBeat(t, at)...)},
		{Topic: "avro", Value: framedValue(77, avroBeat(t, at)...)}, // which nobody registered
		{Topic: "avro", Value: []byte(`{"type":"heartbeat"}`)},      // which is no Avro
		{Topic: "proto", Value: framedValue(2, protoBeat(at)...)},
		{Topic: "proto", Value: framedValue(2, 2, 2, 0xff)},
	} {
		if err := cl.ProduceSync(t.Context(), rec).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	s, _ := r.start(config, r.registry)
	until(t, "trouble with the registry", func() bool {
		st := s.Status()
		return strings.Contains(st.Topics[0].Error, "503") && strings.Contains(st.Topics[1].Error, "503")
	})
	if n := len(r.log.events()); n != 0 {
		t.Errorf("%d events without a registry", n)
	}
	away.Store(false)
	until(t, "both topics", func() bool {
		st := s.Status()
		return len(r.log.events()) == 2 && st.Topics[0].Rejected == 2 && st.Topics[1].Rejected == 1 && st.State == Reading
	})
	for _, e := range r.log.events() {
		switch {
		case e.TitleID == "t-avro" && e.Viewer == r.ring.Viewer("anna") && e.Seq == 3 && e.PositionMS == 1000 && e.Time == at:
		case e.TitleID == "t-proto" && e.Viewer == r.ring.Viewer("berta") && e.Time == at/1000*1000 && e.Seq == event.Absent && e.PositionMS == 0:
		default:
			t.Errorf("%+v", e)
		}
	}
	f := gathered(t, r.registry)
	for _, code := range []string{"unknown_schema", "unframed", "malformed"} {
		if f["playhead_collect_rejected_total "+code+" kafka kafka"] != 1 {
			t.Errorf("%s is not counted once: %v", code, f)
		}
	}
}
