package lake

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A file that is damaged keeps its own period from being merged, and no other; after a while
// it is tried again.
func TestDamageHoldsUpItsPeriodAlone(t *testing.T) {
	l, events := filled(t, Options{})
	files := l.Files()
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(a.Period, b.Period) })
	first := files[0]
	path := filepath.Join(l.Dir(), filepath.FromSlash(first.Path()))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Repeat([]byte{1}, len(whole)), 0o600); err != nil {
		t.Fatal(err)
	}
	work := tidying{resting: map[string]time.Time{}}
	tidied := func() (failed int) {
		for more := true; more; {
			var err error
			if more, err = l.tidy(t.Context(), &work); err != nil {
				failed++
			}
		}
		return failed
	}
	if failed := tidied(); failed != 1 {
		t.Fatalf("%d merges failed, want one", failed)
	}
	of := map[string]int{}
	for _, f := range l.Files() {
		of[f.Period]++
	}
	for period, n := range of {
		if period == first.Period && n < 2 || period != first.Period && n != 1 {
			t.Errorf("%s has %d files", period, n)
		}
	}
	if failed := tidied(); failed != 0 {
		t.Errorf("it was tried again at once")
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	now := l.options.Clock()
	l.options.Clock = func() time.Time { return now.Add(restFor) }
	if failed := tidied(); failed != 0 {
		t.Errorf("%d merges failed of what is whole again", failed)
	}
	once(t, contents(t, l.Dir(), nil), events)
}

// A damaged hour does not keep the others of its day from becoming one file.
func TestDamageDoesNotHoldUpTheDay(t *testing.T) {
	l, _ := filled(t, Options{})
	if err := l.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	files := l.Files() // one an hour
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(a.Period, b.Period) })
	first := files[0]
	path := filepath.Join(l.Dir(), filepath.FromSlash(first.Path()))
	if err := os.WriteFile(path, bytes.Repeat([]byte{1}, int(first.Bytes)), 0o600); err != nil {
		t.Fatal(err)
	}
	l.options.Clock = func() time.Time { return time.UnixMilli(startMS).Add(80 * time.Hour) }
	work := tidying{resting: map[string]time.Time{}}
	failed := 0
	for more := true; more; {
		var err error
		if more, err = l.tidy(t.Context(), &work); err != nil {
			failed++
			if !strings.Contains(err.Error(), fmt.Sprintf("merge %d files of ", len(files))) {
				t.Errorf("it says %v", err)
			}
		}
	}
	left := l.Files()
	if failed != 1 || len(left) != 2 || !slices.ContainsFunc(left, func(f File) bool { return f.Number == first.Number }) {
		t.Errorf("%d merges failed, and of %d files these are left: %+v", failed, len(files), left)
	}
}
