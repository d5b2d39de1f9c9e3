package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
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

// TestUploadsHereAndElsewhere uploads while what was uploaded, here and elsewhere, comes
// back from the other processes: none fails, and the file is one of them.
func TestUploadsHereAndElsewhere(t *testing.T) {
	folder := t.TempDir()
	k := &shelfKeeper{Shelf: catalog.NewShelf(nil), folder: folder, tell: func(context.Context, *catalog.Catalog) error { return nil }}
	var others sync.WaitGroup
	k.share = func(_ context.Context, text []byte) error {
		c, err := catalog.Parse(text)
		if err != nil {
			return err
		}
		others.Go(func() {
			if err := k.take(c, text); err != nil {
				t.Error(err)
			}
		})
		runtime.Gosched()
		return nil
	}
	for n := range 200 {
		if _, err := k.Upload(t.Context(), fmt.Appendf(nil, "titles:\n  - {id: a, name: Number %d}\n", n)); err != nil {
			t.Fatalf("upload %d: %v", n, err)
		}
	}
	others.Wait()
	if c, err := loadCatalog(filepath.Join(folder, uploadedCatalog)); err != nil || c.Len() != 1 {
		t.Errorf("the file: %v", err)
	}
}
