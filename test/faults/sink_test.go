package faults

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"
)

// The warehouse cannot write for a while: what is taken in waits in the log, not in
// memory; when it has waited for too long clients are told to come back later; when
// the warehouse is well again everything is caught up with, and exact.
func TestWarehouseDown(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	smallDisk(t, filepath.Join(dir, "warehouse"), 400)
	s := newServer(t, dir, "--load-memory", "8", "--max-lag", "10s")
	s.start()
	write, read := s.key("write"), s.key("read")
	s.await("a known key", time.Minute, func() bool { return s.ask(http.MethodPost, "/v1/events", write, "[]").status == http.StatusOK })
	a := s.audience(write, "--seed", "6", "--viewers", "12000", "--speed", "120", "--duration", "50m")
	time.Sleep(5 * time.Second)
	free := fill(t, filepath.Join(dir, "warehouse"))
	down := time.Now()

	memory := func() float64 { return s.metric("process_resident_memory_bytes") / (1 << 20) }
	s.await("telling clients to wait", 5*time.Minute, func() bool {
		return s.ask(http.MethodPost, "/v1/events", write, "[]").status == http.StatusTooManyRequests
	})
	got := s.ask(http.MethodPost, "/v1/events", write, "[]")
	if got.status != http.StatusTooManyRequests || got.retry == "" {
		t.Fatalf("a request while too much waits: %s", got)
	}
	if ready := s.get("/readyz"); ready.status != http.StatusOK {
		t.Errorf("/readyz while clients are told to wait: %s", ready)
	}
	t.Logf("429 after %s: %.0f s of facts wait, %.1f MiB of them in memory; %.0f MiB resident", time.Since(down).Round(time.Second),
		s.metric(`playhead_waiting_seconds{for="warehouse"}`), s.metric("playhead_load_unflushed_bytes")/(1<<20), memory())
	before, most, held := memory(), 0.0, 0.0
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Second) {
		most, held = max(most, memory()), max(held, s.metric("playhead_load_unflushed_bytes")/(1<<20))
	}
	t.Logf("20 s later: %.0f MiB resident at most, %.1f MiB of facts in memory", most, held)
	// A flush that is tried again takes up to the engine's 96 MiB for a moment.
	if most > before+96 || held > 24 {
		t.Errorf("memory grows while the warehouse is down: %.0f MiB, then %.0f MiB; %.1f MiB of facts", before, most, held)
	}
	free()
	began := time.Now()
	s.await("taking events again", 5*time.Minute, func() bool { return s.ask(http.MethodPost, "/v1/events", write, "[]").status == http.StatusOK })
	t.Logf("events are taken %s after the warehouse could write", time.Since(began).Round(100*time.Millisecond))
	a.wait(15 * time.Minute)
	a.verify(read, "after the warehouse was down")
	s.kill()
	s.start()
	a.verify(read, "after a kill")
}
