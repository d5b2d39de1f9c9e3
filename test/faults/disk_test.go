package faults

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// oneEvent is an event that a server in trouble does not take, and that changes no
// figure that is verified.
func oneEvent() string {
	return fmt.Sprintf(`{"type":"rated","time":%d,"viewer_id":"somebody","title_id":"t"}`, time.Now().UnixMilli())
}

// Others fill the disk to the last byte, twice, while an audience is sent by a
// client that tries again. The server stays up and says what is wrong, acknowledges
// nothing that is not durable, and goes on by itself when there is room; then
// every figure is exact, also after a kill.
func TestDiskFull(t *testing.T) {
	disk := filepath.Join(t.TempDir(), "disk")
	smallDisk(t, disk, 500)
	s := newServer(t, filepath.Join(disk, "data"), "--log-memory", "16", "--load-memory", "8")
	s.start()
	write, read := s.key("write"), s.key("read")
	s.await("a known key", time.Minute, func() bool { return s.ask(http.MethodPost, "/v1/events", write, "[]").status == http.StatusOK })
	a := s.audience(write, "--seed", "5", "--viewers", "6000", "--speed", "60", "--duration", "30m")
	for round := range 2 {
		time.Sleep(8 * time.Second)
		free := fill(t, disk)
		s.await("refusing", 5*time.Minute, func() bool {
			return s.ask(http.MethodPost, "/v1/events", write, oneEvent()).status == http.StatusServiceUnavailable
		})
		// Flushes of the log and the warehouse, checkpoints and blocks of the lake fail
		// meanwhile, too.
		// For so long, in the end, that the warehouse has noticed.
		began, least := time.Now(), time.Duration(12+8*round)*time.Second
		noticed := func() bool { return round == 0 || s.metric("playhead_load_flush_failures_total") >= 1 }
		for time.Since(began) < least || !noticed() && time.Since(began) < 3*time.Minute {
			time.Sleep(time.Second)
			got := s.ask(http.MethodPost, "/v1/events", write, oneEvent())
			if got.status != http.StatusServiceUnavailable || got.retry == "" || !strings.Contains(got.body, "disk is full") {
				t.Fatalf("an event on a full disk: %s\n%s", got, &s.out)
			}
			if ready := s.get("/readyz"); ready.status != http.StatusServiceUnavailable || !strings.Contains(ready.body, "room on the disk") {
				t.Fatalf("/readyz on a full disk: %s", ready)
			}
			if full, left := s.metric("playhead_log_full"), s.metric("playhead_disk_free_bytes"); full != 1 || left < 0 || left > 64<<20 {
				t.Fatalf("/metrics on a full disk: playhead_log_full %v, playhead_disk_free_bytes %v", full, left)
			}
			if live := s.get("/healthz"); live.status != http.StatusOK {
				t.Fatalf("/healthz on a full disk: %s", live)
			}
		}
		began = time.Now()
		free()
		s.await("ready again", 3*time.Minute, func() bool { return s.get("/readyz").status == http.StatusOK })
		t.Logf("ready %s after there was room", time.Since(began).Round(100*time.Millisecond))
	}
	a.wait(15 * time.Minute)
	if full, refused := s.metric("playhead_log_full"), s.metric("playhead_log_refused_total"); full != 0 || refused < 1 {
		t.Errorf("afterwards: playhead_log_full %v, playhead_log_refused_total %v", full, refused)
	}
	if failed := s.metric("playhead_load_flush_failures_total"); failed < 1 {
		t.Errorf("%v flushes to the warehouse failed: the test tests little", failed)
	}
	a.verify(read, "after the disk was full twice")
	s.kill()
	s.start()
	a.verify(read, "after a kill")
}
