package collect

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// stopped is a clock that is moved by hand.
type stopped struct {
	mu sync.Mutex
	at time.Time
}

func (s *stopped) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

func (s *stopped) pass(d time.Duration) {
	s.mu.Lock()
	s.at = s.at.Add(d)
	s.mu.Unlock()
}

// A turn comes when what was let in before it has been made up for, who would wait for
// more than a second gets none, and what nobody used for long is gone.
func TestPaceTurns(t *testing.T) {
	clock := &stopped{at: time.Unix(1_700_000_000, 0)}
	p := NewPace(clock.now)
	turn := func(n float64, want time.Duration, ok bool) {
		t.Helper()
		if wait, got := p.turn(n); wait.Round(time.Millisecond) != want || got != ok {
			t.Errorf("a request of %v events waits %s (%v), want %s (%v)", n, wait, got, want, ok)
		}
	}
	turn(1e9, 0, true)
	p.Set(1000)
	turn(400, 0, true)
	turn(700, 400*time.Millisecond, true)
	turn(1, 1100*time.Millisecond, false)
	clock.pass(200 * time.Millisecond)
	turn(100, 900*time.Millisecond, true)
	p.give(500) // of those fewer came
	turn(0, 500*time.Millisecond, true)
	clock.pass(time.Hour)
	turn(150, 0, true)
	turn(0, 50*time.Millisecond, true)
	if p.Held() != 5 {
		t.Errorf("%d were held", p.Held())
	}
	p.Set(500) // the same debt takes twice as long
	turn(0, 100*time.Millisecond, true)
	p.Set(0)
	turn(1e9, 0, true)
	p.Set(1000)
	turn(0, 0, true)
}

// Requests wait for their turn before their bodies are read and are then taken, others
// are told to come again, and events count as often as they are stored.
func TestPaceAtTheDoor(t *testing.T) {
	clock := &stopped{at: time.Unix(1_700_000_000, 0)}
	pace := NewPace(clock.now)
	r := newRig(t, func(c *Config) { c.Pace = pace })
	server := httptest.NewServer(r.mux)
	defer server.Close()
	events := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `{"type":"heartbeat","time":%q,"viewer_id":"v","play_id":"p","seq":%d}`+"\n", stamp(now), i)
		}
		return b.String()
	}
	send := func(body string) (status int, after string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v1/events", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer phw_test")
		req.Header.Set("Content-Type", "application/x-ndjson")
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode, resp.Header.Get("Retry-After")
	}
	tokens := func() float64 {
		pace.mu.Lock()
		defer pace.mu.Unlock()
		return pace.tokens
	}
	pace.Set(100)
	if status, _ := send(events(20)); status != 200 || tokens() != -20 {
		t.Errorf("twenty events: %d, %v tokens", status, tokens())
	}
	began := time.Now()
	if status, _ := send(events(1) + "{bad\n"); status != 200 || tokens() != -21 || time.Since(began) < 150*time.Millisecond {
		t.Errorf("one that is good and one that is not: %d after %s, %v tokens", status, time.Since(began), tokens())
	}
	if status, _ := send("nothing"); tokens() != -21 {
		t.Errorf("nothing: %d, %v tokens", status, tokens())
	}
	clock.pass(time.Second)
	if status, _ := send(events(200)); status != 200 || tokens() != -190 {
		t.Errorf("two hundred events: %d, %v tokens", status, tokens())
	}
	if status, after := send(events(1)); status != http.StatusTooManyRequests || after != "2" || tokens() != -190 {
		t.Errorf("the next one: %d, Retry-After %q, %v tokens", status, after, tokens())
	}
	pace.Set(0)
	if status, _ := send(events(50)); status != 200 {
		t.Errorf("without a bound: %d", status)
	}
}
