package lake

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"playhead/internal/event"
)

// A byte of a file of the lake, or of its manifest, is another: nothing reads on as
// if it were right, and what is said names the file.
func TestFlippedByte(t *testing.T) {
	log, c := openLog(t), newCrowd(5)
	f, dir := newFeeder(t, log), t.TempDir()
	l, err := Open(dir, log, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var events []event.Event
	for range 2_000 {
		events = append(events, c.event())
	}
	f.append(events)
	f.process()
	flushAll(t, l)
	if n, err := Check(t.Context(), dir); err != nil || n == 0 {
		t.Fatalf("%d files are as they were written: %v", n, err)
	}
	replay := func() error {
		return Replay(t.Context(), dir, nil, func([]event.Event) error { return nil })
	}
	r := rand.New(rand.NewPCG(9, 9))
	paths := []string{filepath.Join(dir, manifestFile)}
	for _, file := range l.Files() {
		paths = append(paths, filepath.Join(dir, filepath.FromSlash(file.Path())))
	}
	for _, path := range paths {
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 60 {
			bad := append([]byte(nil), good...)
			bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
			if n == 0 {
				bad = bad[:len(bad)-1]
			}
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			for what, err := range map[string]error{"check": second(Check(context.Background(), dir)), "replay": replay()} {
				if err == nil || !strings.Contains(err.Error(), path) {
					t.Fatalf("%s of %s: %v", what, path, err)
				}
				if path != paths[0] && !errors.Is(err, ErrDamaged) {
					t.Fatalf("%s: %v", what, err)
				}
			}
		}
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := replay(); err != nil {
		t.Fatal(err)
	}
}

func second(_ int, err error) error { return err }
