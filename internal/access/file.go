package access

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// stamp tells one version of the file from another without reading it.
type stamp struct {
	inode    uint64
	size     int64
	modified time.Time
	mode     fs.FileMode // another one may mend a file that others could read
}

type document struct {
	sealed
	Keys []Key `json:"keys"`
}

// change reads the file, applies fn and replaces the file, under a lock that
// other processes respect, so that no two of them lose each other's keys.
func (s *Store) change(fn func([]Key) ([]Key, error)) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	unlock, err := lock(s.path + ".lock")
	if err != nil {
		return err
	}
	defer unlock()
	keys, _, err := read(s.path)
	if err != nil {
		return err
	}
	if keys, err = fn(keys); err != nil {
		return err
	}
	if err := write(s.path, keys); err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	return s.reload()
}

// refresh reads the file if it is not the one that was read last, and says what
// is wrong with it either way.
func (s *Store) refresh() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, err := stampOf(s.path)
	if err != nil {
		return err
	}
	if now != s.seen.at {
		s.seen.at, s.seen.err = s.load()
	}
	return s.seen.err
}

func (s *Store) reload() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen.at, s.seen.err = s.load()
	return s.seen.err
}

// load reads the file, under mu. When it cannot be used the keys stay as they were.
func (s *Store) load() (stamp, error) {
	keys, at, err := read(s.path)
	if err != nil {
		return at, err
	}
	next := &index{all: keys, byHash: make(map[secretHash]*entry, len(keys))}
	for _, k := range keys {
		h, err := k.secretHash()
		if err != nil {
			return at, err
		}
		if k.Active() {
			next.byHash[h] = &entry{hash: h, key: k}
		}
	}
	s.active.Store(next)
	return at, nil
}

// read is the keys in the file; a file that is not there has none. With an error
// that is the file's own comes its stamp; one of reading comes without, so that
// the same file is tried again.
func read(path string) ([]Key, stamp, error) {
	at, err := stampOf(path)
	if err != nil || at == (stamp{}) {
		return nil, at, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, stamp{}, fmt.Errorf("read the key file: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, at, fmt.Errorf("the key file %s has mode %04o and can be read by others; mend it with: chmod 600 %s", path, mode, path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, stamp{}, fmt.Errorf("read the key file: %w", err)
	}
	var doc document
	if err := doc.open(data, &doc); err != nil {
		return nil, at, fmt.Errorf("read the key file %s: %w", path, err)
	}
	return doc.Keys, at, nil
}

func stampOf(path string) (stamp, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return stamp{}, nil
	}
	if err != nil {
		return stamp{}, fmt.Errorf("look at the key file: %w", err)
	}
	st := stamp{size: info.Size(), modified: info.ModTime(), mode: info.Mode()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		st.inode = sys.Ino
	}
	return st, nil
}

func write(path string, keys []Key) error {
	doc := document{Keys: keys}
	data, err := doc.seal(&doc)
	if err != nil {
		return err
	}
	return replace(path, data)
}

// replace writes a file as a whole, durably, readable by its owner alone.
func replace(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// lock takes the exclusive lock of the key file, waiting for it.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the key file: %w", err)
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock the key file: %w", err)
	}
	// Closing the file lets go of the lock.
	return func() { f.Close() }, nil
}
