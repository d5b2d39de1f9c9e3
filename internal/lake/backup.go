package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Backup puts the lake as it is now into a new folder, while it goes on: files never
// change, so they are linked where the file system can, and the manifest names those
// of one moment. A log that goes with it must be at least as far.
func (l *Lake) Backup(ctx context.Context, dir string) error {
	return l.copyTo(ctx, dir, func(*manifest) {})
}

// Move is Backup for a lake that goes on with the beginning of another log.
func (l *Lake) Move(ctx context.Context, dir string) error {
	return l.copyTo(ctx, dir, func(m *manifest) { m.Reached = nil })
}

// copyTo copies the lake, with a manifest that is changed a little.
func (l *Lake) copyTo(ctx context.Context, dir string, change func(*manifest)) error {
	for {
		m := l.state()
		err := l.copyOf(ctx, m, dir)
		if err == nil {
			own := m.clone()
			change(own)
			err = own.save(dir)
		}
		if err == nil {
			return nil
		}
		err = errors.Join(err, os.RemoveAll(dir))
		// A file may have been merged into another one meanwhile.
		if !errors.Is(err, os.ErrNotExist) || ctx.Err() != nil || l.state() == m {
			return fmt.Errorf("copy the lake: %w", err)
		}
	}
}

func (l *Lake) copyOf(ctx context.Context, m *manifest, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, f := range m.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(f.Path()))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		if err := linkOrCopy(l.path(f), to); err != nil {
			return err
		}
	}
	return nil
}

func linkOrCopy(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, os.ErrNotExist) {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
