package faults

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// flips is how many bytes are flipped of each kind of file.
func flips(t *testing.T) int {
	t.Helper()
	text := os.Getenv("PLAYHEAD_FLIPS")
	if text == "" {
		return 1
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("PLAYHEAD_FLIPS is %q, not a number above 0", text)
	}
	return n
}

// kinds of files of a data folder. The names of those that hold nothing but what
// can be made anew are not there: events.sql, locks.
var kinds = []string{
	"log/*.seg", "log/*.log", "log/*.sst", "log/*.blob", "log/MANIFEST-*", "log/OPTIONS-*",
	"warehouse/warehouse.duckdb", "warehouse/warehouse.duckdb.wal", "ring.json", "keys.json", "people.json", "lake/manifest.json",
}

// A byte of a file of the data folder is not what was written. Either the server
// does not start, or a question is answered by an error, and what is said names the
// file, or its part of the folder; or the byte did not matter, and every figure is
// exact. No figure is silently wrong.
func TestFlippedByte(t *testing.T) {
	disk := t.TempDir()
	s := newServer(t, filepath.Join(disk, "data"))
	s.start()
	write, read := s.key("write"), s.key("read")
	s.await("a known key", time.Minute, func() bool { return s.ask(http.MethodPost, "/v1/events", write, "[]").status == http.StatusOK })
	a := s.audience(write, "--seed", "7", "--viewers", "1000", "--events", "150000")
	a.wait(10 * time.Minute)
	s.stop() // what is in memory goes to the warehouse, past a checkpoint, and to the lake
	s.start()
	// Time goes on, in the log and in the warehouse.
	s.await("flushed", 3*time.Minute, func() bool {
		info, err := os.Stat(s.dir + "/warehouse/warehouse.duckdb.wal")
		return err == nil && info.Size() > 0
	})
	time.Sleep(3 * time.Second) // for some of the log's write-ahead log
	s.kill()

	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)
	if info, err := os.Stat(s.dir + "/warehouse/warehouse.duckdb"); err != nil || info.Size() < 1<<20 {
		t.Errorf("the warehouse's file holds next to nothing: the test tests little: %v", err)
	}
	for _, kind := range kinds {
		files, err := filepath.Glob(filepath.Join(s.dir, kind))
		if err != nil {
			t.Fatal(err)
		}
		outcome := map[string]int{}
		for range flips(t) {
			if len(files) == 0 {
				break
			}
			file := files[r.IntN(len(files))]
			flipped(t, s, a, read, file, r, outcome)
		}
		t.Logf("%-32s %d files: %v", kind, len(files), outcome)
	}
}

// flipped lives with a copy of the folder in which a byte of a file is another.
func flipped(t *testing.T, s *server, a *audience, read, file string, r *rand.Rand, outcome map[string]int) {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "data")
	// With its modes: a ring that others may read is refused.
	if text, err := exec.Command("cp", "-a", s.dir, copied).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v: %s", err, text)
	}
	name, err := filepath.Rel(s.dir, file)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(copied, name)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) == 0 {
		outcome["empty"]++
		return
	}
	at := r.IntN(len(data))
	if used := strings.TrimRight(string(data), "\x00"); len(used) > 0 { // not in what a file has in reserve
		at = r.IntN(len(used))
	}
	data[at] ^= 1 << r.IntN(8)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	what := fmt.Sprintf("%s, byte %d of %d", name, at, len(data))
	victim := newServer(t, copied, s.args...)
	victim.launch()
	defer victim.kill()
	for end := time.Now().Add(3 * time.Minute); victim.get("/readyz").status != http.StatusOK; time.Sleep(50 * time.Millisecond) {
		select {
		case <-victim.exited:
			outcome["does not start"]++
			named(t, what, name, victim.out.String())
			return
		default:
		}
		if time.Now().After(end) {
			t.Errorf("%s: neither ready nor ended\n%s", what, &victim.out)
			return
		}
	}
	text, err := exec.Command(*binaryFlag, "verify", "--target", "http://"+victim.addr, "--token", read, "--truth", a.truth).CombinedOutput()
	switch {
	case err == nil:
		outcome["exact"]++
	case strings.Contains(string(text), "differ from the truth"):
		t.Errorf("%s: figures are silently wrong:\n%s\nserver:\n%s", what, text, &victim.out)
	default:
		outcome["answers an error"]++
		named(t, what, name, string(text)+victim.out.String())
	}
}

// named checks that what is said names the file, or its part of the folder.
func named(t *testing.T, what, name, said string) {
	t.Helper()
	part, _, _ := strings.Cut(filepath.ToSlash(name), "/")
	t.Logf("%s: %.600s", what, lastLine(said))
	if !strings.Contains(said, name) && !strings.Contains(said, "/"+part) {
		t.Errorf("%s: what is said does not name the file:\n%s", what, said)
	}
}
