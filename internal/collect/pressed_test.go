package collect

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
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

// A large request that is refused is answered, and its connection serves the next
// one: senders of much would else see resets, and connect anew for each refusal.
func TestPressedKeepsConnections(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Pressed = func() time.Duration { return time.Second } })
	server := httptest.NewServer(r.mux)
	defer server.Close()
	body := bytes.Repeat([]byte(`{"type":"heartbeat"}`+"\n"), 40_000) // 840 kB: more than the library would read
	for i := range 3 {
		reused := false
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) { reused = c.Reused }})
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/v1/events", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer phw_test")
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") == "" || reused != (i > 0) {
			t.Errorf("request %d: %s, Retry-After %q, on a connection of before: %v", i, resp.Status, resp.Header.Get("Retry-After"), reused)
		}
	}
}
