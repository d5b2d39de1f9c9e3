package eventlog

import (
	"context"
	"errors"
)

// Topic names one of the logs.
type Topic string

// The two joints of the house.
const (
	Events Topic = "events"
	Facts  Topic = "facts"
)

var (
	// ErrClosed: the log was closed; nothing was written.
	ErrClosed = errors.New("log is closed")
	// ErrFull: the disk under the log is full; nothing was written and nothing
	// acknowledged. It is worth trying again later.
	ErrFull = errors.New("log is full")
	// ErrTrimmed: the offset asked for is no longer kept.
	ErrTrimmed = errors.New("offset is trimmed")
	// ErrCorrupt: a stored record does not match its checksum.
	ErrCorrupt = errors.New("log is corrupt")
	// ErrLocked: another process has this log open.
	ErrLocked = errors.New("log is in use by another process")
)

// ErrNotClaimed: the partition is not this process's own, or no longer: another one
// claimed it, or what became of a commit is not known. Claim it to go on.
var ErrNotClaimed = errors.New("partition is not claimed")

// Record is one entry to append. Data is opaque and is not kept after Append
// returns.
type Record struct {
	Partition int32
	Data      []byte
}

// Cursor is a place in one partition of a topic: the next offset to read.
type Cursor struct {
	Partition int32
	Offset    int64
}

// Entry is one stored record. Data is only valid during the call it is passed to.
type Entry struct {
	// Offset grows from entry to entry, by more than one where the log has holes: a
	// reader takes it that what lies between where it asked and what it got is not
	// there, and never was for anybody.
	Offset int64
	// ReceivedAt is when the log took the record, epoch ms. On one machine it never
	// decreases within a partition: after the clock went back it is ahead until the
	// clock has caught up. Where several machines lead a partition in turn it may
	// fall by what their clocks differ; who needs it to grow keeps the greatest.
	ReceivedAt int64
	Data       []byte
}

// Transaction is one step of the processor over one partition, applied as a
// whole or not at all.
type Transaction struct {
	Partition int32
	// From and To are the input offsets consumed; From must be the committed
	// offset, else Commit fails with ErrConflict and changes nothing.
	From, To int64
	// Output is appended to Facts, in order, in this partition; may be nil.
	Output [][]byte
	// State, when Snapshot is true, are changed operator states (nil value =
	// delete) that together with all earlier ones are the state at offset To.
	Snapshot bool
	State    []KV
}

// KV is one piece of operator state.
type KV struct{ Key, Value []byte }

// ErrConflict: the transaction does not start at the committed offset.
var ErrConflict = errors.New("transaction does not start at the committed offset")

// Progress is how far a partition has been processed.
type Progress struct {
	// Committed is the input offset up to which outputs are durable.
	Committed int64
	// Snapshot is the input offset that the stored state stands at; ≤ Committed.
	// After a crash input is replayed from here, outputs suppressed up to Committed.
	Snapshot int64
}

// Log is a durable, partitioned, append-only log with transactions over its
// two topics. All methods may be called from many goroutines.
type Log interface {
	// Partitions is the number of partitions of both topics, fixed when the log was made.
	Partitions() int32
	// Append stores the records and returns when they are durable (fsync);
	// concurrent calls share one sync. The records of a call are in order in each
	// partition. On one machine all of them become readable together or, on error, not
	// at all; elsewhere some may be there after an error. It is not idempotent.
	// Errors: ErrFull, ErrClosed.
	Append(ctx context.Context, topic Topic, records []Record) error
	// Read calls fn for durable entries from cursor on, in order, until about
	// maxBytes were passed or there is no more, and returns the next offset.
	// It does not wait. fn's error stops it and is returned. Errors: ErrTrimmed, ErrCorrupt.
	Read(ctx context.Context, topic Topic, from Cursor, maxBytes int, fn func(Entry) error) (int64, error)
	// Wait returns when one of the partitions has a durable entry at or after
	// its cursor, or with ctx's error.
	Wait(ctx context.Context, topic Topic, cursors []Cursor) error
	// Bounds are the first kept and the next free offset.
	Bounds(ctx context.Context, topic Topic, partition int32) (first, next int64, err error)
	// Trim lets go of everything before the offset; one past the end means the
	// end. Idempotent. It works on a full disk. Errors: ErrClosed.
	Trim(ctx context.Context, topic Topic, before Cursor) error
	// Commit applies the transactions of each partition in one atomic durable write;
	// several of one partition must follow on each other, and State needs Snapshot.
	// Those of several partitions share a write where the log can; elsewhere some may
	// be done after an error. Where ctx ends while it waits for another machine it is
	// given up, whether it is in or not: ErrNotClaimed. Idempotent only through ErrConflict, which changes
	// nothing anywhere. Errors: ErrConflict, ErrNotClaimed, ErrFull, ErrClosed.
	Commit(ctx context.Context, txs []Transaction) error
	// Close waits for writes under way and releases the log.
	Close() error
}

// StateStore is how operator state comes back after a start. The embedded log
// implements it; it is asked for once.
type StateStore interface {
	Progress(ctx context.Context, partition int32) (Progress, error)
	// State returns a copy of the value for key as of the last snapshot, or nil.
	State(ctx context.Context, partition int32, key []byte) ([]byte, error)
	// ScanState calls fn for each state whose key starts with prefix, in key
	// order; key and value are only valid during the call.
	ScanState(ctx context.Context, partition int32, prefix []byte, fn func(key, value []byte) error) error
}

// Shared is a log whose partitions several processors share out among themselves
// while they run. It is asked for once; a log without it belongs to one process,
// which commits in all partitions. A claim is what counts: an assignment only says
// who shall claim, and two may believe that they have it for a while.
type Shared interface {
	// Assignment is what this process shall work on now, ascending, and a channel
	// that is closed when that has changed: nil before the sharing out has told it its
	// part, or while it is no longer part of it; empty when that part is nothing, as of
	// one process more than there are partitions. The first call takes part in the
	// sharing out, until Close. Errors: ErrClosed.
	Assignment(ctx context.Context) (partitions []int32, changed <-chan struct{}, err error)
	// Claim makes this process the only one that can commit in a partition, until
	// another claims it: whoever did before gets ErrNotClaimed from Commit from now
	// on, and a transaction of its that was under way is over. StateStore tells of
	// the partition as it is then. It waits for a log that does not answer.
	Claim(ctx context.Context, partition int32) error
	// Release lets go of a partition, after its last commit. What is assigned to
	// another process is waited for there.
	Release(partition int32)
}
