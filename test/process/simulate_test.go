package process

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

const simulateWithin = 5 * time.Minute

// simulate runs the audience to its end while meanwhile does something to the
// server, and returns the file with the truth.
func simulate(t *testing.T, s *server, key string, meanwhile func(running func() bool)) string {
	t.Helper()
	truth := filepath.Join(t.TempDir(), "truth.json")
	ctx, cancel := context.WithTimeout(t.Context(), simulateWithin)
	defer cancel()
	var said output
	cmd := exec.CommandContext(ctx, *binaryFlag, "simulate", "--target", s.url(""), "--key", key,
		"--events", "500000", "--seed", "7", "--speed", "0", "--truth", truth)
	cmd.Stdout, cmd.Stderr = &said, &said
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	meanwhile(func() bool { return len(ended) == 0 })
	if err := <-ended; err != nil {
		t.Fatalf("simulate: %v\n%s\nserver:\n%s", err, &said, s.out)
	}
	t.Logf("simulate sent 500,000 events in %s", time.Since(began).Round(100*time.Millisecond))
	return truth
}

func verify(t *testing.T, s *server, truth string) {
	t.Helper()
	r := playhead(t, "verify", "--target", s.url(""), "--token", s.key("read"), "--truth", truth)
	if r.code != 0 {
		t.Errorf("verify: %s", r)
	}
}

// rawIDs is how the audience's own ids look. None may be found in the folder.
var rawIDs = regexp.MustCompile(`viewer-[0-9]+`)

func noRawIDs(t *testing.T, s *server) {
	t.Helper()
	files, size := 0, 0
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files, size = files+1, size+len(data)
		if found := rawIDs.Find(data); found != nil {
			t.Errorf("%s holds the raw id %s", path, found)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 3 || size < 1<<20 {
		t.Errorf("the data folder has only %d files of %d bytes", files, size)
	}
	if found := rawIDs.FindString(s.out.String()); found != "" {
		t.Errorf("the server's output holds the raw id %s", found)
	}
}

func TestSimulateAndVerify(t *testing.T) {
	s := startServer(t)
	truth := simulate(t, s, s.key("write"), func(func() bool) {})
	verify(t, s, truth)

	// A verifier that cannot fail proves nothing.
	data, err := os.ReadFile(truth)
	if err != nil {
		t.Fatal(err)
	}
	changed := regexp.MustCompile(`("plays":\s*)(\d+)`).ReplaceAll(data, []byte("${1}${2}1"))
	if bytes.Equal(changed, data) {
		t.Fatal("the truth names no plays")
	}
	wrong := filepath.Join(t.TempDir(), "wrong.json")
	if err := os.WriteFile(wrong, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := playhead(t, "verify", "--target", s.url(""), "--token", s.key("read"), "--truth", wrong); r.code == 0 {
		t.Error("verify passed on a changed truth")
	}

	s.stop()
	noRawIDs(t, s)
	s.start()
	verify(t, s, truth)
}

func TestSimulateSurvivesTwoKills(t *testing.T) {
	s := startServer(t)
	kills := 0
	truth := simulate(t, s, s.key("write"), func(running func() bool) {
		for range 2 {
			time.Sleep(300 * time.Millisecond)
			if running() {
				kills++
			}
			s.kill()
			s.start()
		}
	})
	if kills != 2 {
		t.Fatalf("only %d of 2 kills met a running audience: it is sent faster than this test expects", kills)
	}
	verify(t, s, truth)
	noRawIDs(t, s)
}
