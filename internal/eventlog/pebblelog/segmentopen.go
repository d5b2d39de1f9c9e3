package pebblelog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/zeebo/xxh3"

	"playhead/internal/eventlog"
)

// open finds the segments in the folder and where the last one ends. first are the
// first kept offsets by partition. It returns the next offsets, nil when there is
// no segment, and when a record was received last. What was let go of, and the end
// that a crash has torn off, is removed unless the log is only read.
func (s *segments) open(first []int64, readOnly bool) (next []int64, last int64, err error) {
	w := new(window)
	defer func() { err = errors.Join(err, w.close()) }()
	if err := s.openList(first, readOnly, w); err != nil || len(s.list) == 0 {
		return nil, 0, err
	}
	g := s.list[len(s.list)-1]
	if err := errors.Join(w.close(), s.openTo(g, w)); err != nil {
		return nil, 0, err
	}
	if next, last, err = s.recover(g, w); err != nil {
		return nil, 0, err
	}
	if readOnly {
		return next, last, nil
	}
	// What an ended process wrote may not be durable yet, and will be acted on.
	f, err := s.fs.OpenReadWrite(s.path(g.number), vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, 0, fmt.Errorf("open %s: %w", segmentName(g.number), err)
	}
	if err := errors.Join(f.Sync(), f.Close(), syncFolder(s.fs, s.dir)); err != nil {
		return nil, 0, fmt.Errorf("sync %s: %w", segmentName(g.number), err)
	}
	return next, last, nil
}

func (w *window) close() error {
	if w.f == nil {
		return nil
	}
	err := w.f.Close()
	w.f, w.buf = nil, w.buf[:0]
	return err
}

// openList reads the beginnings of the segments that are there.
func (s *segments) openList(first []int64, readOnly bool, w *window) error {
	names, err := s.fs.List(s.dir)
	if err != nil {
		return err
	}
	var numbers []uint64
	for _, name := range names {
		if n, ok := segmentNumber(name); ok {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		g := &segment{segmentHead: segmentHead{number: n}}
		if err := errors.Join(w.close(), s.openTo(g, w)); err != nil {
			return err
		}
		var torn bool
		if g.segmentHead, torn, err = readSegmentHead(w, n, s.partitions); err != nil {
			return err
		}
		if torn && i < len(numbers)-1 {
			return fmt.Errorf("%w: %s is cut short", eventlog.ErrCorrupt, segmentName(n))
		}
		if torn { // begun, and nothing in it was acknowledged
			if !readOnly {
				err = errors.Join(w.close(), s.fs.Remove(s.path(n)))
			}
			return err
		}
		g.size.Store(w.size)
		if err := s.adopt(g, first, readOnly); err != nil {
			return err
		}
	}
	return nil
}

// adopt puts a segment behind those before it. A gap may only be before what is kept.
func (s *segments) adopt(g *segment, first []int64, readOnly bool) error {
	if n := len(s.list); n > 0 {
		before := s.list[n-1]
		trimmed := allBefore(g.start, first)
		if before.number+1 != g.number && !trimmed {
			return fmt.Errorf("%w: %s is missing", eventlog.ErrCorrupt, segmentName(before.number+1))
		}
		if !allBefore(before.start, g.start) {
			return fmt.Errorf("%w: %s begins before the one before it", eventlog.ErrCorrupt, segmentName(g.number))
		}
		if trimmed {
			for _, old := range s.list {
				if readOnly {
					continue
				}
				if err := s.fs.Remove(s.path(old.number)); err != nil {
					return fmt.Errorf("remove %s: %w", segmentName(old.number), err)
				}
			}
			s.list = s.list[:0]
		}
	}
	s.list = append(s.list, g)
	return nil
}

// recover reads the last segment to where it ends: a batch that is not whole was not
// acknowledged, since a crash tore it, unless it is damaged.
func (s *segments) recover(g *segment, w *window) (next []int64, last int64, err error) {
	next, last = slices.Clone(g.start), g.last
	at := segmentHeadBytes(s.partitions)
	g.marks = []mark{{at: at, next: g.start}}
	var h batchHead
	for at < w.size {
		ok, err := readBatchHead(w, g.number, at, &h)
		to, received := h.end, int64(0)
		if err == nil && !ok {
			to, err = headEnd(w, g.number, at)
		}
		if err == nil && ok && h.end <= w.size {
			received, ok, err = s.whole(w, h.refs)
		}
		if err != nil {
			return nil, 0, fmt.Errorf("read %s: %w", segmentName(g.number), err)
		}
		if !ok || h.end > w.size {
			if err := torn(w, g.number, at, to); err != nil {
				return nil, 0, err
			}
			break
		}
		if !follow(next, h.refs) {
			return nil, 0, fmt.Errorf("%w: %s: the batch at byte %d does not follow the one before it", eventlog.ErrCorrupt, segmentName(g.number), at)
		}
		at, last = h.end, max(last, received)
		if at-g.marks[len(g.marks)-1].at >= s.stride() {
			g.marks = append(g.marks, mark{at: at, next: slices.Clone(next)})
		}
	}
	g.size.Store(at)
	return next, last, nil
}

// whole reports whether the blocks of a batch are what was written, and when the
// latest was received.
func (s *segments) whole(w *window, refs []ref) (received int64, ok bool, err error) {
	for i := range refs {
		r := &refs[i]
		data, err := w.bytes(r.at, r.size)
		if err != nil {
			return 0, false, err
		}
		b, err := openBlock(topicEvents, r.partition, r.base, data)
		if errors.Is(err, eventlog.ErrCorrupt) || err == nil && b.count != r.count {
			return 0, false, nil
		}
		if err != nil {
			return 0, false, err
		}
		received = max(received, b.receivedAt)
	}
	return received, true, nil
}

// headEnd is where the beginning of a batch ends that does not match its checksum,
// past the end of the file if it was cut short. Damage to the number of blocks must
// not look like that.
func headEnd(w *window, number uint64, at int64) (int64, error) {
	const most = 64
	left := w.size - at
	if left < batchFixed+8 {
		return at + batchFixed + 8, nil
	}
	data, err := w.bytes(at, min(left, batchFixed+most*refBytes+8))
	if err != nil {
		return 0, err
	}
	n := int64(binary.LittleEndian.Uint32(data[4:]))
	mended := bytes.Clone(data)
	binary.LittleEndian.PutUint32(mended, batchMark)
	for try := int64(1); try <= most; try++ {
		size := batchFixed + try*refBytes
		if size+8 > int64(len(mended)) {
			break
		}
		binary.LittleEndian.PutUint32(mended[4:], uint32(try))
		if xxh3.HashSeed(mended[:size], batchSeed(number, at)) == binary.LittleEndian.Uint64(mended[size:]) {
			n = try
		}
	}
	return at + batchFixed + n*refBytes + 8, nil
}

// torn tells a batch that a crash has cut short from one that is damaged.
func torn(w *window, number uint64, from, to int64) error {
	if to > w.size {
		return nil
	}
	lost, err := w.unwritten(from, to)
	if err != nil {
		return fmt.Errorf("read %s: %w", segmentName(number), err)
	}
	if lost {
		return nil
	}
	return fmt.Errorf("%w: %s: the batch at byte %d does not match its checksum", eventlog.ErrCorrupt, segmentName(number), from)
}

// backup copies the segments into another folder: whole ones are linked, and of the
// one that is written what is durable is copied.
func (s *segments) backup(dir string) error {
	s.mu.RLock()
	list := slices.Clone(s.list)
	active, last := s.active, s.last
	s.mu.RUnlock()
	for _, g := range list {
		name := s.fs.PathJoin(dir, segmentName(g.number))
		var err error
		if g == last {
			err = s.copy(g, name, active.synced.Load())
		} else {
			err = vfs.LinkOrCopy(s.fs, s.path(g.number), name)
		}
		if err != nil {
			return fmt.Errorf("copy %s: %w", segmentName(g.number), err)
		}
	}
	return syncFolder(s.fs, dir)
}

func (s *segments) copy(g *segment, name string, size int64) (err error) {
	w := new(window)
	if err := s.openTo(g, w); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	to, err := s.fs.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	for at := int64(0); at < size; {
		n := min(size-at, 1<<20)
		data, err := w.bytes(at, n)
		if err != nil {
			return err
		}
		if _, err := to.Write(data); err != nil {
			return err
		}
		at += n
	}
	return to.Sync()
}

// hold keeps segments from being removed until release.
func (s *segments) hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held++
}

func (s *segments) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held--
}
