package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

var (
	// ErrIncomplete: the stream ended early, or a file is not what was written.
	ErrIncomplete = errors.New("the backup is not complete")
	// ErrNotEmpty: the folder has something in it already.
	ErrNotEmpty = errors.New("the folder is not empty")
	// ErrNewer: a newer version made the backup.
	ErrNewer = errors.New("a newer version made this backup")
)

// ListFile names the list in an archive and in a folder.
const ListFile = "backup.json"

// format is that of the list.
const format = 1

// List is what a backup holds.
type List struct {
	Format int `json:"format"`
	// Version of the program that made it, and when.
	Version string    `json:"version"`
	Made    time.Time `json:"made"`
	Files   []File    `json:"files"`
}

// File is one file: its path below the folder, with slashes.
type File struct {
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Bytes is the size of all files.
func (l *List) Bytes() (n int64) {
	for _, f := range l.Files {
		n += f.Bytes
	}
	return n
}

// Write writes the regular files below a folder, in the order of their paths, and
// the list of them last. The files must not change meanwhile.
func Write(ctx context.Context, w io.Writer, folder, version string, made time.Time) error {
	out := tar.NewWriter(w)
	list := List{Format: format, Version: version, Made: made.UTC()}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		f, err := writeFile(out, path, filepath.ToSlash(name))
		list.Files = append(list.Files, f)
		return err
	})
	if err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	data, err := json.MarshalIndent(list, "", "  ")
	if err == nil {
		err = out.WriteHeader(&tar.Header{Name: ListFile, Mode: 0o600, Size: int64(len(data)), ModTime: made})
	}
	if err == nil {
		_, err = out.Write(data)
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	return nil
}

func writeFile(out *tar.Writer, path, name string) (File, error) {
	in, err := os.Open(path)
	if err != nil {
		return File{}, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return File{}, err
	}
	if err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: info.ModTime()}); err != nil {
		return File{}, err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, sum), in)
	return File{name, n, text(sum)}, err
}

func text(sum hash.Hash) string { return hex.EncodeToString(sum.Sum(nil)) }

// Read unpacks a stream into a folder, which it makes, and checks it. Errors:
// ErrIncomplete, ErrNotEmpty; then what arrived stays where it is.
func Read(ctx context.Context, r io.Reader, folder string) (*List, error) {
	if err := empty(folder); err != nil {
		return nil, err
	}
	in := tar.NewReader(r)
	sums := map[string]string{}
	for {
		head, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrIncomplete, err)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		name := filepath.FromSlash(head.Name)
		if !filepath.IsLocal(name) {
			return nil, fmt.Errorf("%w: %q lies outside of the folder", ErrIncomplete, head.Name)
		}
		sums[head.Name], err = store(filepath.Join(folder, name), in)
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil, fmt.Errorf("%w: it was cut off in %s", ErrIncomplete, head.Name)
		case err != nil:
			return nil, fmt.Errorf("unpack the backup: %w", err)
		}
	}
	list, err := read(folder)
	if err != nil {
		return nil, err
	}
	for _, f := range list.Files {
		if sums[f.Path] != f.SHA256 {
			return nil, fmt.Errorf("%w: %s did not arrive as it was sent; back up again", ErrIncomplete, f.Path)
		}
	}
	return list, nil
}

// empty makes a folder, or proves that it is empty.
func empty(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("%w: %s has %s in it; name a new one", ErrNotEmpty, folder, entries[0].Name())
	}
	return nil
}

// store writes a file to disk for good and returns its hash.
func store(path string, r io.Reader) (string, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, sum), r)
	if err == nil {
		err = out.Sync()
	}
	return text(sum), errors.Join(err, out.Close())
}

// read reads the list of a folder.
func read(folder string) (*List, error) {
	data, err := os.ReadFile(filepath.Join(folder, ListFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s has no %s; it was cut off, or is no backup", ErrIncomplete, folder, ListFile)
	}
	if err != nil {
		return nil, err
	}
	list := &List{}
	if err := json.Unmarshal(data, list); err != nil {
		return nil, fmt.Errorf("%w: %s cannot be read: %w", ErrIncomplete, ListFile, err)
	}
	if list.Format > format {
		return nil, fmt.Errorf("%w: format %d by version %s; restore it with that version or a later one", ErrNewer, list.Format, list.Version)
	}
	return list, nil
}

// Restore copies a backup's files to an empty folder, which it makes, and checks each
// on the way. Errors: ErrIncomplete, ErrNotEmpty, ErrNewer; on an error nothing
// stays in the folder.
func Restore(ctx context.Context, from, to string) (_ *List, err error) {
	list, err := read(from)
	if err != nil {
		return nil, err
	}
	if err := empty(to); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(to))
		}
	}()
	for _, f := range list.Files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		name := filepath.FromSlash(f.Path)
		if !filepath.IsLocal(name) {
			return nil, fmt.Errorf("%w: %q lies outside of the folder", ErrIncomplete, f.Path)
		}
		if err := restoreFile(filepath.Join(from, name), filepath.Join(to, name), f); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func restoreFile(from, to string, f File) error {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrIncomplete, err)
	}
	defer in.Close()
	sum, err := store(to, in)
	if err != nil {
		return fmt.Errorf("restore %s: %w", f.Path, err)
	}
	if sum != f.SHA256 {
		return fmt.Errorf("%w: %s is damaged", ErrIncomplete, f.Path)
	}
	return nil
}
