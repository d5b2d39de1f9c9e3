// Package pebblelog is the log on one machine: facts, the operator state and the
// progress of every partition are in one Pebble database, so that a step of the
// processor is one atomic, synced write. Events, which are only read by what comes
// after, are in files of their own beside it, segments: they are written once.
//
// It must not know what a record means, and nothing but this package may open
// the database's folder.
//
// # Layout
//
//	0x00                                    settings: format version, number of partitions
//	0x01 topic partition(4) base offset(8)  block: consecutive records of one partition;
//	                                        of events only what version 1 wrote
//	0x02 partition(4) key                   operator state
//	0x03 topic partition(4)                 what was trimmed
//	0x04 partition(4)                       progress
//
// Numbers in keys are big endian. A block carries the time at which the log
// took it and a checksum that covers its place too.
//
// The files events-NNNNNNNNNNNN.seg hold the same blocks, in batches that are there as
// a whole or not at all (segment.go). Each says at its beginning where the one before
// ends, which is durable by then. The end of the last one may be torn by a crash: what
// is not whole there was not acknowledged. Files that are trimmed in every partition
// are removed.
//
// # Writing
//
// One goroutine, owned by the Log, writes, and another waits until what it wrote
// is durable, in order. Calls that arrive meanwhile form the next group, which is
// written while the one before is synced if it is large; small calls share a sync.
// There is no artificial delay and no limit on how many calls share a sync.
// Readers see only what is durable.
//
// # A full disk
//
// Before each group the free space is looked at: below Options.ReserveBytes
// Append and Commit answer ErrFull, nothing was written, and the log works
// again as soon as there is room; Trim always works. When others have filled the
// disk so that a write of Pebble's finds no room in spite of the reserve, that
// write waits for it (room.go); calls behind it answer ErrFull at once.
//
// # A broken disk
//
// Pebble cannot live on after a failed write or sync of its write-ahead log or
// manifest, and of a segment nobody knows then what is on the disk. Should one fail, the log fails for good: every call answers
// ErrFailed, nothing that was not durable is acknowledged, Options.OnFailure is
// told once, and the process has to be started again, upon which everything
// acknowledged is there.
package pebblelog
