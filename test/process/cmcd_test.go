package process

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// cmcdPlay is what hls.js sends of a play that lasts 20 s, seeks once and ends.
func cmcdPlay(began time.Time, sid string) string {
	var b strings.Builder
	for sn, r := range []struct {
		at   int // ms
		sta  string
		rest string
	}{
		{0, "s", "e=ps"}, {400, "p", "e=ps"}, {5400, "p", "e=t"},
		{8000, "k", "e=ps"}, {8005, "r", "e=ps"}, {8015, "p", "e=ps"}, {13_000, "p", "e=t"}, {20_400, "e", "e=ps"},
	} {
		fmt.Fprintf(&b, "br=(1200),cid=\"film\",com.playhead-duration=60000,com.playhead-pt=%d,com.playhead-viewer=\"viewer-77\",%s,mtp=(5200),sf=h,sid=\"%s\",sn=%d,sta=%s,ts=%d,v=2\n",
			max(0, r.at-400), r.rest, sid, sn, r.sta, began.Add(time.Duration(r.at)*time.Millisecond).UnixMilli())
	}
	return b.String()
}

func TestCMCD(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	key, token := s.key("write"), s.key("read")
	kind := map[string]string{"Content-Type": "application/cmcd"}

	preflight, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, s.url("/cmcd?k="+key), nil)
	if err != nil {
		t.Fatal(err)
	}
	preflight.Header.Set("Origin", "https://films.example")
	preflight.Header.Set("Access-Control-Request-Method", "POST")
	preflight.Header.Set("Access-Control-Request-Headers", "content-type")
	resp, err := http.DefaultClient.Do(preflight)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode/100 != 2 || !strings.Contains(strings.ToLower(resp.Header.Get("Access-Control-Allow-Headers")), "content-type") ||
		resp.Header.Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("preflight: %d %v", resp.StatusCode, resp.Header)
	}

	// Broken lines and unknown keys, states and events among good ones.
	report := cmcdPlay(time.Now().Add(-time.Minute), "s-1") +
		"this is no report\n" +
		"cid=\"film\",e=zz,new-key=7,sid=\"s-1\",sn=90,sta=z,ts=1,v=2\n"
	if a := s.post("/cmcd?k="+key, "", []byte(report), kind); a.status != http.StatusNoContent {
		t.Errorf("report: %s, want 204", a)
	}
	if a := s.post("/cmcd?k="+key, "", []byte(report), kind); a.status != http.StatusNoContent {
		t.Errorf("the same again: %s, want 204", a)
	}
	if a := s.post("/cmcd?k=nobody", "", []byte(report), kind); a.status != http.StatusUnauthorized {
		t.Errorf("unknown key: %s, want 401 (410 would make a player drop its target for good)", a)
	}
	s.eventually(token, map[string]float64{"plays": 1, "play_requests": 1, "viewers": 1, "rebuffering_ratio": 0, "watch_hours": (20400 * time.Millisecond).Hours()})
}
