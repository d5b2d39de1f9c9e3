package native

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"playhead/internal/collect/wire"
)

// items is all that a decoder says of a body that lies in a buffer before other text.
func items(d *Decoder, body []byte, opts Options) (out []string) {
	room := append(append(make([]byte, 0, len(body)+200), body...), `5","7}`+string(heartbeats(1))...)
	err := d.Decode(room[:len(body)], opts, func(it *wire.Item) { out = append(out, fmt.Sprintf("%+v", *it)) })
	return append(out, fmt.Sprint(err))
}

// alike fails unless a decoder that has habits, and so takes the quick way where it
// can, says the same of a body as one that always takes the long way.
func alike(t *testing.T, body []byte, opts Options) {
	t.Helper()
	quick, long := NewDecoder(), NewDecoder()
	long.places = [fieldRoom]place{}
	for range 2 {
		_ = quick.Decode(heartbeats(2), Options{}, func(*wire.Item) {}) // learns its habits
		if got, want := items(quick, body, opts), items(long, body, opts); !slices.Equal(got, want) {
			for i := range min(len(got), len(want)) {
				if got[i] != want[i] {
					t.Fatalf("of %q\nthe quick way makes %s\nthe long way       %s", body, got[i], want[i])
				}
			}
			t.Fatalf("of %q the quick way makes %d items, the long way %d", body, len(got), len(want))
		}
	}
}

func TestQuickIsAsTheLongWay(t *testing.T) {
	const rest = `,"play_id":"p","context":{"country":"DE","cdn":"alpha"},"seq":4}`
	for _, member := range []string{
		`"type":"paused"`, `"type":"pause"`, `"type":""`, `"type":7`, `"type":null`, `"type":"paus\u0065d"`, `"type":" paused"`,
		`"time":1795357990000`, `"time":0`, `"time":-5`, `"time":1795357990000.5`, `"time":1e12`, `"time":007`, `"time":"2026-11-27T00:00:00Z"`,
		`"time":999999999999999`, `"time":9999999999999999`, `"time":`, `"time":null`, `"time":1795357990000 `,
		`"seq":12`, `"seq":12.0`, `"seq":-1`, `"seq":"12"`, `"seq":12x`, `"seq":99999999`, `"seq":123456789012345678901`, `"seq":1 2`, `"seq":00`, `"seq":0`,
		`"position_ms":-3`, `"position_ms":9007199254740993`, `"position_ms":12345678`, `"position_ms":123456789`, `"position_ms":0.5`,
		`"title_id":"a b"`, `"title_id":" a"`, `"title_id":"a "`, `"title_id":"ä"`, `"title_id":"aä"`, `"title_id":"aäb"`, `"title_id":""`, `"title_id":"a\"b"`, `"title_id":"a`,
		`"title_id":null`, `"title_id":"` + "a\tb" + `"`, `"title_id":"` + string(make([]byte, 40)) + `"`, `"title_id":"` + fmt.Sprintf("%0257d", 1) + `"`, `"title_id":"` + fmt.Sprintf("%0256d", 1) + `"`,
		`"viewer_id":"` + fmt.Sprintf("%0300d", 1) + `"`, `"viewer_id":"v" `, ` "viewer_id":"v"`, `"viewer_id" :"v"`, `"viewer_id": "v"`,
		`"context":{}`, `"context":{"country":"DE"}`, `"context":{"country":"DE",}`, `"context":{"country":1}`, `"context":{"color":"x","cdn":"y"}`, `"context":null`, `"context":[]`,
		`"context":{"country":"DE"`, `"quality":{"bitrate_kbps":4500,"dropped_frames":0}`, `"quality":{"bitrate_kbps":4500.6,"dropped_frames":-1}`,
		`"quality":{"bitrate_kbps":4500,"error_code":404}`, `"quality":{"error_code":"404"}`, `"color":{"a":[1,2]}`, `"properties":{"a":"viewer"}`, `"traits":{"plan":"x"}`,
	} {
		for _, event := range []string{`{` + member + rest, `{"type":"heartbeat",` + member + rest, `{"type":"heartbeat","time":1795357990000,` + member + `}`,
			`{"type":"heartbeat","time":1795357990000,"seq":3,` + member + `}` + "\n" + `{` + member + rest} {
			for _, lines := range []bool{false, true} {
				alike(t, []byte(event), Options{Lines: lines})
				alike(t, []byte("["+event+","+event+"]"), Options{Lines: lines})
			}
		}
	}
}

// TestQuickOfDamagedBodies changes, takes out and repeats bytes of good bodies.
func TestQuickOfDamagedBodies(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 600 {
		body := heartbeats(1 + r.IntN(3))
		for range r.IntN(4) {
			i := r.IntN(len(body))
			switch r.IntN(4) {
			case 0:
				body[i] = `"\{}[],:0 9a-.e`[r.IntN(15)]
			case 1:
				body = slices.Delete(body, i, min(len(body), i+1+r.IntN(12)))
			case 2:
				body = slices.Insert(body, i, body[i:min(len(body), i+1+r.IntN(12))]...)
			case 3:
				body = body[:i+1]
			}
		}
		alike(t, body, Options{})
		alike(t, slices.DeleteFunc(slices.Clone(body), func(ch byte) bool { return ch == '[' || ch == ']' }), Options{Lines: true})
	}
}

// What follows a name that is not known within an object is not taken for the same name in
// another object, by a decoder that has seen it there.
func TestHabitsAreOfOneObject(t *testing.T) {
	pad := strings.Repeat(" ", 100)
	within := []byte(`{"type":"heartbeat","time":1763870400000,"context":{"foo":1,"country":"US"}}` + pad)
	beside := []byte(`{"type":"heartbeat","time":1763870400000,"foo":1,"country":"DE"}` + pad)
	for _, order := range [][2][]byte{{within, beside}, {beside, within}} {
		d := NewDecoder()
		for range 3 {
			for _, body := range order {
				want := map[bool]string{true: "US", false: ""}[&body[0] == &within[0]]
				unknown := map[bool]int{true: 1, false: 2}[want != ""]
				err := d.Decode(body, Options{}, func(it *wire.Item) {
					if it.Event.Context.Country != want || it.Unknown != unknown {
						t.Errorf("%s: country %q, %d names unknown", body[:60], it.Event.Context.Country, it.Unknown)
					}
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
