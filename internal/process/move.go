package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"playhead/internal/eventlog"
)

// ErrMoved: the log that a state shall be moved to has processed events already.
var ErrMoved = errors.New("events of the new log were processed already")

// ErrUnfinished: the log that a state shall be moved from has events that are not
// processed, or not in the stored state.
var ErrUnfinished = errors.New("the old log has events that are not in the stored state")

// Moved is what Move found and did.
type Moved struct {
	States, Bytes int64 // of the old log
	Written, Gone int64 // of the new one: what it did not have, and what it had beyond
}

// SharedStore is a log that states are moved to.
type SharedStore interface {
	eventlog.Log
	eventlog.StateStore
	eventlog.Shared
}

const (
	moveStates = 20_000 // a commit
	moveBytes  = 4 << 20
	moveTries  = 3 // a partition, of a claim that is lost
)

// Move makes the stored state of a partition that of a new log's partition of the same
// number, before its first event: whoever processes that one then goes on where the old
// log ended. All of the old log must be processed, and the new log's partition must be
// claimed. It compares and writes what differs, so that it may be broken off and called
// again, and where the claim is lost, as when a broker does not know what it was sent
// before, it claims anew and goes on. Errors: ErrUnfinished, ErrMoved, and those of Commit.
func Move(ctx context.Context, from logStore, to SharedStore, partition int32) (m Moved, err error) {
	for tries := 1; ; tries++ {
		m, err = moveOnce(ctx, from, to, partition)
		if !errors.Is(err, eventlog.ErrNotClaimed) || tries == moveTries {
			return m, err
		}
		if err := to.Claim(ctx, partition); err != nil {
			return m, fmt.Errorf("move the state of partition %d: claim it again: %w", partition, err)
		}
	}
}

func moveOnce(ctx context.Context, from logStore, to SharedStore, partition int32) (m Moved, err error) {
	progress, err := from.Progress(ctx, partition)
	if err != nil {
		return m, err
	}
	_, end, err := from.Bounds(ctx, eventlog.Events, partition)
	if err != nil {
		return m, err
	}
	if progress.Snapshot != end || progress.Committed != end {
		return m, fmt.Errorf("%w: partition %d ends at %d, and the state is of %d", ErrUnfinished, partition, end, progress.Snapshot)
	}
	at, err := to.Progress(ctx, partition)
	if err != nil {
		return m, err
	}
	if at != (eventlog.Progress{}) {
		return m, fmt.Errorf("%w: %d of partition %d", ErrMoved, at.Committed, partition)
	}
	w := mover{ctx: ctx, to: to, tx: eventlog.Transaction{Partition: partition, Snapshot: true}}
	if err := w.differences(from, partition, &m); err != nil {
		return m, fmt.Errorf("move the state of partition %d: %w", partition, err)
	}
	return m, nil
}

// logStore is a log with its stored state.
type logStore interface {
	eventlog.Log
	eventlog.StateStore
}

// mover writes states, some at a time.
type mover struct {
	ctx  context.Context // of the one call that it serves
	to   SharedStore
	tx   eventlog.Transaction
	size int
}

func (w *mover) put(key, value []byte) error {
	w.tx.State = append(w.tx.State, eventlog.KV{Key: bytes.Clone(key), Value: bytes.Clone(value)})
	if w.size += len(key) + len(value); len(w.tx.State) < moveStates && w.size < moveBytes {
		return nil
	}
	return w.flush()
}

func (w *mover) flush() error {
	if len(w.tx.State) == 0 {
		return nil
	}
	err := w.to.Commit(w.ctx, []eventlog.Transaction{w.tx})
	w.tx.State, w.size = w.tx.State[:0], 0
	return err
}

// differences writes what the new log lacks or has otherwise, and deletes what the old
// one does not have.
func (w *mover) differences(from logStore, partition int32, m *Moved) error {
	err := from.ScanState(w.ctx, partition, nil, func(key, value []byte) error {
		m.States++
		m.Bytes += int64(len(key) + len(value))
		have, err := w.to.State(w.ctx, partition, key)
		if err != nil || have != nil && bytes.Equal(have, value) {
			return err
		}
		m.Written++
		return w.put(key, value)
	})
	if err != nil {
		return err
	}
	received, err := newestReceived(w.ctx, from, partition)
	if err != nil {
		return err
	}
	if have, err := w.to.State(w.ctx, partition, []byte(keyReceived)); err != nil {
		return err
	} else if received != nil && !bytes.Equal(have, received) {
		m.Written++
		if err := w.put([]byte(keyReceived), received); err != nil {
			return err
		}
	}
	if err := w.flush(); err != nil {
		return err
	}
	err = w.to.ScanState(w.ctx, partition, nil, func(key, _ []byte) error {
		if string(key) == keyReceived && received != nil {
			return nil
		}
		there, err := from.State(w.ctx, partition, key)
		if err != nil || there != nil {
			return err
		}
		m.Gone++
		return w.put(key, nil)
	})
	if err != nil {
		return err
	}
	return w.flush()
}

// newestReceived is the state that a log which several machines lead needs besides: when
// the last tick came, so that no time before it comes again. nil where there was none.
func newestReceived(ctx context.Context, from logStore, partition int32) ([]byte, error) {
	data, err := from.State(ctx, partition, []byte(keyReceived))
	if err != nil || data != nil {
		return data, err
	}
	data, err = from.State(ctx, partition, []byte(keyHeard))
	if err != nil || data == nil {
		return nil, err
	}
	var h heard
	if err := h.restore(data); err != nil {
		return nil, err
	}
	p := partitionAt(h.tick + h.skipped)
	return p.appendReceived(nil), nil
}

// partitionAt is a partition that has received something at a time.
func partitionAt(received int64) *partition { return &partition{received: received} }
