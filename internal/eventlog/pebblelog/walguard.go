package pebblelog

import (
	"path/filepath"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// walGuard stands between Pebble and the files of its write-ahead log, and those
// of its separated values. Pebble panics when one of them fails (while it changes
// to the next log; while it gives up a file of values) in a way that nobody can
// recover from, and the process is gone. Here the first such error fails the
// log, which then acknowledges nothing any more, and Pebble hears of no error:
// what it still writes to such files goes nowhere.
//
// That is safe: the writer looks whether the log has failed after each synced
// batch and before it answers; no write-ahead log comes after the one that
// failed, so that the next start finds its torn end where the end of a log may
// be torn; and the manifest takes nothing after a failure, so that no file of
// values counts that is not whole.
type walGuard struct {
	vfs.FS
	life *lifetime
	// nowhere takes the files that would come after a failure.
	nowhere *vfs.MemFS
}

func newWALGuard(fs vfs.FS, life *lifetime) *walGuard {
	return &walGuard{FS: fs, life: life, nowhere: vfs.NewMem()}
}

// isGuarded reports whether Pebble keeps a write-ahead log or separated values in
// the file.
func isGuarded(name string) bool {
	return strings.HasSuffix(name, ".log") || strings.HasSuffix(name, ".blob")
}

// isManifest reports whether the file is one of Pebble's manifests.
func isManifest(name string) bool { return strings.HasPrefix(filepath.Base(name), "MANIFEST-") }

// Create makes a file, nowhere if it is a guarded one after a failure.
func (g *walGuard) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	switch {
	case isGuarded(name):
		return g.guarded(category, func() (vfs.File, error) { return g.FS.Create(name, category) })
	case isManifest(name):
		f, err := g.FS.Create(name, category)
		if err != nil {
			return nil, err
		}
		return &manifestFile{File: f, life: g.life}, nil
	}
	return g.FS.Create(name, category)
}

// ReuseForWrite is Create for a file that is written over.
func (g *walGuard) ReuseForWrite(from, to string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if !isGuarded(to) {
		return g.FS.ReuseForWrite(from, to, category)
	}
	return g.guarded(category, func() (vfs.File, error) { return g.FS.ReuseForWrite(from, to, category) })
}

func (g *walGuard) guarded(category vfs.DiskWriteCategory, open func() (vfs.File, error)) (vfs.File, error) {
	if g.life.failure() == nil {
		f, err := open()
		if err == nil {
			return &walFile{File: f, life: g.life}, nil
		}
		g.life.fail(err)
	}
	return g.nowhere.Create("file", category)
}

// OpenDir opens a folder; that its entries cannot be made durable fails the log.
func (g *walGuard) OpenDir(name string) (vfs.File, error) {
	f, err := g.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &walFile{File: f, life: g.life}, nil
}

// manifestFile takes nothing after a failure.
type manifestFile struct {
	vfs.File
	life *lifetime
}

func (f *manifestFile) Write(p []byte) (int, error) {
	if err := f.life.failure(); err != nil {
		return 0, err
	}
	return f.File.Write(p)
}

// walFile fails the log instead of its writer.
type walFile struct {
	vfs.File
	life *lifetime
}

// try does something with the file unless the log has failed, which an error does.
func (f *walFile) try(do func() error) error {
	if f.life.failure() == nil {
		if err := do(); err != nil {
			f.life.fail(err)
		}
	}
	return nil
}

func (f *walFile) Write(p []byte) (int, error) {
	return len(p), f.try(func() error { _, err := f.File.Write(p); return err })
}

func (f *walFile) Sync() error     { return f.try(f.File.Sync) }
func (f *walFile) SyncData() error { return f.try(f.File.SyncData) }

func (f *walFile) SyncTo(length int64) (full bool, err error) {
	err = f.try(func() (err error) { full, err = f.File.SyncTo(length); return err })
	return full, err
}

// Close lets go of the file whether or not the log has failed.
func (f *walFile) Close() error {
	if err := f.File.Close(); err != nil {
		f.life.fail(err)
	}
	return nil
}
