package pebblelog

import (
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// Metrics are sizes of the log and what it did since it was opened. Sizes are
// bytes.
type Metrics struct {
	DiskBytes           uint64 // all files
	WALBytes            uint64
	MemTableBytes       uint64
	CacheBytes          int64
	CompactionDebtBytes uint64 // still to be rewritten by compactions
	CompactionsUnderWay int64
	L0Sublevels         int32
	FlushedBytes        uint64
	CompactedBytes      uint64
	Groups              int64 // synced batches
	Calls               int64 // Append, Commit and Trim calls in them
	Records             int64 // records appended to either topic
	RecordBytes         int64 // their bytes
	Refused             int64 // groups refused for want of disk space
	Full                bool  // nothing is taken now, for want of disk space
	BackgroundErrors    int64 // flushes and compactions that failed and were tried again
	Failed              bool  // for good
}

// counters count what the writer did.
type counters struct {
	groups, calls, records, bytes, full, backgroundErrors atomic.Int64
}

// group counts the calls of a group that was written.
func (s *counters) group(group []*call) {
	var records, size, calls int64
	for _, c := range group {
		if c.err != nil {
			continue
		}
		calls++
		records += int64(len(c.records))
		for i := range c.records {
			size += int64(len(c.records[i].Data))
		}
		for i := range c.txs {
			records += int64(len(c.txs[i].Output))
			for _, data := range c.txs[i].Output {
				size += int64(len(data))
			}
		}
	}
	s.groups.Add(1)
	s.calls.Add(calls)
	s.records.Add(records)
	s.bytes.Add(size)
}

// sizes are what Pebble said of itself last. It is read in a goroutine of its own,
// one at a time, because Pebble keeps its lock while it writes its manifest, which
// on a full disk waits for room: whoever watches the log is not to wait with it.
type sizes struct {
	mu   sync.Mutex
	last Metrics
	read chan struct{} // closed when the reading under way ends; nil before the first
}

// refresh begins to read Pebble's sizes unless that is under way, and returns what
// is closed at its end. The log must be open.
func (l *Log) refresh() <-chan struct{} {
	s := &l.sizes
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.read != nil {
		select {
		case <-s.read:
		default:
			return s.read
		}
	}
	read := make(chan struct{})
	s.read = read
	go func() {
		defer close(read)
		m := sizesOf(l.db.Metrics())
		m.DiskBytes += l.segments.bytes()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.last = m
	}()
	return read
}

// settle waits until Pebble is no longer read, or the log has failed, after which
// Pebble may never answer.
func (l *Log) settle() {
	l.sizes.mu.Lock()
	read := l.sizes.read
	l.sizes.mu.Unlock()
	if read == nil {
		return
	}
	select {
	case <-read:
	case <-l.life.broken:
	}
}

func sizesOf(p *pebble.Metrics) Metrics {
	total := p.Total()
	return Metrics{
		DiskBytes: p.DiskSpaceUsage(), WALBytes: p.WAL.Size, MemTableBytes: p.MemTable.Size,
		CacheBytes: p.BlockCache.Size, CompactionDebtBytes: p.Compact.EstimatedDebt,
		CompactionsUnderWay: p.Compact.NumInProgress, L0Sublevels: p.Levels[0].Sublevels,
		// Pebble's total counts the write-ahead log as flushed too.
		FlushedBytes:   p.Levels[0].TableBytesFlushed + p.Levels[0].BlobBytesFlushed,
		CompactedBytes: total.TableBytesCompacted + total.BlobBytesCompacted,
	}
}

// Metrics reads the sizes and counts. While a write waits for room on the disk,
// and once the log has failed or is closed, the sizes are those read last.
func (l *Log) Metrics() Metrics {
	out := l.room.out()
	if l.life.begin() == nil {
		select {
		case <-l.refresh():
		case <-out:
		case <-l.life.broken:
		}
		l.life.end()
	}
	l.sizes.mu.Lock()
	m := l.sizes.last
	l.sizes.mu.Unlock()
	m.Groups, m.Calls, m.Records = l.stats.groups.Load(), l.stats.calls.Load(), l.stats.records.Load()
	m.RecordBytes, m.Refused = l.stats.bytes.Load(), l.stats.full.Load()
	m.BackgroundErrors, m.Failed = l.stats.backgroundErrors.Load(), l.life.failure() != nil
	m.Full = l.Room() != nil
	return m
}
