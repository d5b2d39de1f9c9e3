package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"playhead/internal/backup"
	"playhead/internal/eventlog"
	"playhead/internal/warehouse/duck"
)

// holdable is a log whose Trim can be put off: while a backup is made, nothing goes
// that a copy made a moment ago still needs.
type holdable struct {
	eventlog.Log
	holds atomic.Int32
}

// Trim implements eventlog.Log. What it leaves out is trimmed the next time.
func (h *holdable) Trim(ctx context.Context, topic eventlog.Topic, before eventlog.Cursor) error {
	if h.holds.Load() > 0 {
		return nil
	}
	return h.Log.Trim(ctx, topic, before)
}

// backupPattern names the folders in which a backup is put together.
const backupPattern = ".backup-*"

// errBackup: one backup at a time.
var errBackup = errors.New("another backup is being made; wait until it is through")

// backupMaker makes backups of a running server.
type backupMaker struct {
	*engine
	version string
	busy    atomic.Bool
}

// Backup writes everything that is stored as one stream. It is a state that the
// server could have been killed in: the warehouse and the lake as they were, and a log
// that goes from there to a moment a little later, so that a restored server catches
// up from its own log and has every event that was acknowledged before the log was copied.
func (b *backupMaker) Backup(ctx context.Context, w io.Writer) (err error) {
	if !b.busy.CompareAndSwap(false, true) {
		return errBackup
	}
	defer b.busy.Store(false)
	folder, err := os.MkdirTemp(b.settings.DataDir, backupPattern)
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if err := b.gather(ctx, folder); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	return backup.Write(ctx, w, folder, b.version, time.Now())
}

// gather puts copies of everything below a folder.
func (b *backupMaker) gather(ctx context.Context, folder string) error {
	b.held.holds.Add(1)
	defer b.held.holds.Add(-1)
	inFolder, ok := b.db.(*duck.DB)
	if !ok {
		return errElsewhere
	}
	if err := inFolder.Backup(ctx, warehouseFolder(folder)); err != nil {
		return err
	}
	if b.lake != nil {
		if err := b.lake.Backup(ctx, LakeFolder(folder)); err != nil {
			return err
		}
	}
	if b.local == nil {
		return errors.New("the log is on Kafka: copy its topics with Kafka's tools")
	}
	if err := b.local.Backup(logFolder(folder)); err != nil {
		return err
	}
	// Last, so that they know of everything that is in the log.
	return copySmall(b.settings.DataDir, folder)
}

// copySmall copies the files that lie in the data folder itself, such as keys, the
// pseudonym ring, people and the catalogue, and the artwork.
func copySmall(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		if e.Name() == artworkFolder && e.IsDir() {
			if err := os.CopyFS(filepath.Join(to, artworkFolder), os.DirFS(filepath.Join(from, artworkFolder))); err != nil {
				return err
			}
		}
		if !e.Type().IsRegular() || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".lock") || name == "LOCK" || name == movedFile || name == arrivedFile {
			continue
		}
		data, err := os.ReadFile(filepath.Join(from, name))
		if errors.Is(err, os.ErrNotExist) { // replaced by another name meanwhile
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), data, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// forgetBackups removes what a killed server left of a backup.
func forgetBackups(dataDir string) error {
	left, err := filepath.Glob(filepath.Join(dataDir, backupPattern))
	errs := []error{err}
	for _, folder := range left {
		errs = append(errs, os.RemoveAll(folder))
	}
	return errors.Join(errs...)
}
