package process

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRebuildFromTheLake: an installation that is made anew from the lake of
// another answers 500 random questions as that one does, and its own lake holds
// the same events.
func TestRebuildFromTheLake(t *testing.T) {
	began := time.Now().Add(-time.Hour)
	s := startServer(t)
	truth := filepath.Join(t.TempDir(), "truth.json")
	r := playheadWithin(t, simulateWithin, "simulate", "--target", s.url(""), "--key", s.key("write"),
		"--events", "60000", "--seed", "11", "--speed", "0", "--truth", truth)
	if r.code != 0 {
		t.Fatalf("simulate: %s", r)
	}
	s.stop()
	ended := time.Now()
	var told struct {
		Events int64 `json:"events"`
	}
	if data, err := os.ReadFile(truth); err != nil || json.Unmarshal(data, &told) != nil || told.Events != 60_000 {
		t.Fatalf("truth: %v, %d events", err, told.Events)
	}
	const question = "SELECT count(*) AS n, count(DISTINCT (viewer, play, seq, event, type, time)) AS different FROM events"
	inLake := func(dir string) string {
		r := playhead(t, "lake", "sql", question, "--data-dir", dir)
		if r.code != 0 {
			t.Fatalf("lake sql: %s", r)
		}
		return strings.TrimSpace(r.stdout)
	}
	if got := inLake(s.dir); got != "n,different\n60000,60000" {
		t.Errorf("the lake of what was sent: %s", got)
	}
	again := anew(t, s)
	for range 2 { // the second time changes nothing
		r = playheadWithin(t, 2*time.Minute, "lake", "rebuild", filepath.Join(s.dir, "lake"), "--data-dir", again.dir)
		if r.code != 0 || !strings.Contains(r.stdout, "rebuilt from 60000 events") {
			t.Fatalf("rebuild: %s", r)
		}
	}
	again.start()
	t.Cleanup(again.kill)
	verify(t, again, truth)
	s.start()
	sameAnswers(t, again, s, began, ended)
	s.stop()
	again.stop()
	if got := inLake(again.dir); got != "n,different\n60000,60000" {
		t.Errorf("the lake of the rebuilt one: %s", got)
	}
	if r := playhead(t, "lake", "rebuild", filepath.Join(again.dir, "lake"), "--data-dir", again.dir); r.code != 2 {
		t.Errorf("a rebuild into itself: %s", r)
	}
}

// TestRebuildAfterAKill: a server that was killed has in its log alone what came
// in the last minute. An installation that is made anew from its lake and its log
// has all of it, once, and the old folder is as it was.
func TestRebuildAfterAKill(t *testing.T) {
	s := startServer(t)
	truth := filepath.Join(t.TempDir(), "truth.json")
	r := playheadWithin(t, simulateWithin, "simulate", "--target", s.url(""), "--key", s.key("write"),
		"--events", "40000", "--seed", "12", "--speed", "0", "--truth", truth)
	if r.code != 0 {
		t.Fatalf("simulate: %s", r)
	}
	s.kill()
	again := anew(t, s)
	for range 2 { // the second time changes nothing
		r = playheadWithin(t, 2*time.Minute, "lake", "rebuild", filepath.Join(s.dir, "lake"), "--data-dir", again.dir)
		if r.code != 0 || !strings.Contains(r.stdout, "rebuilt from 40000 events") {
			t.Fatalf("rebuild: %s", r)
		}
		t.Log(r.stdout) // how many of them were in the log alone: all, unless the machine is slow
	}
	again.start()
	t.Cleanup(again.kill)
	verify(t, again, truth)
	if r := playhead(t, "lake", "rebuild", filepath.Join(again.dir, "lake"), "--data-dir", filepath.Join(t.TempDir(), "third")); r.code == 0 || !strings.Contains(r.stderr, "--old-log none") {
		t.Errorf("a rebuild from a log in use: %s", r)
	}
}

// anew is a server with the keys of another and nothing else, not started yet.
func anew(t *testing.T, s *server) *server {
	t.Helper()
	again := &server{t: t, addr: freeAddr(t), dir: filepath.Join(t.TempDir(), "again"), out: &output{}}
	if err := os.MkdirAll(again.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ring.json", "keys.json"} {
		data, err := os.ReadFile(filepath.Join(s.dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(again.dir, name), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return again
}
