package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"playhead/internal/api"
	"playhead/internal/catalog"
)

// uploadedCatalog is the file of the data folder that an upload is kept in.
const uploadedCatalog = "catalog.yaml"

// artworkFolder is the folder of the data folder that creatives' images are in.
const artworkFolder = "artwork"

// shelfKeeper replaces the catalogue by what is uploaded.
type shelfKeeper struct {
	*catalog.Shelf
	folder string
	// owner says whose the catalogue is when it cannot be uploaded; "" when it can.
	owner string
	// share gives a catalogue to the other processes before it is kept; nil where there
	// are none.
	share func(ctx context.Context, text []byte) error
	// tell lets the processor know of another catalogue.
	tell func(context.Context, *catalog.Catalog) error
	mu   sync.Mutex
}

// Check says what the text would change. Errors name lines.
func (k *shelfKeeper) Check(text []byte) (catalog.Diff, error) {
	c, err := catalog.Parse(text)
	if err != nil {
		return catalog.Diff{}, err
	}
	return catalog.Compare(k.Now(), c), nil
}

// Upload puts the text in the catalogue's place, durably. Errors: those of
// Check, api.ErrOwned, fs errors wrapped in api.ErrKept.
func (k *shelfKeeper) Upload(ctx context.Context, text []byte) (catalog.Diff, error) {
	if k.owner != "" {
		return catalog.Diff{}, fmt.Errorf("%w: %s", api.ErrOwned, k.owner)
	}
	c, err := catalog.Parse(text)
	if err != nil {
		return catalog.Diff{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.put(ctx, c, text)
}

// PutTitle puts one title in the place of the one of its id, or adds it. Errors as
// of Upload.
func (k *shelfKeeper) PutTitle(ctx context.Context, id string, text []byte) (catalog.Diff, error) {
	t, err := catalog.ParseOne(id, text)
	if err != nil {
		return catalog.Diff{}, err
	}
	return k.change(ctx, func(c *catalog.Catalog) (*catalog.Catalog, error) { return c.With(t) })
}

// RemoveTitle takes a title out; one that is not there is none. Errors as of Upload.
func (k *shelfKeeper) RemoveTitle(ctx context.Context, id string) (catalog.Diff, error) {
	return k.change(ctx, func(c *catalog.Catalog) (*catalog.Catalog, error) { return c.Without(id) })
}

func (k *shelfKeeper) change(ctx context.Context, to func(*catalog.Catalog) (*catalog.Catalog, error)) (catalog.Diff, error) {
	if k.owner != "" {
		return catalog.Diff{}, fmt.Errorf("%w: %s", api.ErrOwned, k.owner)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	c, err := to(k.Now())
	if err != nil {
		return catalog.Diff{}, err
	}
	text, err := catalog.Encode(c)
	if err != nil {
		return catalog.Diff{}, err
	}
	return k.put(ctx, c, text)
}

// Renew tells the processor of the catalogue as it is, if that has another one.
func (k *shelfKeeper) Renew(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.tell(ctx, k.Now())
}

// put keeps a catalogue in its file, and the one before it beside it: what an
// upload spoils can be put back by hand. k.mu is held.
func (k *shelfKeeper) put(ctx context.Context, c *catalog.Catalog, text []byte) (catalog.Diff, error) {
	if k.share != nil {
		if err := k.share(ctx, text); err != nil {
			return catalog.Diff{}, fmt.Errorf("%w: %w", api.ErrKept, err)
		}
	}
	if err := keepCatalog(k.folder, text); err != nil {
		return catalog.Diff{}, fmt.Errorf("%w: %w", api.ErrKept, err)
	}
	diff := catalog.Compare(k.Now(), c)
	k.Replace(c)
	// It is in its file: what cannot be told now is told at the next start.
	if err := k.tell(ctx, c); err != nil {
		return diff, fmt.Errorf("%w: %w", api.ErrKept, err)
	}
	return diff, nil
}

// keepCatalog writes an uploaded catalogue in the place of the one before.
func keepCatalog(folder string, text []byte) error {
	path := filepath.Join(folder, uploadedCatalog)
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return err
	}
	if err := os.Rename(path, path+".before"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(path+".new", path)
}

// take goes by the catalogue that the other processes have now, and keeps it. What they
// have is asked for under the lock, which is held from before a catalogue is shared until it
// is kept: it is never older than what was uploaded here, and does not write the file that an
// upload is writing.
func (k *shelfKeeper) take(now func() (*catalog.Catalog, []byte, error), told func(*catalog.Catalog)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	c, text, err := now()
	if err != nil {
		return err
	}
	if err := keepOthers(k.folder, text); err != nil {
		return err
	}
	k.Replace(c)
	told(c)
	return nil
}

// ownCatalog is the operator's file, else what was uploaded, else nothing.
func ownCatalog(s Settings) (*catalog.Catalog, error) {
	if s.Catalog != "" {
		return loadCatalog(s.Catalog)
	}
	path := filepath.Join(s.DataDir, uploadedCatalog)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return loadCatalog("")
	}
	return loadCatalog(path)
}
