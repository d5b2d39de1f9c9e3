package pebblelog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/cockroachdb/pebble/v2"

	"playhead/internal/eventlog"
)

// formatVersion is that of the layout in doc.go. firstVersion had events in the
// database: they stay there until they are trimmed, and later ones go to segments.
const (
	firstVersion  = 1
	formatVersion = 2
)

// Log is the embedded log. All methods may be called from many goroutines.
type Log struct {
	dir        string
	opts       Options
	db         *pebble.DB
	lock       *pebble.Lock
	partitions int32

	segments *segments

	life lifetime
	room *room
	// durable is what readers may see; pending is the writer's, ahead of it by
	// the group under way.
	mu      sync.Mutex
	durable []partition
	changed chan struct{} // closed and made anew when durable grows

	queue   queue
	writer  writer
	applied chan applied // from the writer to the finisher
	// underWay is how many groups are applied and not durable, underWayBytes their size.
	underWay, underWayBytes atomic.Int64

	quit    chan struct{} // closed to end the writer
	stopped chan struct{} // closed when writer and finisher have ended
	closed  chan struct{} // closed when Close is through
	stats   counters
	sizes   sizes
}

// ErrReadOnly: the log was opened to be read only.
var ErrReadOnly = errors.New("the log was opened to be read only")

var (
	_ eventlog.Log        = (*Log)(nil)
	_ eventlog.StateStore = (*Log)(nil)
)

// partition is where one partition stands.
type partition struct {
	logs     [topicCount]extent
	progress eventlog.Progress
}

// extent is what one topic keeps of a partition: offsets [first,next). block is
// the base of the block that holds first.
type extent struct {
	first, next, block int64
}

// Open opens the log in dir, which it makes (mode 0700) if need be. The caller
// must Close it. Errors: eventlog.ErrLocked when another process, or this one,
// has it open; ErrCorrupt; a plain error when Partitions is not what is stored.
func Open(dir string, opts Options) (_ *Log, err error) {
	opts = opts.withDefaults()
	if opts.Partitions < 0 || opts.Partitions > maxPartitions {
		return nil, fmt.Errorf("open log in %s: %d partitions: must be between 1 and %d", dir, opts.Partitions, maxPartitions)
	}
	l := &Log{dir: dir, opts: opts, changed: make(chan struct{}), quit: make(chan struct{}), stopped: make(chan struct{}), closed: make(chan struct{}), room: newRoom(), applied: make(chan applied, aheadGroups)}
	l.life.init()
	l.queue.wake = make(chan struct{}, 1)
	if opts.ReadOnly {
		if _, err := opts.FS.Stat(dir); err != nil {
			return nil, fmt.Errorf("open log to read it: %w", err)
		}
	} else if err := opts.FS.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open log: make folder %s: %w", dir, err)
	}
	if l.lock, err = pebble.LockDirectory(dir, opts.FS); err != nil {
		return nil, fmt.Errorf("open log in %s: %w", dir, lockError(err))
	}
	defer func() {
		if err != nil {
			_ = l.lock.Close()
		}
	}()
	if err := l.openDB(); err != nil {
		return nil, fmt.Errorf("open log in %s: %w", dir, err)
	}
	if err := l.load(); err != nil {
		_ = l.db.Close()
		return nil, fmt.Errorf("open log in %s: %w", dir, err)
	}
	l.room.begin()
	go l.write()
	go l.finish()
	return l, nil
}

// openDB opens Pebble in a goroutine of its own, so that a fatal error of
// Pebble's, which ends that goroutine, comes back as an error.
func (l *Log) openDB() (err error) {
	po := l.opts.pebbleOptions(&pebbleLogger{log: l.opts.Logger, fail: l.life.fail})
	po.Lock = l.lock
	po.FS = newWALGuard(&roomFS{l.opts.FS, l.room}, &l.life)
	po.EventListener = &pebble.EventListener{BackgroundError: l.backgroundError, DataCorruption: l.corrupted}
	if err := checkManifest(l.opts.FS, l.dir); err != nil {
		return err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.db, err = pebble.Open(l.dir, po)
	}()
	<-done
	switch {
	case err != nil:
		return storeError(err)
	case l.db == nil:
		return l.life.failure()
	case l.life.failure() != nil:
		_ = l.db.Close()
		return l.life.failure()
	}
	l.life.onFail = l.failed
	return nil
}

// lockError tells a log in use from a folder that cannot be used.
func lockError(err error) error {
	var path *fs.PathError
	switch {
	case errors.As(err, &path): // the lock file could not be made
		return err
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EACCES), err.Error() == "lock held by current process":
		return fmt.Errorf("%w: %v", eventlog.ErrLocked, err)
	}
	return err
}

// storeError marks Pebble's own corruption errors and a full disk as ours.
func storeError(err error) error {
	switch {
	case err == nil:
		return nil
	case pebble.IsCorruptionError(err) && !errors.Is(err, eventlog.ErrCorrupt):
		return fmt.Errorf("%w: %w", eventlog.ErrCorrupt, err)
	case errors.Is(err, syscall.ENOSPC) && !errors.Is(err, eventlog.ErrFull):
		return fmt.Errorf("%w: %w", eventlog.ErrFull, err)
	}
	return err
}

// load reads the settings, or writes those of a new log, and where each
// partition stands.
func (l *Log) load() error {
	if err := l.loadSettings(); err != nil {
		return err
	}
	l.durable = make([]partition, l.partitions)
	var last int64
	for p := range l.durable {
		for t := range l.durable[p].logs {
			at, err := l.loadExtent(byte(t+1), int32(p), &l.durable[p].logs[t])
			if err != nil {
				return err
			}
			last = max(last, at)
		}
		var err error
		if l.durable[p].progress, err = l.loadProgress(int32(p)); err != nil {
			return err
		}
	}
	at, err := l.loadSegments()
	if err != nil {
		return err
	}
	l.writer.start(l.durable, max(last, at), l.opts.Clock())
	return nil
}

// loadSegments finds the events that are in segments, and the time of the last.
func (l *Log) loadSegments() (last int64, err error) {
	l.segments = newSegments(l.dir, &roomFS{l.opts.FS, l.room}, l.partitions, l.opts.SegmentBytes)
	first := make([]int64, l.partitions)
	for p := range l.durable {
		first[p] = l.durable[p].logs[topicEvents-1].first
	}
	next, last, err := l.segments.open(first, l.opts.ReadOnly)
	if err != nil {
		return 0, err
	}
	for p, next := range next {
		e := &l.durable[p].logs[topicEvents-1]
		e.next = max(e.next, next)
	}
	return last, nil
}

func (l *Log) loadSettings() error {
	value, closer, err := l.db.Get([]byte{keySettings})
	if errors.Is(err, pebble.ErrNotFound) {
		l.partitions = l.opts.Partitions
		if l.partitions == 0 {
			l.partitions = DefaultPartitions
		}
		value := binary.BigEndian.AppendUint32([]byte{formatVersion}, uint32(l.partitions))
		if err := l.db.Set([]byte{keySettings}, value, pebble.Sync); err != nil {
			return fmt.Errorf("write settings: %w", storeError(err))
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("read settings: %w", storeError(err))
	}
	defer closer.Close()
	if len(value) != 5 {
		return fmt.Errorf("%w: settings take %d bytes", eventlog.ErrCorrupt, len(value))
	}
	if value[0] < firstVersion || value[0] > formatVersion {
		return fmt.Errorf("format version %d is not known; this program knows %d", value[0], formatVersion)
	}
	l.partitions = int32(binary.BigEndian.Uint32(value[1:]))
	if l.partitions < 1 || l.partitions > maxPartitions {
		return fmt.Errorf("%w: settings say %d partitions", eventlog.ErrCorrupt, l.partitions)
	}
	if l.opts.Partitions != 0 && l.opts.Partitions != l.partitions {
		return fmt.Errorf("it was made with %d partitions and cannot be opened with %d; the number is fixed", l.partitions, l.opts.Partitions)
	}
	if value[0] == formatVersion || l.opts.ReadOnly {
		return nil
	}
	// A program that knows no segments must not take the log for shorter than it is.
	if err := l.db.Set([]byte{keySettings}, append([]byte{formatVersion}, value[1:]...), pebble.Sync); err != nil {
		return fmt.Errorf("write settings: %w", storeError(err))
	}
	return nil
}

// loadExtent finds the first and next offset and the time of the last block.
func (l *Log) loadExtent(topic byte, p int32, to *extent) (last int64, err error) {
	if to.first, last, err = l.loadTrim(topic, p); err != nil {
		return 0, err
	}
	to.next, to.block = to.first, to.first
	lower, upper := blockBounds(topic, p)
	it, err := l.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return 0, storeError(err)
	}
	defer func() { err = errors.Join(err, storeError(it.Close())) }()
	if it.First() {
		to.block = blockBase(it.Key())
	}
	if !it.Last() {
		return last, storeError(it.Error())
	}
	b, err := valueBlock(it, topic, p)
	if err != nil {
		return 0, err
	}
	to.next = b.end()
	return max(last, b.receivedAt), nil
}

// loadTrim reads the first kept offset and the time of the last record at that moment.
func (l *Log) loadTrim(topic byte, p int32) (first, last int64, err error) {
	value, closer, err := l.db.Get(trimKey(topic, p))
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, storeError(err)
	}
	defer closer.Close()
	if len(value) != 16 {
		return 0, 0, corrupt(topic, p, 0, "the trim mark is malformed")
	}
	return int64(binary.BigEndian.Uint64(value)), int64(binary.BigEndian.Uint64(value[8:])), nil
}

func (l *Log) loadProgress(p int32) (eventlog.Progress, error) {
	value, closer, err := l.db.Get(progressKey(p))
	if errors.Is(err, pebble.ErrNotFound) {
		return eventlog.Progress{}, nil
	}
	if err != nil {
		return eventlog.Progress{}, storeError(err)
	}
	defer closer.Close()
	if len(value) != 16 {
		return eventlog.Progress{}, fmt.Errorf("%w: the progress of partition %d is malformed", eventlog.ErrCorrupt, p)
	}
	return eventlog.Progress{
		Committed: int64(binary.BigEndian.Uint64(value)), Snapshot: int64(binary.BigEndian.Uint64(value[8:])),
	}, nil
}

// Close waits for writes under way and readers, stops the writer and releases
// the folder. Waiting readers get ErrClosed; writes that wait for room on the
// disk give up, which fails the log. A second call only waits for the first. A failed log keeps its folder locked until the process ends, because
// what is left of the database may still touch its files.
func (l *Log) Close() error {
	if !l.life.close() {
		<-l.closed
		return nil
	}
	defer close(l.closed)
	l.room.end()
	l.life.drain()
	l.settle()
	close(l.quit)
	// Pebble waits for its flushes, and forever for one that a failure has ended.
	closed := make(chan error, 1)
	go func() {
		<-l.stopped
		if l.life.failure() == nil {
			closed <- errors.Join(l.segments.close(), l.db.Close())
		}
	}()
	select {
	case err := <-closed:
		if err := errors.Join(err, l.lock.Close()); err != nil {
			return fmt.Errorf("close log: %w", storeError(err))
		}
		return nil
	case <-l.life.broken:
		return fmt.Errorf("close log: %w", l.life.failure())
	}
}

// failed is called once, when the log fails for good.
func (l *Log) failed(err error) {
	l.opts.Logger.Error("the log has failed and takes nothing until the program starts again", "error", err)
	if l.opts.OnFailure != nil {
		l.opts.OnFailure(err)
	}
}

// corrupted hears of a file that is not what was written. Nothing that depends on
// it may go on.
func (l *Log) corrupted(info pebble.DataCorruptionInfo) {
	l.life.fail(fmt.Errorf("%w: %s: %w", eventlog.ErrCorrupt, info.Path, info.Details))
}

// backgroundError hears of flushes and compactions that failed; Pebble tries
// them again.
func (l *Log) backgroundError(err error) {
	l.stats.backgroundErrors.Add(1)
	l.opts.Logger.Error("pebble: background work failed", "error", err)
}
