package cloudevents

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"playhead/internal/collect/rawjson"
	"playhead/internal/collect/wire"
	"playhead/internal/collect/wiretest"
	"playhead/internal/event"
)

// one is a CloudEvent with more attributes and this data.
func one(more, data string) string {
	return `{"specversion":"1.0","id":"e-1","source":"/app","type":"com.example.play_started"` + more + `,"data":` + data + `}`
}

func TestDecode(t *testing.T) {
	const native = `{"type":"paused","time":"2026-11-23T05:00:00Z","viewer_id":"v","play_id":"p","id":"n"}`
	const timeless = `{"viewer_id":"v","play_id":"p"}`
	const ok = "1795410000000"
	for name, c := range map[string]struct{ body, want string }{
		"native event whole":  {one("", native), "0 paused n v " + ok},
		"what is around":      {one(`,"time":"2026-11-23T05:00:00.000Z"`, timeless), "0 play_started /app\x00e-1 v " + ok},
		"own time first":      {one(`,"time":"2026-11-23T06:00:00Z","subject":"x","traceparent":"00"`, native), "0 paused n v " + ok},
		"json of a kind":      {one(`,"datacontenttype":"application/vnd.x+json; charset=utf-8"`, native), "0 paused n v " + ok},
		"base64":              {strings.Replace(one("", `"eyJ0eXBlIjoicGF1c2VkIiwidGltZSI6MTc5NTQxMDAwMDAwMCwidmlld2VyX2lkIjoidiJ9"`), `"data"`, `"data_base64"`, 1), "0 paused /app\x00e-1 v " + ok},
		"batch":               {`[` + one("", native) + `, {"id":"x"} ,` + one("", native) + `]`, "0 paused n v " + ok + "|bad 1 source missing|2 paused n v " + ok},
		"empty batch":         {`[]`, ""},
		"no time":             {one("", timeless), "bad 0 data.time missing"},
		"no type":             {strings.Replace(one("", timeless), "play_started", "thing", 1), "bad 0 data.type missing"},
		"wrong field":         {one("", `{"type":"paused","time":1,"position_ms":"x"}`), "bad 0 data.position_ms invalid"},
		"no id":               {`{"specversion":"1.0","source":"/","type":"t","data":{}}`, "bad 0 id missing"},
		"number as id":        {`{"specversion":"1.0","id":3,"source":"/","type":"t","data":{}}`, "bad 0 id missing"},
		"old version":         {strings.Replace(one("", native), "1.0", "0.3", 1), "bad 0 specversion invalid"},
		"other content":       {one(`,"datacontenttype":"text/xml"`, `"<a/>"`), "bad 0 datacontenttype invalid"},
		"no data":             {`{"specversion":"1.0","id":"a","source":"/","type":"t"}`, "bad 0 data missing"},
		"data is a list":      {one("", `[`+native+`]`), "bad 0 data missing"},
		"no base64":           {strings.Replace(one("", `"***"`), `"data"`, `"data_base64"`, 1), "bad 0 data_base64 invalid"},
		"several in the data": {one("", `{"events":[`+native+`,`+native+`]}`), "bad 0 data missing"},
		"a list of nothing":   {`[1]`, "bad 0  invalid"},
	} {
		var got []string
		err := NewDecoder().Decode([]byte(c.body), Options{}, func(it *wire.Item) {
			if it.Bad.Code != "" {
				got = append(got, fmt.Sprintf("bad %d %s %s", it.Index, it.Bad.Field, it.Bad.Code))
				return
			}
			got = append(got, fmt.Sprintf("%d %s %s %s %d", it.Index, it.Event.Type, it.ID, it.Viewer, it.Event.Time))
		})
		if strings.Join(got, "|") != c.want || err != nil {
			t.Errorf("%s: %v\n got %q\nwant %q", name, err, got, c.want)
		}
	}
	none := func(*wire.Item) {}
	for body, want := range map[string]error{"": ErrMalformed, `"x"`: ErrMalformed, "[{]": ErrMalformed, "[{},{}]": ErrTooMany} {
		if err := NewDecoder().Decode([]byte(body), Options{MaxEvents: 1}, none); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", body, err, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(one(`,"time":"2026-11-23T05:00:00Z"`, `{"viewer_id":"v","play_id":"p"}`)))
	f.Add([]byte(`[` + one("", `{"events":[{"type":"paused"}]}`) + `,{}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		want := -1
		if root, ok := rawjson.Parse(body); ok {
			want = 1
			if root.IsArray() {
				want = 0
				root.Elements(func(rawjson.Value) bool { want++; return true })
			}
		}
		got := 0
		err := NewDecoder().Decode(body, Options{}, func(it *wire.Item) {
			if it.Index != got {
				t.Fatalf("index %d, want %d", it.Index, got)
			}
			got++
			if it.Bad.Code == "" && (it.Event.Type == event.TypeUnknown || it.ID == "" || !it.HasTime) {
				t.Fatalf("an event without what it needs: %+v", it)
			}
		})
		if err == nil && got != want {
			t.Fatalf("%d events of %d", got, want)
		}
		d := NewDecoder()
		wiretest.Bounded(t, body, func() (items int) {
			_ = d.Decode(body, Options{MaxEvents: 10_000}, func(*wire.Item) { items++ }) // whatever it says
			return items
		})
		if !json.Valid(body) || bytes.Count(body, []byte("[")) > 100 || bytes.Count(body, []byte("{")) > 100 { // nesting has a limit
			return
		}
		good := one(`,"time":"2026-11-23T05:00:00Z"`, `{"viewer_id":"v","play_id":"p"}`)
		list := []byte(`[` + good + "," + string(body) + "," + good + `]`)
		wiretest.Neighbours(t, list, func(emit func(*wire.Item)) error { return NewDecoder().Decode(list, Options{}, emit) })
	})
}
