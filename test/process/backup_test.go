package process

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// plays is how many the server knows of.
func (s *server) plays(token string) float64 {
	s.t.Helper()
	a := s.post("/api/v1/query", token, []byte(`{"metrics":["plays"]}`), nil)
	var table struct{ Rows [][]any }
	if err := json.Unmarshal(a.body, &table); err != nil || a.status != 200 {
		s.t.Fatalf("query: %s", a)
	}
	if len(table.Rows) == 0 {
		return 0
	}
	n, _ := table.Rows[0][0].(float64) // null is none yet
	return n
}

// TestBackupUnderLoad backs a server up while an audience is sent to it, and sends
// the same audience to the restored one: what was in the backup is known there and
// counts once, what was not is new, and every figure is that of the whole audience.
func TestBackupUnderLoad(t *testing.T) {
	s := startServer(t)
	write, read := s.key("write"), s.key("read")
	r := playhead(t, "keys", "create", "--read", "--role", "admin", "--name", "backups", "--data-dir", s.dir)
	admin, _, _ := strings.Cut(r.stdout, "\n")
	truth, end := filepath.Join(t.TempDir(), "truth.json"), time.Now().UTC().Truncate(time.Second).Format(time.RFC3339)
	ctx, cancel := context.WithTimeout(t.Context(), simulateWithin)
	defer cancel()
	send := func(to *server) error {
		cmd := exec.CommandContext(ctx, *binaryFlag, "simulate", "--target", to.url(""), "--key", write,
			"--events", "200000", "--viewers", "3000", "--seed", "11", "--end", end, "--truth", truth)
		if said, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("simulate: %w\n%s", err, said)
		}
		return nil
	}
	sent := make(chan error, 1)
	go func() { sent <- send(s) }()
	for s.plays(read) < 300 {
		time.Sleep(20 * time.Millisecond)
	}
	before := s.plays(read)
	dir, data := filepath.Join(t.TempDir(), "kept"), filepath.Join(t.TempDir(), "restored")
	if r := playheadWithin(t, simulateWithin, "backup", dir, "--target", s.url(""), "--token", admin); r.code != 0 {
		t.Fatalf("backup: %s\n%s", r, s.out)
	}
	if r := playhead(t, "backup", filepath.Join(t.TempDir(), "x"), "--target", s.url(""), "--token", read); r.code != 1 || !strings.Contains(r.stderr, "403") {
		t.Errorf("a token that is no admin's: %s", r)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	after := s.plays(read)
	left, err := filepath.Glob(filepath.Join(s.dir, ".backup-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("the backup left %v behind (%v)", left, err)
	}
	s.kill()
	if err := os.RemoveAll(s.dir); err != nil {
		t.Fatal(err)
	}

	if r := playhead(t, "restore", dir, "--data-dir", data); r.code != 0 {
		t.Fatalf("restore: %s", r)
	}
	if r := playhead(t, "restore", dir, "--data-dir", data); r.code != 1 || !strings.Contains(r.stderr, "not empty") {
		t.Errorf("restore over what is there: %s", r)
	}
	again := &server{t: t, addr: freeAddr(t), dir: data, out: &output{}}
	again.start()
	t.Cleanup(again.kill)
	// Whatever was in the log is in the figures when it has caught up.
	restored := 0.0
	for deadline := time.Now().Add(readyWithin); restored < before && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		restored = again.plays(read)
	}
	if restored < before || restored > after {
		t.Errorf("the restored server has %v plays, want those of a moment between %v and %v", restored, before, after)
	}
	t.Logf("%v plays before the backup, %v restored, %v in the end", before, restored, after)
	if err := send(again); err != nil {
		t.Fatal(err)
	}
	verify(t, again, truth)
}
