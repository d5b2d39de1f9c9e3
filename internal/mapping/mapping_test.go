package mapping

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func same(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && fmt.Sprint(x) == fmt.Sprint(y)
}

const example = `
fields:
  type:
    path: what
    values: {start: play_started, beat: heartbeat, stop: play_ended}
    skip: [noise]
  time: {path: at, format: epoch_s}
  viewer_id: user.id
  play_id: {path: "play"}
  title_id: items.0.title
  position_ms: {path: pos, unit: s}
  live: live
  context.country: {path: cc, default: FR}
  context.player: {const: old}
  traits.plan: user.plan
  properties.raw: user
`

func TestMapping(t *testing.T) {
	m := must(Parse([]byte(example)))(t)
	for in, want := range map[string]string{
		`{"what":"start","at":1700000000.5,"user":{"id":12345678901234567,"plan":"gold"},"play":"p","items":[{"title":"t"}],"pos":"12.5","live":1}`: `{"type":"play_started","time":1700000000500,
			"viewer_id":"12345678901234567","play_id":"p","title_id":"t","position_ms":12500,"live":true,
			"context":{"country":"FR","player":"old"},"traits":{"plan":"gold"},"properties":{"raw":{"id":12345678901234567,"plan":"gold"}}}`,
		`{"what":"beat","at":"1700000000","cc":"DE","pos":null,"user.id":"anna"}`: `{"type":"heartbeat","time":1700000000000,"viewer_id":"anna","context":{"country":"DE","player":"old"}}`,
	} {
		got, err := m.Event([]byte(in))
		if err != nil || !same(string(got), want) {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
	for in, want := range map[string]string{
		`{"what":"noise"}`:                       ErrSkipped.Error(),
		`{"what":"other"}`:                       "type: unknown_value",
		`{"what":"start","at":"noon"}`:           "time: invalid",
		`{"what":"start","at":1,"pos":"far"}`:    "position_ms: invalid",
		`{"what":"start","at":1,"live":"maybe"}`: "live: invalid",
		`[]`:                                     "invalid: the record is not an object",
	} {
		if _, err := m.Event([]byte(in)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", in, err)
		}
	}
}

// The example of the documentation is one that works.
func TestDocumentedMapping(t *testing.T) {
	page := string(must(os.ReadFile(filepath.Join("..", "..", "docs", "replay.md")))(t))
	_, rest, _ := strings.Cut(page, "```yaml\n")
	source, _, _ := strings.Cut(rest, "```")
	_, rest, _ = strings.Cut(page, "    {\"action\"")
	record, _, _ := strings.Cut(rest, "\n")
	m := must(Parse([]byte(source)))(t)
	got := must(m.Event([]byte(`{"action"` + record)))(t)
	if !same(string(got), `{"type":"play_started","time":1732320000250,"viewer_id":"7","play_id":"a1","title_id":"m-12","position_ms":0,"duration_ms":5400000,
		"context":{"country":"DE","player":"old-player"},"traits":{"plan":"gold"},"properties":{"source":"export-2024"}}`) {
		t.Errorf("%s", got)
	}
}

func TestTimes(t *testing.T) {
	for _, c := range []struct{ rule, value, want string }{
		{"{path: t}", `1700000000000`, "1700000000000"},
		{"{path: t}", `"2023-11-14T22:13:20Z"`, "1700000000000"},
		{"{path: t, format: epoch_us}", `1700000000000000`, "1700000000000"},
		{`{path: t, format: "2006-01-02 15:04:05", timezone: Europe/Berlin}`, `"2023-11-14 23:13:20"`, "1700000000000"},
		{"{path: t, format: rfc3339}", `1700000000`, "must be a time"},
		{"{path: t, format: epoch_s}", `1e300`, "must be a time"},
	} {
		m := must(Parse([]byte("fields: {type: {const: rated}, time: " + c.rule + "}")))(t)
		got, err := m.Event([]byte(`{"t":` + c.value + `}`))
		if text := fmt.Sprint(string(got), err); !strings.Contains(text, c.want) {
			t.Errorf("%+v: %s", c, text)
		}
	}
}

func TestBadMappings(t *testing.T) {
	for source, want := range map[string]string{
		"fields: {time: t}":                                     "needs the field type",
		"fields: {type: t, time: t, tipe: x}":                   "tipe: not a field",
		"fields: {type: t, time: {path: t, unit: s}}":           "unit is",
		"fields: {type: t, time: t, title_id: {}}":              "either path or const",
		"fields: {type: t, time: {path: t, timezone: Nowhere}}": "timezone",
		"fields: {type: {path: t, fromat: x}, time: t}":         "fromat",
		"feilds: {}": "feilds",
	} {
		if _, err := Parse([]byte(source)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", source, err)
		}
	}
}

func FuzzMapping(f *testing.F) {
	f.Add([]byte(`{"what":"start","at":1700000000.5,"user":{"id":7,"plan":"gold"},"items":[{"title":"t"}],"pos":"12.5","live":1}`))
	f.Add([]byte(`{"what":"noise"}`))
	f.Add([]byte(`[]`))
	m := must(Parse([]byte(example)))(f)
	f.Fuzz(func(t *testing.T, record []byte) {
		if made, err := m.Event(record); err == nil && !json.Valid(made) {
			t.Errorf("%q became %q", record, made)
		}
	})
}
