package kafkalog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"

	"playhead/internal/eventlog"
)

// copies are the states of the partitions that this process has claimed, or had
// once, by key: copies of what is in the state topic. Nothing is synced: a batch is
// there as a whole or not, and what is missing comes from the topic again.
type copies struct{ db *pebble.DB }

// Keys: 's' partition(4) key → offset(8) of its record in the state topic, state;
// 'm' partition(4) → mark.
const (
	kindState = 's'
	kindMark  = 'm'

	placeBytes  = 1 + 4
	offsetBytes = 8
)

// entry is a record of the state topic: a state, or with no value that there is none
// any more.
type entry struct {
	eventlog.KV
	offset int64
}

// mark says what a copy holds.
type mark struct {
	topic    [16]byte // id of the state topic that it is of
	next     int64    // it holds what is before this offset of the topic
	at       int64    // when it was written, epoch ms
	progress eventlog.Progress
	round    round
}

const (
	markVersion = 2 // 1 knew of no offsets of states, and of no round
	markBytes   = 1 + 16 + 8 + 8 + progressBytes - 1
)

func (m *mark) append(b []byte) []byte {
	b = append(append(b, markVersion), m.topic[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(m.next))
	b = binary.BigEndian.AppendUint64(b, uint64(m.at))
	return m.round.append(appendOffsets(b, m.progress))
}

// restore reads a mark; false is one that this build does not know: the copy is made
// anew.
func (m *mark) restore(b []byte) bool {
	if len(b) < markBytes || b[0] != markVersion {
		return false
	}
	copy(m.topic[:], b[1:])
	m.next = int64(binary.BigEndian.Uint64(b[17:]))
	m.at = int64(binary.BigEndian.Uint64(b[25:]))
	m.progress = readOffsets(b[33:])
	return m.round.restore(b[markBytes:])
}

// Records of the state topic.
const (
	recordProgress  = 0x00 // key, alone
	recordState     = 0x01 // key's first byte
	progressVersion = 1
	progressBytes   = 1 + 8 + 8
)

// appendProgress is a progress record's value.
func appendProgress(b []byte, p eventlog.Progress) []byte {
	return appendOffsets(append(b, progressVersion), p)
}

func appendOffsets(b []byte, p eventlog.Progress) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(p.Committed))
	return binary.BigEndian.AppendUint64(b, uint64(p.Snapshot))
}

func readOffsets(b []byte) eventlog.Progress {
	return eventlog.Progress{Committed: int64(binary.BigEndian.Uint64(b)), Snapshot: int64(binary.BigEndian.Uint64(b[8:]))}
}

func readProgress(b []byte) (eventlog.Progress, error) {
	if len(b) != progressBytes || b[0] != progressVersion {
		return eventlog.Progress{}, fmt.Errorf("%w: progress of %d bytes, this build reads %d of version %d", eventlog.ErrCorrupt, len(b), progressBytes, progressVersion)
	}
	return readOffsets(b[1:]), nil
}

// Memory of the copies. What was just restored is asked for at once: it must not be
// read from disk for each viewer's next event. Pebble takes what the write buffers have
// off the cache, so that a cache of no more than they are is none at all.
const (
	copyWrites = 32 << 20              // one buffer, three at most
	copyCache  = 3*copyWrites + 64<<20 // with the buffers
)

func openCopies(dir string, log *slog.Logger) (*copies, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	o := &pebble.Options{
		Logger: pebbleLogger{log}, DisableWAL: true, FormatMajorVersion: pebble.FormatNewest,
		CacheSize: copyCache, MemTableSize: copyWrites, MemTableStopWritesThreshold: 3,
	}
	for i := range o.Levels {
		// Most of what is looked for is a viewer's who was never here, or who is one of very
		// many: an index that is one block of the cache, and a filter.
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		o.Levels[i].BlockSize = 8 << 10
		o.Levels[i].IndexBlockSize = 256 << 10
	}
	db, err := pebble.Open(dir, o)
	if err != nil && strings.Contains(err.Error(), "resource temporarily unavailable") || err != nil && strings.Contains(err.Error(), "lock held by current process") {
		err = fmt.Errorf("%w: %w", eventlog.ErrLocked, err)
	}
	if err != nil {
		return nil, err
	}
	return &copies{db}, nil
}

func (c *copies) close() error { return errors.Join(c.db.Flush(), c.db.Close()) }

// pebbleLogger hands what Pebble says to slog.
type pebbleLogger struct{ log *slog.Logger }

func (p pebbleLogger) Infof(format string, args ...any) {
	p.log.Debug("copy of the state: " + fmt.Sprintf(format, args...))
}
func (p pebbleLogger) Errorf(format string, args ...any) {
	p.log.Error("copy of the state: " + fmt.Sprintf(format, args...))
}

// Fatalf must not come back.
func (p pebbleLogger) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func placed(kind byte, partition int32, key []byte) []byte {
	b := make([]byte, placeBytes+len(key))
	place(b, kind, partition, key)
	return b
}

func place(to []byte, kind byte, partition int32, key []byte) {
	to[0] = kind
	binary.BigEndian.PutUint32(to[1:], uint32(partition))
	copy(to[placeBytes:], key)
}

// past is the first key after all that begin with a prefix, nil if there is none.
func past(prefix []byte) []byte {
	end := bytes.Clone(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

// mark is what there is of a partition; nothing of one whose copy is of another
// topic, or so old that it may have missed a deletion.
func (c *copies) mark(partition int32, topic [16]byte, now time.Time) (mark, error) {
	var m mark
	value, err := c.get(placed(kindMark, partition, nil))
	if err != nil {
		return mark{}, err
	}
	if value != nil && m.restore(value) && m.topic == topic && now.UnixMilli()-m.at < tombstones.Milliseconds()/2 {
		return m, nil
	}
	return mark{topic: topic}, c.forget(partition)
}

func (c *copies) forget(partition int32) error {
	from := placed(kindState, partition, nil)
	if err := c.db.DeleteRange(from, past(from), pebble.NoSync); err != nil {
		return err
	}
	return c.db.Delete(placed(kindMark, partition, nil), pebble.NoSync)
}

// apply writes changed states and the mark that goes with them.
func (c *copies) apply(partition int32, state []entry, m mark) error {
	size := 0
	for i := range state {
		size += placeBytes + len(state[i].Key) + offsetBytes + len(state[i].Value) + 16
	}
	b := c.db.NewBatchWithSize(size + 256)
	defer b.Close()
	for i := range state {
		e := &state[i]
		if e.Value == nil {
			op := b.DeleteDeferred(placeBytes + len(e.Key))
			place(op.Key, kindState, partition, e.Key)
			if err := op.Finish(); err != nil {
				return err
			}
			continue
		}
		op := b.SetDeferred(placeBytes+len(e.Key), offsetBytes+len(e.Value))
		place(op.Key, kindState, partition, e.Key)
		binary.BigEndian.PutUint64(op.Value, uint64(e.offset))
		copy(op.Value[offsetBytes:], e.Value)
		if err := op.Finish(); err != nil {
			return err
		}
	}
	if err := b.Set(placed(kindMark, partition, nil), m.append(nil), nil); err != nil {
		return err
	}
	return b.Commit(pebble.NoSync)
}

// state returns a copy of a partition's state, nil if there is none.
func (c *copies) state(partition int32, key []byte) ([]byte, error) {
	value, err := c.get(placed(kindState, partition, key))
	if err != nil || value == nil {
		return nil, err
	}
	_, state, err := readState(value)
	return state, err
}

// readState takes a state's value apart; what is returned is part of it.
func readState(value []byte) (offset int64, state []byte, err error) {
	if len(value) < offsetBytes {
		return 0, nil, fmt.Errorf("%w: the copy of a state has %d bytes", eventlog.ErrCorrupt, len(value))
	}
	return int64(binary.BigEndian.Uint64(value)), value[offsetBytes:], nil
}

// get returns a copy of a value, nil if there is none.
func (c *copies) get(key []byte) ([]byte, error) {
	value, closer, err := c.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	return append([]byte{}, value...), nil
}
