package collect

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"playhead/internal/event"
)

func TestEPAS(t *testing.T) {
	r := newRig(t)
	say := func(query, text string) map[string]any {
		t.Helper()
		got := r.postTo("/epas?k=phw_test"+query, strings.NewReader(text), "Content-Type", "application/json; charset=utf-8", "X-EPAS-Event", "any", "Origin", "https://any.example")
		if got.status != 200 || got.header.Get("Access-Control-Allow-Origin") != "https://any.example" {
			t.Fatalf("%d %s", got.status, got.text)
		}
		answer := map[string]any{}
		if err := json.Unmarshal([]byte(got.text), &answer); err != nil {
			t.Fatalf("%s: %v", got.text, err)
		}
		return answer
	}
	if a := say("", `{"event":"init","sessionId":"s-1","timestamp":1,"playhead":-1,"duration":-1}`); a["sessionId"] != "s-1" || a["valid"] != true {
		t.Errorf("init: %v", a)
	}
	if a := say("", `{"event":"init"}`); len(a["sessionId"].(string)) != 36 {
		t.Errorf("init without a session: %v", a)
	}
	if a := say("", `{"event":"playing"}`); a["valid"] != false {
		t.Errorf("playing without a session: %v", a)
	}
	say("&v=anna&title=m-1", fmt.Sprintf(`{"event":"playing","sessionId":"s-1","timestamp":%d,"playhead":1.5,"duration":40}`, now-900))
	say("&v=anna&unit=ms", fmt.Sprintf(`{"event":"paused","sessionId":"s-1","timestamp":%d,"playhead":1500,"duration":40000}`, now-500))
	events := r.log.events(t)
	if len(events) != 2 || events[0].Format != event.FormatEPAS || events[0].TitleID != "m-1" || events[0].Viewer != r.ring.Viewer("anna") ||
		events[0].PositionMS != 1500 || events[1].PositionMS != 1500 || events[1].DurationMS != 40000 || events[0].Play != events[1].Play {
		t.Errorf("%+v", events)
	}
	for _, c := range []struct {
		path, body string
		status     int
	}{{"/epas?k=phw_test&unit=min", "{}", 400}, {"/epas?k=phw_test&v=" + strings.Repeat("v", 300), "{}", 400}, {"/epas?k=phw_test", "[]", 400}} {
		if got := r.postTo(c.path, strings.NewReader(c.body)); got.status != c.status {
			t.Errorf("%s: %d %s", c.path, got.status, got.text)
		}
	}
}
