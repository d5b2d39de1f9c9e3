package pebblelog

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/atomicfs"

	"playhead/internal/eventlog"
)

// checkManifest looks whether the manifest of the database in dir is what was
// written. Pebble takes whatever follows a damaged record of it for the end that
// a crash has torn, opens the files of before, and removes the later ones: a
// flipped bit would lose what was acknowledged, without a word. A torn end is
// shorter than its record, or has a sector that was never written. Errors:
// eventlog.ErrCorrupt.
func checkManifest(fs vfs.FS, dir string) error {
	name, err := atomicfs.ReadMarker(fs, dir, "manifest")
	if err != nil || name == "" {
		return err // Pebble makes a new one
	}
	path := fs.PathJoin(dir, name)
	f, err := fs.Open(path)
	if err != nil {
		return err
	}
	data, err := io.ReadAll(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	r := record.NewReader(bytes.NewReader(data), 0)
	for {
		at := min(r.Offset(), int64(len(data)))
		one, err := r.Next()
		if err == nil {
			_, err = io.Copy(io.Discard, one)
		}
		switch {
		case err == nil:
			continue
		case errors.Is(err, io.EOF), errors.Is(err, record.ErrUnexpectedEOF), unwritten(data, at):
			return nil
		}
		return fmt.Errorf("%w: %s: the record at byte %d does not match its checksum", eventlog.ErrCorrupt, path, at)
	}
}

// sector is what disks write as a whole.
const sector = 512

// unwritten reports whether a sector that holds bytes from at on is empty, or
// nothing but zeros follows.
func unwritten(data []byte, at int64) bool {
	for from := at; from < int64(len(data)); {
		to := min(from-from%sector+sector, int64(len(data)))
		if len(bytes.Trim(data[from:to], "\x00")) == 0 {
			return true
		}
		from = to
	}
	return at >= int64(len(data))
}
