package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/cespare/xxhash/v2"
)

// ErrDamaged: a file of the lake is not what was written.
var ErrDamaged = errors.New("does not match its checksum")

// verify reads the file whole and compares it with what the manifest says. Pages
// have checksums of their own, but not what lies between them. The first lakes'
// files have no sum, only a size. Errors: ErrDamaged, with the file's name.
func (f File) verify(dir string) error {
	path := filepath.Join(dir, filepath.FromSlash(f.Path()))
	disk, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read the lake: %w", err)
	}
	sum := xxhash.New()
	n, err := io.Copy(sum, disk)
	if err = errors.Join(err, disk.Close()); err != nil {
		return fmt.Errorf("read the lake: %w", err)
	}
	if n != f.Bytes || f.Sum != "" && f.Sum != hexSum(sum) {
		return fmt.Errorf("read the lake: %s %w; put a copy of it in its place", path, ErrDamaged)
	}
	return nil
}

func hexSum(d *xxhash.Digest) string { return fmt.Sprintf("%016x", d.Sum64()) }

// Check compares every file of the lake in a folder with what was written, and
// tells what is damaged, all of it. A file that a running server has merged away
// meanwhile is no longer of the lake.
func Check(ctx context.Context, dir string) (files int, err error) {
	list, err := ListFiles(dir)
	if err != nil {
		return 0, err
	}
	var wrong []error
	for _, f := range list {
		if ctx.Err() != nil {
			return files, ctx.Err()
		}
		err := f.verify(dir)
		if errors.Is(err, os.ErrNotExist) && !f.current(dir) {
			continue
		}
		wrong = append(wrong, err)
		files++
	}
	return files, errors.Join(wrong...)
}

// current reports whether the manifest still names the file.
func (f File) current(dir string) bool {
	list, err := ListFiles(dir)
	if err != nil {
		return true
	}
	for _, now := range list {
		if now.Number == f.Number && now.Period == f.Period {
			return true
		}
	}
	return false
}
