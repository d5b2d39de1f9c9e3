package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestEntriesAreKept(t *testing.T) {
	dir := t.TempDir()
	l, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if err := l.Append(Entry{Who: "ada", Role: "support", Action: "timeline", Viewer: fmt.Sprint(i), Time: time.Unix(int64(i), 0)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, FileName)
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	// A crash in the middle of a line.
	f, _ := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	fmt.Fprint(f, `{"v":1,"who":"gr`)
	f.Close()
	if l, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Append(Entry{Who: "last", Viewer: strings.Repeat("f", 32)}); err != nil {
		t.Fatal(err)
	}
	list, unread, err := l.Recent(100)
	if err != nil || len(list) != 21 || unread != 1 || list[0].Who != "last" || list[0].Version != 1 {
		t.Fatalf("%d entries, %d unread, %v: %+v", len(list), unread, err, list)
	}
	if list, _, _ = l.Recent(3); len(list) != 3 || list[0].Who != "last" || list[2].Who != "ada" {
		t.Errorf("the last three: %+v", list)
	}
}

func TestAFullDiskIsSaid(t *testing.T) {
	l, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := l.Append(Entry{}); err == nil {
		t.Error("an entry that could not be written is not said")
	}
}
