package pebblelog

import "sync/atomic"

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

// Metrics reads the sizes and counts; only the counts once the log is closed.
func (l *Log) Metrics() Metrics {
	m := Metrics{
		Groups: l.stats.groups.Load(), Calls: l.stats.calls.Load(), Records: l.stats.records.Load(),
		RecordBytes: l.stats.bytes.Load(), Refused: l.stats.full.Load(),
		BackgroundErrors: l.stats.backgroundErrors.Load(), Failed: l.life.failure() != nil,
		Full: l.Room() != nil,
	}
	if l.life.begin() != nil {
		return m
	}
	defer l.life.end()
	p := l.db.Metrics()
	total := p.Total()
	m.DiskBytes = p.DiskSpaceUsage()
	m.WALBytes = p.WAL.Size
	m.MemTableBytes = p.MemTable.Size
	m.CacheBytes = p.BlockCache.Size
	m.CompactionDebtBytes = p.Compact.EstimatedDebt
	m.CompactionsUnderWay = p.Compact.NumInProgress
	m.L0Sublevels = p.Levels[0].Sublevels
	// Pebble's total counts the write-ahead log as flushed too.
	m.FlushedBytes = p.Levels[0].TableBytesFlushed + p.Levels[0].BlobBytesFlushed
	m.CompactedBytes = total.TableBytesCompacted + total.BlobBytesCompacted
	return m
}
