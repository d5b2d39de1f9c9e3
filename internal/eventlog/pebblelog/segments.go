package pebblelog

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"

	"playhead/internal/eventlog"
)

const (
	// markBytes is how far apart the places are that are remembered of a segment:
	// further apart where a place takes more memory.
	markBytes = 256 << 10
	// A segment that is older than segmentAge, ms, ends at segmentLeast already, so
	// that what was trimmed does not stay on the disk for long.
	segmentAge   = 10 * 60_000
	segmentLeast = 1 << 20
	// directBytes is the size from which a block is written from where it is and
	// not gathered with others first.
	directBytes = 32 << 10
)

// segments are the files that events are in. One goroutine, the writer, appends and
// begins new ones; the finisher syncs and removes.
type segments struct {
	dir        string
	fs         vfs.FS
	partitions int32
	limit      int64 // bytes of a file
	windows    sync.Pool

	mu   sync.RWMutex
	list []*segment // by number, without gaps
	held int        // nothing is removed while backups are made

	// The writer's.
	active *segmentFile // nil before the first batch
	last   *segment     // what active writes
	made   int64        // when, epoch ms
	gather []byte
}

// segment is one file. marks and size of the last one grow.
type segment struct {
	segmentHead
	size  atomic.Int64
	marks []mark // under segments.mu; empty until a segment of an earlier life is read
}

// mark is where a batch begins, and the next offsets there.
type mark struct {
	at   int64
	next []int64
}

// segmentFile is a segment that is written.
type segmentFile struct {
	vfs.File
	synced atomic.Int64 // bytes that are durable
	size   atomic.Int64 // bytes that are written
}

// sync makes the first bytes durable, and whatever else is written by now.
func (f *segmentFile) sync(to int64) error {
	if f.synced.Load() >= to {
		return nil
	}
	to = f.size.Load()
	if err := f.SyncData(); err != nil {
		return err
	}
	f.synced.Store(max(to, f.synced.Load()))
	return nil
}

func newSegments(dir string, fs vfs.FS, partitions int32, limit int64) *segments {
	s := &segments{dir: dir, fs: fs, partitions: partitions, limit: limit}
	s.windows.New = func() any { return new(window) }
	return s
}

func (s *segments) path(number uint64) string { return s.fs.PathJoin(s.dir, segmentName(number)) }

// begin is the first offset of a partition that would be in a segment: earlier ones
// are in the database, where a program before segments put them.
func (s *segments) begin(p int32) int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if len(s.list) == 0 {
		return math.MaxInt64
	}
	return s.list[0].start[p]
}

// readyBlock is a block that is to be written.
type readyBlock struct {
	ref
	data []byte
}

// written is where a batch lies.
type written struct {
	file    *segmentFile
	to      int64        // the end of the batch
	bytes   int64        // its size
	retired *segmentFile // what was written before it and is not any more
}

// append writes a batch of blocks; before are the next offsets without it, last the
// time of what was received before, now the time that it is given. It is durable
// once the file is synced.
func (s *segments) append(blocks []readyBlock, before []int64, last, now int64) (w written, err error) {
	size := int64(0)
	for i := range blocks {
		size += int64(len(blocks[i].data))
	}
	if s.active != nil {
		at := s.active.size.Load()
		if at > segmentHeadBytes(s.partitions) && (at+size > s.limit || at >= segmentLeast && now-s.made > segmentAge) {
			if w.retired, err = s.retire(); err != nil {
				return written{}, err
			}
		}
	}
	if s.active == nil {
		if err := s.create(before, last, now); err != nil {
			return written{}, fmt.Errorf("begin a segment of events: %w", err)
		}
	}
	at := s.active.size.Load()
	refs := make([]ref, len(blocks))
	for i := range blocks {
		refs[i] = blocks[i].ref
		refs[i].size = int64(len(blocks[i].data))
	}
	s.gather = appendBatchHead(s.gather[:0], s.last.number, at, refs)
	size += int64(len(s.gather))
	for i := range blocks {
		if len(blocks[i].data) < directBytes {
			s.gather = append(s.gather, blocks[i].data...)
			continue
		}
		if err := s.write(s.gather); err != nil {
			return written{}, err
		}
		s.gather = s.gather[:0]
		if err := s.write(blocks[i].data); err != nil {
			return written{}, err
		}
	}
	if err := s.write(s.gather); err != nil {
		return written{}, err
	}
	s.grown(at, at+size, before)
	w.file, w.to, w.bytes = s.active, at+size, size
	return w, nil
}

func (s *segments) write(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	if _, err := s.active.Write(data); err != nil {
		return fmt.Errorf("write %s: %w", segmentName(s.last.number), err)
	}
	return nil
}

// grown notes a batch of the last segment.
func (s *segments) grown(at, end int64, before []int64) {
	s.last.size.Store(end)
	s.active.size.Store(end)
	if at-s.last.marks[len(s.last.marks)-1].at < s.stride() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last.marks = append(s.last.marks, mark{at: at, next: slices.Clone(before)})
}

func (s *segments) stride() int64 { return max(markBytes, int64(s.partitions)<<10) }

// retire ends the segment that is written. All of it is durable before the next one
// begins, which says where this one ends.
func (s *segments) retire() (*segmentFile, error) {
	f := s.active
	if err := f.sync(f.size.Load()); err != nil {
		return nil, fmt.Errorf("sync %s: %w", segmentName(s.last.number), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active, s.last = nil, nil
	return f, nil
}

// create begins a segment.
func (s *segments) create(before []int64, last, now int64) error {
	h := segmentHead{number: 1, last: last, start: slices.Clone(before)}
	s.mu.RLock()
	if n := len(s.list); n > 0 {
		h.number = s.list[n-1].number + 1
	}
	s.mu.RUnlock()
	file, err := s.fs.Create(s.path(h.number), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	data := h.append(nil)
	_, err = file.Write(data)
	if err = errors.Join(err, file.Sync(), syncFolder(s.fs, s.dir)); err != nil {
		return errors.Join(err, file.Close())
	}
	size := int64(len(data))
	f := &segmentFile{File: file}
	f.size.Store(size)
	f.synced.Store(size)
	g := &segment{segmentHead: h, marks: []mark{{at: size, next: h.start}}}
	g.size.Store(size)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, g)
	s.active, s.last, s.made = f, g, now
	return nil
}

// close lets go of the segment that is written.
func (s *segments) close() error {
	if s.active == nil {
		return nil
	}
	return s.active.Close()
}

func syncFolder(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// drop removes the segments that hold nothing at or after the first offsets.
func (s *segments) drop(first []int64) error {
	var gone []uint64
	s.mu.Lock()
	for s.held == 0 && len(s.list) > 1 && allBefore(s.list[1].start, first) {
		gone = append(gone, s.list[0].number)
		s.list = slices.Delete(s.list, 0, 1)
	}
	s.mu.Unlock()
	var errs []error
	for _, number := range gone {
		if err := s.fs.Remove(s.path(number)); err != nil {
			errs = append(errs, fmt.Errorf("remove %s: %w", segmentName(number), err))
		}
	}
	return errors.Join(errs...)
}

// allBefore reports whether each of a is at most its like in b.
func allBefore(a, b []int64) bool {
	for i := range a {
		if a[i] > b[i] {
			return false
		}
	}
	return true
}

// bytes is how much all segments take.
func (s *segments) bytes() uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var n int64
	for _, g := range s.list {
		n += g.size.Load()
	}
	return uint64(n)
}

// find returns the segment that holds an offset of a partition, open, where to
// begin to look in it, and the offset at which the next one begins. Nil when none
// can hold it: then it was let go of, or is in the database.
func (s *segments) find(p int32, offset int64, w *window) (g *segment, at, limit int64, err error) {
	for {
		s.mu.RLock()
		i := sort.Search(len(s.list), func(i int) bool { return s.list[i].start[p] > offset }) - 1
		if i < 0 {
			s.mu.RUnlock()
			return nil, 0, 0, nil
		}
		g = s.list[i]
		limit = math.MaxInt64
		var end []int64
		if i+1 < len(s.list) {
			end = s.list[i+1].start
			limit = end[p]
		}
		if w.f == nil {
			// While it is open it may be removed.
			err = s.openTo(g, w)
		}
		marked := len(g.marks) > 0
		if marked {
			k := sort.Search(len(g.marks), func(k int) bool { return g.marks[k].next[p] > offset }) - 1
			at = g.marks[k].at
		}
		s.mu.RUnlock()
		if err != nil || marked {
			return g, at, limit, err
		}
		if err := s.survey(g, end, w); err != nil {
			return g, 0, 0, err
		}
	}
}

func (s *segments) openTo(g *segment, w *window) error {
	f, err := s.fs.Open(s.path(g.number))
	if err != nil {
		return fmt.Errorf("open %s: %w", segmentName(g.number), err)
	}
	if err := w.open(f); err != nil {
		w.f = nil
		return errors.Join(fmt.Errorf("open %s: %w", segmentName(g.number), err), f.Close())
	}
	return nil
}

// survey finds the marks of a segment of an earlier life, which ends where the next
// one begins.
func (s *segments) survey(g *segment, end []int64, w *window) error {
	at := segmentHeadBytes(s.partitions)
	next := slices.Clone(g.start)
	marks := []mark{{at: at, next: g.start}}
	var h batchHead
	for !slices.Equal(next, end) {
		ok, err := readBatchHead(w, g.number, at, &h)
		if err != nil {
			return fmt.Errorf("read %s: %w", segmentName(g.number), err)
		}
		if !ok || h.end > w.size || !follow(next, h.refs) || !allBefore(next, end) {
			return fmt.Errorf("%w: %s: the batch at byte %d is not what was written", eventlog.ErrCorrupt, segmentName(g.number), at)
		}
		if at = h.end; at-marks[len(marks)-1].at >= s.stride() {
			marks = append(marks, mark{at: at, next: slices.Clone(next)})
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g.marks = marks
	return nil
}

// follow moves the next offsets on by the blocks; false if those do not come next.
func follow(next []int64, refs []ref) bool {
	for i := range refs {
		r := &refs[i]
		if r.partition < 0 || int(r.partition) >= len(next) || next[r.partition] != r.base || r.count == 0 {
			return false
		}
		next[r.partition] = r.end()
	}
	return true
}
