package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"playhead/internal/api"
	"playhead/internal/catalog"
)

func TestAnUploadedCatalogueIsThereAfterARestart(t *testing.T) {
	s := DefaultSettings()
	s.DataDir = t.TempDir()
	told := -1
	open := func() *shelfKeeper {
		c, err := ownCatalog(s)
		if err != nil {
			t.Fatal(err)
		}
		return &shelfKeeper{Shelf: catalog.NewShelf(c), folder: s.DataDir, tell: func(_ context.Context, c *catalog.Catalog) error {
			told = c.Len()
			return nil
		}}
	}
	k := open()
	titles := titlesOf(k.Shelf)
	if len(titles()) != 0 {
		t.Fatal("an empty folder has titles")
	}
	if _, err := k.Check([]byte("titles:\n  - {id: a, name: One}\n")); err != nil || len(k.Titles()) != 0 {
		t.Fatalf("a check: %v", err)
	}
	if diff, err := k.Upload(t.Context(), []byte("titles:\n  - {id: a, name: One}\n")); err != nil || diff.Added != 1 {
		t.Fatalf("an upload: %+v %v", diff, err)
	}
	if told != 1 {
		t.Errorf("the processor was told of %d titles", told)
	}
	if titles()["a"].Name != "One" {
		t.Error("the metric layer does not know the new title")
	}
	if _, err := k.Upload(t.Context(), []byte("titles:\n  - {name: None}\n")); err == nil {
		t.Error("a title without an id was taken")
	}
	if t2, ok := open().Title("a"); !ok || t2.Name != "One" {
		t.Errorf("after a restart: %+v", t2)
	}
	if info, err := os.Stat(filepath.Join(s.DataDir, uploadedCatalog)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if diff, err := k.PutTitle(t.Context(), "b", []byte(`{"name": "Two", "creatives": [{"id": "b1", "kind": "poster", "tags": ["face"]}]}`)); err != nil || diff.Added != 1 || diff.Version == "" {
		t.Errorf("one title: %+v %v", diff, err)
	}
	if diff, err := k.RemoveTitle(t.Context(), "a"); err != nil || diff.Removed != 1 {
		t.Errorf("without a title: %+v %v", diff, err)
	}
	if b, ok := open().Title("b"); !ok || b.Creatives[0].Tags[0] != "face" || len(open().Titles()) != 1 {
		t.Errorf("after a restart: %+v", b)
	}
	k.owner = "the demo invents it"
	if _, err := k.Upload(t.Context(), []byte("titles: []\n")); !errors.Is(err, api.ErrOwned) {
		t.Errorf("one that is owned: %v", err)
	}
}

// TestUploadsComeBack puts titles side by side while the follower takes what is on the
// board, which is what was put last: no title is lost, here, in the file or on the board.
func TestUploadsComeBack(t *testing.T) {
	folder := t.TempDir()
	var board atomic.Pointer[[]byte]
	k := &shelfKeeper{Shelf: catalog.NewShelf(nil), folder: folder, tell: func(context.Context, *catalog.Catalog) error { return nil }}
	k.share = func(_ context.Context, text []byte) error {
		board.Store(&text)
		runtime.Gosched()
		return nil
	}
	now := func() (*catalog.Catalog, []byte, error) {
		text := *board.Load()
		c, err := catalog.Parse(text)
		return c, text, err
	}
	if _, err := k.Upload(t.Context(), []byte("titles: []\n")); err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	var follower, people sync.WaitGroup
	follower.Go(func() {
		for {
			select {
			case <-over:
				return
			default:
			}
			if err := k.take(now, func(*catalog.Catalog) {}); err != nil {
				t.Errorf("the follower: %v", err)
				return
			}
		}
	})
	const each = 40
	for p := range 4 {
		people.Go(func() {
			for n := range each {
				if _, err := k.PutTitle(t.Context(), fmt.Sprintf("t%d-%d", p, n), []byte(`{"name": "One"}`)); err != nil {
					t.Errorf("put title %d of %d: %v", n, p, err)
				}
			}
		})
	}
	people.Wait()
	close(over)
	follower.Wait()
	kept, err := loadCatalog(filepath.Join(folder, uploadedCatalog))
	if err != nil {
		t.Fatal(err)
	}
	shared, _, err := now()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*catalog.Catalog{"here": k.Now(), "in the file": kept, "on the board": shared} {
		if c.Len() != 4*each {
			t.Errorf("%s are %d titles of %d", name, c.Len(), 4*each)
		}
	}
}
