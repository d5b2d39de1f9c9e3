package collect

import (
	"strings"
	"testing"
	"time"
)

// While the server has to catch up, every door answers 429 with Retry-After,
// nothing is stored, and what was sent is taken when it comes again.
func TestPressed(t *testing.T) {
	wait := 9500 * time.Millisecond
	r := newRig(t, func(c *Config) { c.Pressed = func() time.Duration { return wait } })
	body := `{"type":"heartbeat","time":"` + stamp(now) + `","viewer_id":"v","play_id":"p","seq":1}`
	for _, path := range []string{"/v1/events", "/cmcd", "/epas", "/v1/batch"} {
		got := r.postTo(path, strings.NewReader(body), "Content-Type", "application/json")
		if got.status != 429 || got.header.Get("Retry-After") != "10" || got.Code != "behind" {
			t.Errorf("%s: %d, Retry-After %q, %s", path, got.status, got.header.Get("Retry-After"), got.text)
		}
	}
	if r.log.appends != 0 {
		t.Errorf("%d appends", r.log.appends)
	}
	wait = 0
	if got := r.post(body); got.status != 200 || got.Accepted != 1 {
		t.Errorf("afterwards: %d %s", got.status, got.text)
	}
}
