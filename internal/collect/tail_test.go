package collect

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"playhead/internal/event"
)

func TestTailShowsWhatCameIn(t *testing.T) {
	r := newRig(t)
	all, stopAll := r.tail.Subscribe(Filter{})
	bad, stopBad := r.tail.Subscribe(Filter{Result: "rejected"})
	defer stopAll()
	r.post("[" + beat(`"id":"1","title_id":"t1","context":{"device_type":"laptop"}`) + "," + beat(`"seq":"x"`) + "]")
	first, second := <-all, <-all
	if !first.Accepted || first.Title != "t1" || first.Type != "heartbeat" || first.Key != "test" || first.Format != "native" ||
		fmt.Sprint(first.Repairs) != "[device_type]" || !strings.Contains(string(first.Became), `"device_type":"desktop"`) ||
		!strings.Contains(string(first.Became), r.ring.Viewer("viewer-1").String()) || strings.Contains(first.Raw, "viewer-1") {
		t.Errorf("%+v %s", first, first.Became)
	}
	if second.Accepted || second.Code != "invalid" || second.Field != "seq" || second.Number != first.Number+1 {
		t.Errorf("%+v", second)
	}
	if got := <-bad; got.Number != second.Number || len(bad) != 0 {
		t.Errorf("%+v", got)
	}
	stopBad()
	stopBad()
	if _, open := <-bad; open {
		t.Error("still open")
	}
}

func TestTailIsBounded(t *testing.T) {
	tail := NewTail()
	slow, stop := tail.Subscribe(Filter{})
	defer stop()
	for i := range 3000 {
		result := "accepted"
		if i%2 == 0 {
			result = "rejected"
		}
		tail.publish([]Entry{{Result: result}})
	}
	if len(slow) != tailBuffer || tail.Lost() != 3000-tailBuffer {
		t.Fatalf("%d waiting, %d lost", len(slow), tail.Lost())
	}
	if e := <-slow; e.Number != 3000-tailBuffer+1 {
		t.Fatalf("oldest is %d", e.Number)
	}
	recent := tail.Recent(10_000)
	if len(recent) != 2*tailKept {
		t.Fatalf("%d kept", len(recent))
	}
	for i := 1; i < len(recent); i++ {
		if recent[i].Number != recent[i-1].Number+1 {
			t.Fatal("out of order")
		}
	}
	if got := tail.Recent(3); len(got) != 3 || got[2].Number != 3000 {
		t.Fatalf("%+v", got)
	}
}

// Accepted events are sampled, rejections kept; a loud key does not silence another.
func TestTailSamples(t *testing.T) {
	tail := NewTail()
	total := 0
	for range 100 {
		total += tail.reserve(1, now)
	}
	if total != tailQuiet || tail.reserve(2, now) == 0 || tail.reserve(1, now+1000) == 0 {
		t.Fatalf("%d samples", total)
	}
	_, stop := tail.Subscribe(Filter{})
	total = 0
	for range 100 {
		total += tail.reserve(3, now)
	}
	if stop(); total != tailWatched {
		t.Fatalf("%d samples when watched", total)
	}
}

func TestTailUnderTraffic(t *testing.T) {
	r := newRig(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				ch, stop := r.tail.Subscribe(Filter{})
				select {
				case <-ch:
				default:
				}
				r.tail.Recent(5)
				stop()
			}
		})
		wg.Go(func() {
			for i := range 50 {
				r.post("[" + beat(fmt.Sprintf(`"seq":%d,"context":{"device_type":""}`, i)) + "," + beat(`"seq":"x"`) + "]")
			}
		})
	}
	wg.Wait()
	if n := len(r.log.events(t)); n != 200 {
		t.Fatalf("%d events", n)
	}
	for _, e := range r.log.events(t) {
		if e.Viewer != r.ring.Viewer("viewer-1") || e.Type != event.Heartbeat {
			t.Fatalf("%+v", e)
		}
	}
}

func TestMasks(t *testing.T) {
	for in, want := range map[string]string{
		`{"viewer_id":"joe","x":1}`:                            `{"viewer_id":"•••","x":1}`,
		`{"viewerId" : "joe\"s", "x":1}`:                       `{"viewerId" : "•••", "x":1}`,
		`{"anonymous_id":{"a":["x",1]},"y":2}`:                 `{"anonymous_id":"•••","y":2}`,
		`{"viewer_id":12345}`:                                  `{"viewer_id":"•••"}`,
		`{"viewer_id":"half`:                                   `{"viewer_id":"•••"`,
		`{"type":"viewer_id","title":"kept"}`:                  `{"type":"viewer_id","title":"•••"}`,
		`{"member":"u-77","n":7712345,"x":[71234,"u-5x"]}`:     `{"member":"•••","n":"•••","x":"•••"}`,
		`{"properties":{"a":{"b":"u-77"},"c":true,"d":12}}`:    `{"properties":{"a":{"b":"•••"},"c":true,"d":12}}`,
		`["u-777", 71234567, {"title_id":"t-1000"}]`:           `["•••", "•••", {"title_id":"t-1000"}]`,
		`{"viewer_id: "u-7777","type":"x"}`:                    `{"•••""•••"","type":"x"}`,
		`cid="t-1000",com.app-user="u-77",bs,e=t,usr=7712`:     `cid="t-1000",com.app-user="•••",bs,e=t,usr="•••"`,
		`br=(2500;v 300),url="https://m.example/x?u=u-7"`:      `br=(2500;v 300),url="•••"`,
		`name=Ann Smith&user=u-77`:                             `name="•••"`,
		`{"p":{"ip":"2001:db8::1","query":"call 192.0.2.55"}}`: `{"p":{"ip":"•••","query":"call •••"}}`,
		`{"query":"joe.doe@example.com!"}`:                     `{"query":"•••!"}`,
		`{"query":"[2001:db8:1::8a2e:370:7334]"}`:              `{"query":"[•••]"}`,
		`{"time":"2026-11-23T05:00:00Z"}`:                      `{"time":"2026-11-23T05:00:00Z"}`,
		`{"play_id":"p-viewer-9-1","id":"viewer-9"}`:           `{"play_id":"p-•••-1","id":"•••"}`,
		`{"play_id":"\u0076iewer-9"}`:                          `{"play_id":"•••"}`,
		`com.playhead-viewer="joe",e=t,sid="s"`:                `com.playhead-viewer="•••",e=t,sid="s"`,
		"{\"a\":\"\xff\"}":                                     `{"a":"�"}`,
	} {
		if got := masked([]byte(in), "viewer-9"); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	if got := masked([]byte(strings.Repeat("x", 5000))); len(got) > maxRaw+8 {
		t.Errorf("%d bytes shown", len(got))
	}
}

func FuzzMasked(f *testing.F) {
	f.Add([]byte(`{"viewer_id":"secret-id","a":[1,{"b":"secret-id"}]}`))
	f.Add([]byte(`com.playhead-viewer="secret-id",e=t`))
	f.Add([]byte(`"\`))
	f.Add([]byte(`{"a":"secret-id","":"secret-id","type":["secret-id"],"x":{"y":"secret-id"}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if strings.Contains(masked(raw, "secret-id"), "secret-id") {
			t.Fatalf("shown: %q", raw)
		}
	})
}
