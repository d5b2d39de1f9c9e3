package pebblelog

import (
	"errors"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// room is what is known of writes that found no room on the disk. The reserve
// keeps the log's own writes off that; others that fill the disk do not ask.
type room struct {
	mu      sync.Mutex
	patient bool          // since the log is open
	waiting int           // writes that wait for room
	found   time.Time     // when a write found none last
	none    chan struct{} // closed while a write waits
	ended   chan struct{} // closed to wait no longer
}

func newRoom() *room { return &room{none: make(chan struct{}), ended: make(chan struct{})} }

// begin has writes wait from now on: a log that cannot even be opened says so
// at once.
func (r *room) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.patient = true
}

// end has all writes give up that wait.
func (r *room) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.patient {
		r.patient = false
		close(r.ended)
	}
}

// out returns a channel that is closed while a write waits for room.
func (r *room) out() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.none
}

// short reports whether a write waits for room, or found none a moment ago:
// Pebble does flushes over, and between two of them none waits.
func (r *room) short() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waiting > 0 || time.Since(r.found) < tablePause
}

// waits reports whether a write waits for room.
func (r *room) waits() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waiting > 0
}

// roomPause is between two tries of a write that found no room, tablePause
// before the only other try of a table.
const (
	roomPause  = 100 * time.Millisecond
	tablePause = time.Second
)

// until repeats do while it finds no room. A table, which Pebble writes anew by
// itself, is tried once more after a pause, without which Pebble would begin
// anew at once, and then gives back the room it took.
func (r *room) until(name string, do func() error) error {
	err := do()
	if !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	r.mu.Lock()
	if !r.patient {
		r.mu.Unlock()
		return err
	}
	if r.waiting++; r.waiting == 1 {
		close(r.none)
	}
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.waiting--; err != nil {
			r.found = time.Now()
		}
		if r.waiting == 0 {
			r.none = make(chan struct{})
		}
	}()
	pause := roomPause
	if isTable(name) {
		pause = tablePause
	}
	for {
		timer := time.NewTimer(pause)
		select {
		case <-r.ended:
			timer.Stop()
			err = do() // there may be room by now
			return err
		case <-timer.C:
		}
		if err = do(); !errors.Is(err, syscall.ENOSPC) || isTable(name) {
			return err
		}
	}
}

// isTable reports whether the file is a table that a flush or compaction writes.
func isTable(name string) bool { return strings.HasSuffix(name, ".sst") }

// roomFS has writes wait for room on the disk instead of failing for the want
// of it: after a failed write of its write-ahead log, manifest or separated
// values Pebble cannot live on. An error of a sync is passed on, since what became of the bytes
// before it is not known.
type roomFS struct {
	vfs.FS
	room *room
}

// Create implements vfs.FS.
func (fs *roomFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return fs.file(name, func() (vfs.File, error) { return fs.FS.Create(name, category) })
}

// ReuseForWrite implements vfs.FS.
func (fs *roomFS) ReuseForWrite(from, to string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return fs.file(to, func() (vfs.File, error) { return fs.FS.ReuseForWrite(from, to, category) })
}

func (fs *roomFS) file(name string, open func() (vfs.File, error)) (vfs.File, error) {
	var f vfs.File
	err := fs.room.until(name, func() (err error) { f, err = open(); return err })
	if err != nil {
		return nil, err
	}
	return &roomFile{File: f, name: name, room: fs.room}, nil
}

// Link implements vfs.FS.
func (fs *roomFS) Link(from, to string) error {
	return fs.room.until(to, func() error { return fs.FS.Link(from, to) })
}

// Rename implements vfs.FS.
func (fs *roomFS) Rename(from, to string) error {
	return fs.room.until(to, func() error { return fs.FS.Rename(from, to) })
}

type roomFile struct {
	vfs.File
	name string
	room *room
}

// Write goes on where the disk was full.
func (f *roomFile) Write(p []byte) (written int, err error) {
	err = f.room.until(f.name, func() error {
		n, err := f.File.Write(p[written:])
		written += n
		return err
	})
	return written, err
}
