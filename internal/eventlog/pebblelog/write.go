package pebblelog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"playhead/internal/eventlog"
)

const (
	// groupBytes is the size after which no further call joins a group.
	groupBytes = 4 << 20
	// aheadBytes is what must wait before a group is made of it while another one
	// is on its way to the disk. Small calls share a sync instead.
	aheadBytes = 64 << 10
	// aheadGroups may be on their way to the disk behind the one that is synced.
	aheadGroups = 4
)

// errWaits is what calls get that are not to wait behind a write that waits.
var errWaits = fmt.Errorf("%w: a write waits for room", eventlog.ErrFull)

// call is one Append, Commit or Trim on its way to the writer.
type call struct {
	topic   byte
	records []eventlog.Record
	txs     []eventlog.Transaction
	trim    *eventlog.Cursor
	size    int
	err     error
	copied  chan struct{} // closed when records and txs are no longer needed
	done    chan struct{} // closed when err is final
}

func newCall(topic byte) *call {
	return &call{topic: topic, copied: make(chan struct{}), done: make(chan struct{})}
}

// queue holds the calls that wait for the writer.
type queue struct {
	mu    sync.Mutex
	calls []*call
	wake  chan struct{}
}

func (q *queue) push(c *call) {
	q.mu.Lock()
	q.calls = append(q.calls, c)
	q.mu.Unlock()
	q.signal()
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// remove takes c back unless the writer has it already.
func (q *queue) remove(c *call) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.calls, c)
	if i < 0 {
		return false
	}
	q.calls = slices.Delete(q.calls, i, i+1)
	return true
}

// take moves the next group to the writer, in order of arrival. Below least bytes
// it leaves them where they are.
func (q *queue) take(least int) []*call {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, size := 0, 0
	for n < len(q.calls) && (n == 0 || size+q.calls[n].size <= groupBytes) {
		size += q.calls[n].size
		n++
	}
	if n == 0 || size < least {
		return nil
	}
	group := slices.Clone(q.calls[:n])
	q.calls = slices.Delete(q.calls, 0, n)
	return group
}

// Append implements eventlog.Log. When ctx ends before the writer took the
// call nothing is written; after that Append waits for the outcome.
func (l *Log) Append(ctx context.Context, topic eventlog.Topic, records []eventlog.Record) error {
	t, err := topicNumber(topic)
	if err != nil {
		return fmt.Errorf("append: %w", err)
	}
	c := newCall(t)
	c.records = records
	for i := range records {
		if err := l.checkPartition(records[i].Partition); err != nil {
			return fmt.Errorf("append: %w", err)
		}
		c.size += len(records[i].Data) + 2
	}
	if err := l.submit(ctx, c, len(records) == 0); err != nil {
		return fmt.Errorf("append: %w", err)
	}
	return nil
}

// Commit implements eventlog.Log. Several transactions of one partition must
// follow on each other. State without Snapshot is an error.
func (l *Log) Commit(ctx context.Context, txs []eventlog.Transaction) error {
	c := newCall(topicFacts)
	c.txs = txs
	for i := range txs {
		tx := &txs[i]
		if err := l.checkPartition(tx.Partition); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
		if tx.From < 0 || tx.To < tx.From {
			return fmt.Errorf("commit: partition %d: input [%d,%d) is no range", tx.Partition, tx.From, tx.To)
		}
		if !tx.Snapshot && len(tx.State) > 0 {
			return fmt.Errorf("commit: partition %d: state without snapshot", tx.Partition)
		}
		for _, o := range tx.Output {
			c.size += len(o) + 2
		}
		for _, kv := range tx.State {
			c.size += len(kv.Key) + len(kv.Value) + 16
		}
	}
	if err := l.submit(ctx, c, len(txs) == 0); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// Trim implements eventlog.Log. An offset past the end means the end.
func (l *Log) Trim(ctx context.Context, topic eventlog.Topic, before eventlog.Cursor) error {
	t, err := topicNumber(topic)
	if err != nil {
		return fmt.Errorf("trim: %w", err)
	}
	if err := l.checkPartition(before.Partition); err != nil {
		return fmt.Errorf("trim: %w", err)
	}
	c := newCall(t)
	c.trim = &before
	if err := l.submit(ctx, c, false); err != nil {
		return fmt.Errorf("trim: %w", err)
	}
	return nil
}

// submit hands c to the writer and waits for its outcome.
func (l *Log) submit(ctx context.Context, c *call, empty bool) error {
	if l.opts.ReadOnly {
		return ErrReadOnly
	}
	if err := l.life.begin(); err != nil {
		return err
	}
	defer l.life.end()
	if err := ctx.Err(); err != nil || empty {
		return err
	}
	l.queue.push(c)
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		if l.queue.remove(c) {
			return ctx.Err()
		}
	case <-l.life.broken:
		if l.queue.remove(c) {
			return l.life.failure()
		}
	case <-l.outOfRoom(c):
		if l.queue.remove(c) {
			return errWaits
		}
	}
	select {
	case <-c.done:
		return c.err
	case <-l.life.broken:
	}
	// The writer has the call and may never come back from the database, but
	// it must not read the caller's records after this.
	<-c.copied
	return l.life.failure()
}

// writer is the state of the writing goroutine; nothing else touches it, but
// stamp.last is read.
type writer struct {
	pending  []partition // durable plus the groups under way
	last     int64       // ReceivedAt of the group that is made
	stamp    stamp
	builders [topicCount][]blockBuilder

	// Of events: next offsets and ReceivedAt before the group, its blocks, and memory
	// for further ones.
	before     []int64
	lastBefore int64
	ready      []readyBlock
	free       [][]byte
}

func (w *writer) start(durable []partition, last, now int64) {
	w.pending = slices.Clone(durable)
	w.before = make([]int64, len(durable))
	w.last = last
	w.stamp.start(last, now)
	for t := range w.builders {
		w.builders[t] = make([]blockBuilder, len(durable))
	}
}

// applied is a group that the database and the segments have and that may not be
// durable yet.
type applied struct {
	group  []*call
	batch  *pebble.Batch // nil when the database has nothing of it
	events written       // file is nil when there are none
	size   int64
	at     []partition // where the log stands with it
	trim   bool        // it trims events
}

// write is the writer: it lives from Open until Close, or until the log fails.
// While a group is synced it makes the next one, if enough waits.
func (l *Log) write() {
	defer close(l.applied)
	for {
		least := 0
		if l.underWay.Load() > 0 {
			least = aheadBytes
		}
		if group := l.queue.take(least); group != nil {
			l.writeGroup(group)
			continue
		}
		select {
		case <-l.queue.wake:
		case <-l.life.broken:
			return
		case <-l.quit:
			return
		}
	}
}

// writeGroup makes one batch of the calls and hands it to the finisher; a group
// that does not get there is answered, whatever happens: a fatal error of
// Pebble's ends this goroutine on the way.
func (l *Log) writeGroup(group []*call) {
	copied, handed := false, false
	defer func() {
		for _, c := range group {
			if !copied {
				close(c.copied)
			}
			if !handed {
				c.err = l.life.failure()
				close(c.done)
			}
		}
	}()
	// At once as large as it will be: growing copies it, again and again.
	b := l.db.NewBatchWithSize(sizeInDatabase(group))
	err := l.build(b, group)
	for _, c := range group {
		close(c.copied)
	}
	copied = true
	group = answerRefused(group)
	a := applied{group: group}
	if w := &l.writer; err == nil && len(w.ready) > 0 {
		a.events, err = l.segments.append(w.ready, w.before, w.lastBefore, w.last)
		w.reuse()
	}
	if err == nil && !b.Empty() {
		err = l.db.ApplyNoSyncWait(b, pebble.Sync)
	}
	if err != nil {
		l.life.fail(err)
	}
	if l.life.failure() != nil {
		return
	}
	a.at = slices.Clone(l.writer.pending)
	a.trim = slices.ContainsFunc(group, func(c *call) bool { return c.trim != nil && c.topic == topicEvents })
	if a.size = a.events.bytes; !b.Empty() {
		a.batch, a.size = b, a.size+int64(b.Len())
	}
	l.underWay.Add(1)
	l.underWayBytes.Add(a.size)
	select {
	case l.applied <- a:
		handed = true
	case <-l.life.broken:
	}
}

// answerRefused answers calls that left nothing in the batch, which are not to wait
// for a sync, and returns the others.
func answerRefused(group []*call) []*call {
	return slices.DeleteFunc(group, func(c *call) bool {
		if c.err != nil {
			close(c.done)
		}
		return c.err != nil
	})
}

// finish is the finisher: it waits for the groups in their order, until the
// writer has ended.
func (l *Log) finish() {
	defer close(l.stopped)
	for a := range l.applied {
		l.finishGroup(a)
	}
}

// finishGroup waits until a group is durable, shows it to readers and answers its calls.
func (l *Log) finishGroup(a applied) {
	if l.life.failure() == nil {
		if err := a.sync(); err != nil {
			l.life.fail(err)
		}
	}
	// A failed log acknowledges nothing, whatever Pebble says: see walGuard.
	err := l.life.failure()
	if err == nil && (a.batch != nil || a.events.file != nil) {
		l.publish(a.at)
		l.stats.group(a.group)
	}
	if err == nil && a.trim {
		if err := l.dropSegments(); err != nil {
			l.backgroundError(err)
		}
	}
	l.underWay.Add(-1)
	l.underWayBytes.Add(-a.size)
	l.queue.signal() // less than aheadBytes may wait
	for _, c := range a.group {
		if err != nil {
			c.err = err
		}
		close(c.done)
	}
}

// sync returns when the group is durable.
func (a *applied) sync() error {
	var errs []error
	if f := a.events.file; f != nil {
		errs = append(errs, f.sync(a.events.to))
		if old := a.events.retired; old != nil {
			errs = append(errs, old.Close()) // groups before this one were synced
		}
	}
	if a.batch != nil {
		if err := a.batch.SyncWait(); err != nil {
			return errors.Join(append(errs, err)...)
		}
		_ = a.batch.Close()
	}
	return errors.Join(errs...)
}

// publish shows readers what has become durable and wakes those who wait.
func (l *Log) publish(at []partition) {
	l.mu.Lock()
	defer l.mu.Unlock()
	copy(l.durable, at)
	close(l.changed)
	l.changed = make(chan struct{})
}

// outOfRoom is closed when c is not to wait for a writer that waits for room. A
// trim waits: it is to work on a full disk.
func (l *Log) outOfRoom(c *call) <-chan struct{} {
	if c.trim != nil {
		return nil
	}
	return l.room.out()
}

// sizeOf is about what the group takes in a batch, in bytes.
func sizeOf(group []*call) int {
	size := 0
	for _, c := range group {
		size += c.size
	}
	return size
}

// sizeInDatabase is the same without events.
func sizeInDatabase(group []*call) int {
	size := 0
	for _, c := range group {
		if c.topic != topicEvents || c.trim != nil {
			size += c.size + 64
		}
	}
	return size
}

// full reports whether the disk has no room left for the group and those that are
// on their way.
func (l *Log) full(group []*call) error {
	err := l.roomFor(sizeOf(group) + int(l.underWayBytes.Load()))
	if l.room.waits() {
		err = errWaits
	}
	if errors.Is(err, eventlog.ErrFull) {
		l.stats.full.Add(1)
	}
	return err
}

// Room reports whether the log takes records now. Errors: eventlog.ErrFull, with
// how much room there is.
func (l *Log) Room() error {
	if l.room.short() {
		return errWaits
	}
	return l.roomFor(0)
}

func (l *Log) roomFor(size int) error {
	if l.opts.ReserveBytes < 0 {
		return nil
	}
	usage, err := l.opts.FS.GetDiskUsage(l.dir)
	if errors.Is(err, vfs.ErrUnsupported) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at free space: %w", err)
	}
	if usage.AvailBytes < uint64(l.opts.ReserveBytes)+uint64(size) {
		return fmt.Errorf("%w: %d MiB free, a reserve of %d MiB is kept", eventlog.ErrFull,
			usage.AvailBytes>>20, l.opts.ReserveBytes>>20)
	}
	return nil
}
