package collect

import (
	"fmt"
	"strings"
	"testing"

	"playhead/internal/event"
	"playhead/internal/privacy"
)

// What hls.js 1.7 was seen to send, from first frame to a seek.
var hlsReports = strings.Join([]string{
	`bl=(0),br=(1200),cid="movie-hls",e=ps,mtp=(5200),sf=h,sid="1111-2222",sn=1,st=v,sta=s,ts=%[1]d,v=2`,
	`br=(1200),cid="movie-hls",com.playhead-pt=0,com.playhead-duration=60000,e=ps,sf=h,sid="1111-2222",sn=2,st=v,sta=p,ts=%[2]d,v=2`,
	`bl=(9000),br=(1200;v 64;a),cid="movie-hls",com.playhead-pt=4990.4,e=t,sid="1111-2222",sn=3,sta=p,ts=%[3]d,v=2`,
	`cid="movie-hls",e=rr,rc=200,sid="1111-2222",sn=5,ts=%[3]d,ttfb=17,ttlb=23,url="http://example.com/low0.m4s",v=2`,
	`br=2500,cid="movie-hls",e=bc,sid="1111-2222",sn=4,ts=%[3]d,v=2`,
	`cid="movie-hls",e=ps,sid="1111-2222",sn=6,sta=k,ts=%[4]d,v=2`,
	`cid="movie-hls",e=ps,sid="1111-2222",sn=7,sta=r,ts=%[4]d,v=2`,
	`cid="movie-hls",e=ps,sid="1111-2222",sn=8,sta=p,ts=%[4]d,v=2`,
}, "\n")

func TestCMCDOfARealPlayer(t *testing.T) {
	r := newRig(t)
	body := fmt.Sprintf(hlsReports, now-9000, now-8000, now-3000, now-100)
	got := r.postTo("/cmcd?k=phw_test&v=viewer-77", strings.NewReader(body), "Content-Type", "application/cmcd", "Origin", "https://any.example")
	if got.status != 204 || got.text != "" || got.header.Get("Access-Control-Allow-Origin") != "https://any.example" {
		t.Fatalf("%d %q", got.status, got.text)
	}
	events := r.log.events(t)
	want := []event.Type{event.PlayRequested, event.Resumed, event.Heartbeat, event.QualityChanged, event.SeekStarted, event.StallStarted, event.Resumed}
	if len(events) != len(want) {
		t.Fatalf("%d events", len(events))
	}
	for i, e := range events {
		if e.Type != want[i] || e.Format != event.FormatCMCD || e.Seq != event.Absent || e.KeyID != 7 || !e.Known ||
			e.Viewer != r.ring.Viewer("viewer-77") || e.Play != events[0].Play || e.Play.IsZero() || e.TitleID != "movie-hls" || e.ID.IsZero() {
			t.Errorf("event %d: %+v", i, e)
		}
	}
	if e := events[1]; e.PositionMS != 0 || e.DurationMS != 60000 || e.Quality.BitrateKbps != 1200 || e.Time != now-8000 {
		t.Errorf("first frame: %+v", e)
	}
	if e := events[2]; e.PositionMS != 4990 || e.Quality.BitrateKbps != 1200 {
		t.Errorf("heartbeat: %+v", e)
	}
	if e := events[3]; e.Quality.BitrateKbps != 2500 {
		t.Errorf("bitrate: %+v", e)
	}
	if events[0].Session != r.ring.Ref(privacy.DomainSession, "1111-2222") {
		t.Error("session")
	}
	// The same body again gives the same ids: downstream drops it.
	r.postTo("/cmcd?k=phw_test&v=viewer-77", strings.NewReader(body))
	for i, e := range r.log.events(t)[len(want):] {
		if e.ID != events[i].ID {
			t.Errorf("report %d has another id when sent again", i)
		}
	}
}

func TestCMCDReports(t *testing.T) {
	ts := fmt.Sprintf(",sid=\"s1\",cid=\"c1\",ts=%d", now-50)
	cases := map[string]struct {
		line  string
		typ   event.Type
		check func(e *event.Event) bool
	}{
		"starting":          {"e=ps,sta=s" + ts, event.PlayRequested, nil},
		"playing":           {"e=ps,sta=p,msd=840,st=v" + ts, event.Resumed, func(e *event.Event) bool { return e.Quality.StartupMS == 840 && !e.Live }},
		"live":              {"e=ps,sta=p,st=l" + ts, event.Resumed, func(e *event.Event) bool { return e.Live }},
		"rebuffering":       {"e=ps,sta=r" + ts, event.StallStarted, nil},
		"waiting":           {"e=ps,sta=w" + ts, event.StallStarted, nil},
		"seeking":           {"e=ps,sta=k" + ts, event.SeekStarted, nil},
		"paused":            {"e=ps,sta=a,pr=0" + ts, event.Paused, func(e *event.Event) bool { return e.Rate == 1 }},
		"ended":             {"e=ps,sta=e" + ts, event.PlayEnded, nil},
		"quit":              {"e=ps,sta=q" + ts, event.PlayEnded, nil},
		"fatal":             {"e=ps,sta=f,ec=(\"E1\")" + ts, event.Error, func(e *event.Event) bool { return e.Quality.ErrorFatal && e.Quality.ErrorCode == "E1" }},
		"error":             {"e=e,ec=\"net\"" + ts, event.Error, func(e *event.Event) bool { return !e.Quality.ErrorFatal && e.Quality.ErrorCode == "net" }},
		"fatal error":       {"e=e,ec=(3 4),sta=f" + ts, event.Error, func(e *event.Event) bool { return e.Quality.ErrorFatal && e.Quality.ErrorCode == "3" }},
		"heartbeat":         {"e=t,pt=5000,sta=r" + ts, event.Heartbeat, func(e *event.Event) bool { return e.PositionMS == 5000 }},
		"heartbeat bare":    {"e=t" + ts, event.Heartbeat, func(e *event.Event) bool { return !e.Known && !e.Viewer.IsZero() }},
		"rate":              {"e=pr,pr=1.5" + ts, event.QualityChanged, func(e *event.Event) bool { return e.Rate == 1.5 }},
		"ad":                {"e=as" + ts, event.AdStarted, nil},
		"ad over":           {"e=ae" + ts, event.AdEnded, nil},
		"unknown keys":      {`com.example-x="a\"b\\c,d";p=1,zz,yy=?0,bin=:aGk=:,e=t,cdn="north"` + ts, event.Heartbeat, func(e *event.Event) bool { return e.Context.CDN == "north" }},
		"viewer":            {`com.playhead-viewer="v9",e=t` + ts, event.Heartbeat, func(e *event.Event) bool { return e.Known }},
		"no time":           {`e=t,sid="s1"`, event.Heartbeat, func(e *event.Event) bool { return e.Time == now }},
		"preloading":        {"e=ps,sta=d" + ts, 0, nil},
		"response":          {"e=rr,rc=200" + ts, 0, nil},
		"muted":             {"e=m" + ts, 0, nil},
		"interval at end":   {"e=t,sta=e" + ts, 0, nil},
		"custom":            {"e=ce,cen=\"x\"" + ts, 0, nil},
		"state unknown":     {"e=ps,sta=z" + ts, 0, nil},
		"no state":          {"e=ps" + ts, 0, nil},
		"position too far":  {"e=t,com.playhead-pt=99999999999" + ts, event.Heartbeat, func(e *event.Event) bool { return e.PositionMS == event.Absent }},
		"spaces after ;":    {`br=(300; v 64; a), e=t` + ts, event.Heartbeat, func(e *event.Event) bool { return e.Quality.BitrateKbps == 300 }},
		"empty list":        {`br=(),e=t` + ts, event.Heartbeat, nil},
		"decimal, negative": {`com.playhead-pt=-3.25,e=t` + ts, event.Heartbeat, func(e *event.Event) bool { return e.PositionMS == 0 }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			if got := r.postTo("/cmcd?k=phw_test", strings.NewReader(c.line)); got.status != 204 {
				t.Fatal(got.text)
			}
			events := r.log.events(t)
			if c.typ == 0 {
				if len(events) != 0 || r.tail.Recent(1)[0].Result != "ignored" {
					t.Fatalf("%d events, %+v", len(events), r.tail.Recent(1))
				}
				return
			}
			if len(events) != 1 || events[0].Type != c.typ || c.check != nil && !c.check(&events[0]) {
				t.Fatalf("%+v %+v", events, r.tail.Recent(1))
			}
		})
	}
}

func TestBadCMCDLinesBreakNobody(t *testing.T) {
	good := fmt.Sprintf(`e=t,sid="s1",cid="c1",sn=%%d,ts=%d`, now-50)
	for name, c := range map[string]struct{ line, code string }{
		"unclosed string": {`e=t,sid="s1`, "malformed"},
		"unclosed list":   {`br=(1 2,e=t`, "malformed"},
		"no text":         {`=,,,`, "malformed"},
		"JSON":            {`{"e":"t"}`, "malformed"},
		"not UTF-8":       {"e=t,sid=\"\xff\"", "invalid_utf8"},
		"no session":      {`e=t,ts=1`, "missing"},
		"no event":        {`sid="s1",ts=1`, "missing"},
		"session number":  {`e=t,sid=12`, "invalid"},
		"long session":    {`e=t,sid="` + strings.Repeat("x", 300) + `"`, "too_long"},
		"time in 1970":    {`e=t,sid="s",ts=1000`, "too_old"},
		"time in 2100":    {`e=t,sid="s",ts=4102444800000`, "too_new"},
		"1 MB":            {`e=t,x="` + strings.Repeat("y", 1<<20), "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			body := fmt.Sprintf(good, 1) + "\n" + c.line + "\n" + fmt.Sprintf(good, 2)
			if got := r.postTo("/cmcd?k=phw_test", strings.NewReader(body)); got.status != 204 || len(r.log.events(t)) != 2 {
				t.Fatalf("%d, %d stored", got.status, len(r.log.events(t)))
			}
			for _, e := range r.tail.Recent(10) {
				if e.Result == "rejected" && e.Code == c.code {
					return
				}
			}
			t.Fatalf("the tail does not show it: %+v", r.tail.Recent(10))
		})
	}
}

func TestCMCDPlaysAreSessionAndTitle(t *testing.T) {
	r := newRig(t)
	line := func(sid, cid string) string { return fmt.Sprintf("e=t,sid=%q,cid=%q,ts=%d\n", sid, cid, now) }
	r.postTo("/cmcd?k=phw_test", strings.NewReader(line("a", "b")+line("a", "c")+line("ab", "")+line("b", "b")))
	plays := map[event.Ref]bool{}
	for _, e := range r.log.events(t) {
		plays[e.Play] = true
	}
	if len(plays) != 4 {
		t.Fatalf("%d plays", len(plays))
	}
}
