package pebblelog

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"playhead/internal/eventlog"
)

// build puts the group into b. What is wrong with one call goes into its err
// and leaves no trace in b; an error that comes back spoils the whole group.
func (l *Log) build(b *pebble.Batch, group []*call) error {
	w := &l.writer
	w.begin(l.opts.Clock())
	full := l.full(group)
	for _, c := range group {
		var err error
		switch {
		case c.trim != nil:
			err = l.buildTrim(b, c)
		case full != nil:
			c.err = full
		case c.txs != nil:
			if c.err = w.check(c.txs); c.err == nil {
				err = w.buildCommit(b, c.txs)
			}
		default:
			for i := range c.records {
				r := &c.records[i]
				err = errors.Join(err, w.add(b, c.topic, r.Partition, r.Data))
			}
		}
		if err != nil {
			return fmt.Errorf("build a batch: %w", err)
		}
	}
	for t := range w.builders {
		for p := range w.builders[t] {
			if err := w.cut(b, byte(t+1), int32(p)); err != nil {
				return fmt.Errorf("build a batch: %w", err)
			}
			w.builders[t][p].release()
		}
	}
	return nil
}

// begin is called before a group is made.
func (w *writer) begin(now int64) {
	w.lastBefore, w.ready = w.last, w.ready[:0]
	w.last = w.stamp.next(now)
	for p := range w.pending {
		w.before[p] = w.pending[p].logs[topicEvents-1].next
	}
}

// add appends one record to the partition's block, and cuts the block when it
// is large enough.
func (w *writer) add(b *pebble.Batch, topic byte, p int32, data []byte) error {
	builder := &w.builders[topic-1][p]
	builder.add(data)
	w.pending[p].logs[topic-1].next++
	if len(builder.buf) < blockTarget {
		return nil
	}
	return w.cut(b, topic, p)
}

// cut puts the partition's block, if there is one, into b, or among those that are
// written to a segment.
func (w *writer) cut(b *pebble.Batch, topic byte, p int32) error {
	builder := &w.builders[topic-1][p]
	if builder.count == 0 {
		return nil
	}
	base := w.pending[p].logs[topic-1].next - int64(builder.count)
	if topic != topicEvents {
		return b.Set(blockKey(topic, p, base), builder.finish(topic, p, base, w.last), nil)
	}
	r := readyBlock{ref: ref{partition: p, base: base, count: builder.count}}
	r.data = builder.finish(topic, p, base, w.last)
	w.ready = append(w.ready, r)
	builder.buf = nil
	if n := len(w.free); n > 0 {
		builder.buf, w.free = w.free[n-1], w.free[:n-1]
	}
	return nil
}

// reuse keeps the memory of blocks that are written for the next ones.
func (w *writer) reuse() {
	for i := range w.ready {
		if len(w.free) <= len(w.before) && cap(w.ready[i].data) <= 4*blockTarget {
			w.free = append(w.free, w.ready[i].data)
		}
		w.ready[i].data = nil
	}
}

// check finds out whether all of txs start where their partition stands.
func (w *writer) check(txs []eventlog.Transaction) error {
	for i := range txs {
		tx := &txs[i]
		at := w.pending[tx.Partition].progress.Committed
		for j := range txs[:i] {
			if txs[j].Partition == tx.Partition {
				at = txs[j].To
			}
		}
		if tx.From != at {
			return fmt.Errorf("%w: partition %d is at %d, the transaction starts at %d", eventlog.ErrConflict, tx.Partition, at, tx.From)
		}
	}
	return nil
}

func (w *writer) buildCommit(b *pebble.Batch, txs []eventlog.Transaction) error {
	for i := range txs {
		tx := &txs[i]
		for _, data := range tx.Output {
			if err := w.add(b, topicFacts, tx.Partition, data); err != nil {
				return err
			}
		}
		to := &w.pending[tx.Partition].progress
		to.Committed = tx.To
		if tx.Snapshot {
			to.Snapshot = tx.To
			if err := buildState(b, tx); err != nil {
				return err
			}
		}
		value := binary.BigEndian.AppendUint64(nil, uint64(to.Committed))
		value = binary.BigEndian.AppendUint64(value, uint64(to.Snapshot))
		if err := b.Set(progressKey(tx.Partition), value, nil); err != nil {
			return err
		}
	}
	return nil
}

func buildState(b *pebble.Batch, tx *eventlog.Transaction) error {
	for _, kv := range tx.State {
		key := stateKey(tx.Partition, kv.Key)
		var err error
		if kv.Value == nil {
			err = b.Delete(key, nil)
		} else {
			err = b.Set(key, kv.Value, nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// buildTrim lets go of the blocks that lie wholly before the offset. A block
// that it cuts through stays, and readers are kept off its first part.
func (l *Log) buildTrim(b *pebble.Batch, c *call) error {
	p := c.trim.Partition
	_, durable, err := l.extent(topicName(c.topic), p)
	if err != nil {
		return err
	}
	e := &l.writer.pending[p].logs[c.topic-1]
	first := min(c.trim.Offset, durable.next)
	if first <= e.first {
		return nil
	}
	block := first
	// Where there are segments the database has what is before them.
	end := durable.next
	if c.topic == topicEvents {
		end = min(end, l.segments.begin(p))
	}
	if first < end {
		if block, err = l.blockOf(c.topic, p, first); err != nil {
			c.err = err
			return nil
		}
	}
	if block > e.block && e.block < end {
		if err := b.DeleteRange(blockKey(c.topic, p, e.block), blockKey(c.topic, p, block), nil); err != nil {
			return err
		}
	}
	e.first, e.block = first, block
	value := binary.BigEndian.AppendUint64(nil, uint64(first))
	value = binary.BigEndian.AppendUint64(value, uint64(l.writer.last))
	return b.Set(trimKey(c.topic, p), value, nil)
}

// blockOf is the base of the block that holds the offset.
func (l *Log) blockOf(topic byte, p int32, offset int64) (base int64, err error) {
	lower, _ := blockBounds(topic, p)
	it, err := l.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: blockKey(topic, p, offset+1)})
	if err != nil {
		return 0, storeError(err)
	}
	defer func() { err = errors.Join(err, storeError(it.Close())) }()
	if !it.Last() {
		if err := it.Error(); err != nil {
			return 0, storeError(err)
		}
		return 0, corrupt(topic, p, offset, "no block holds it")
	}
	return blockBase(it.Key()), nil
}
