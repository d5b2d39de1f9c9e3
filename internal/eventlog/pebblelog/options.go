package pebblelog

import (
	"errors"
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	sst "github.com/cockroachdb/pebble/v2/sstable/block"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// ErrFailed: the database under the log failed for good; nothing more can be
// read or written until the process starts again. What was acknowledged is safe.
var ErrFailed = errors.New("log has failed and must be opened again")

// Options say how a log is opened. The zero value is good for a small machine.
type Options struct {
	// Partitions of both topics, fixed when the log is made. 0 means: as
	// stored, or DefaultPartitions for a new log.
	Partitions int32
	// FS is where the files are; nil is the operating system's.
	FS vfs.FS
	// Clock gives epoch ms; nil is the system's.
	Clock func() int64
	// CacheBytes bounds the cache of blocks read from disk, which may have what write
	// buffers do not use, too; 0 is 16 MiB.
	CacheBytes int64
	// MemTableBytes is the size of one memtable, of which there are at most
	// three; 0 is 16 MiB. Keep ReserveBytes above three of them, so that they
	// can be flushed on a full disk.
	MemTableBytes uint64
	// SegmentBytes is about the size of a file of events; they are let go of by
	// whole files. 0 is 32 MiB.
	SegmentBytes int64
	// ReserveBytes is the free disk space below which nothing more is taken;
	// 0 is 64 MiB, a negative number means no reserve.
	ReserveBytes int64
	// ReadOnly opens a log that is there to be read; no byte of it is changed.
	// Append, Commit and Trim answer ErrReadOnly.
	ReadOnly bool
	// Logger gets what the database says, at debug level, and its failure, at
	// error level; nil discards it.
	Logger *slog.Logger
	// OnFailure is told once, from any goroutine, that the log has failed for
	// good. It must not call the log. May be nil.
	OnFailure func(error)
}

// Defaults of Options. All of a partition's states are written together now and then, and
// others wait for that: so there are more partitions than processors.
const (
	DefaultPartitions    int32  = 16
	defaultCacheBytes    int64  = 16 << 20
	defaultMemTableBytes uint64 = 16 << 20
	defaultSegmentBytes  int64  = 32 << 20
	defaultReserveBytes  int64  = 64 << 20
	maxPartitions        int32  = 4096
)

func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Clock == nil {
		o.Clock = func() int64 { return time.Now().UnixMilli() }
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = defaultCacheBytes
	}
	if o.MemTableBytes == 0 {
		o.MemTableBytes = defaultMemTableBytes
	}
	if o.SegmentBytes <= 0 {
		o.SegmentBytes = defaultSegmentBytes
	}
	if o.ReserveBytes == 0 {
		o.ReserveBytes = defaultReserveBytes
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// openFiles are the files that the database has open at most, and one more for each 8 MiB of
// its cache: who has a larger one has more viewers. Blocks of facts are in a file for each
// write buffer that was full, an hour of them; who reads, reads the last ones.
const openFiles = 32

// memTables is how many write buffers there may be.
const memTables = 3

// separateFrom is the size from which a value is kept in a blob file, which
// compactions do not rewrite: blocks of the log, not operator state.
const separateFrom = 2 << 10

// pebbleOptions sets the database up for large, sequential, short-lived values
// (blocks) beside small, often overwritten ones (state).
func (o *Options) pebbleOptions(logger pebble.Logger) *pebble.Options {
	p := &pebble.Options{
		FS:                 o.FS,
		ReadOnly:           o.ReadOnly,
		ErrorIfNotExists:   o.ReadOnly,
		Logger:             logger,
		FormatMajorVersion: pebble.FormatValueSeparation,
		// Write buffers are taken off it: without those in it there would be no cache.
		CacheSize:                   o.CacheBytes + memTables*int64(o.MemTableBytes),
		MemTableSize:                o.MemTableBytes,
		MemTableStopWritesThreshold: memTables,
		MaxOpenFiles:                openFiles + int(o.CacheBytes>>23),
		// States are written over again and again: the fewer times they are merged, the better,
		// until a crowd's no longer fit into one level.
		L0CompactionThreshold:      8,
		L0StopWritesThreshold:      24,
		LBaseMaxBytes:              512 << 20,
		BytesPerSync:               1 << 20,
		FlushDelayDeleteRange:      2 * time.Second,
		CompactionConcurrencyRange: func() (int, int) { return 1, 2 },
	}
	for i := range p.TargetFileSizes { // of deeper levels larger ones, so that they are few
		p.TargetFileSizes[i] = 16 << 20 << min(max(0, i-1), 2)
	}
	compression := compressionSettings()
	p.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return compression })
	for i := range p.Levels {
		p.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		p.Levels[i].BlockSize = 16 << 10
		p.Levels[i].IndexBlockSize = 32 << 10
	}
	p.Experimental.ValueSeparationPolicy = func() pebble.ValueSeparationPolicy {
		return pebble.ValueSeparationPolicy{
			Enabled: true, MinimumSize: separateFrom, MaxBlobReferenceDepth: 16,
			RewriteMinimumAge: 5 * time.Minute, TargetGarbageRatio: 0.5,
		}
	}
	return p
}

// compressionSettings compress what is kept, operator state, and not the values
// in blob files. Those are blocks of the log: written once, read about once,
// mostly while they are in memory still, and trimmed. Compressing them took a
// twelfth of all that an event costs the collector.
func compressionSettings() pebble.DBCompressionSettings {
	profile := *sst.FastestCompression
	profile.Name, profile.ValueBlocks = "ButValues", sst.NoCompression.ValueBlocks
	return pebble.UniformDBCompressionSettings(&profile)
}
