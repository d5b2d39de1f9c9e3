package pebblelog

import (
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"playhead/internal/eventlog"
)

// Partitions implements eventlog.Log.
func (l *Log) Partitions() int32 { return l.partitions }

// extent returns where a partition of a topic stands for readers.
func (l *Log) extent(topic eventlog.Topic, p int32) (byte, extent, error) {
	t, err := topicNumber(topic)
	if err != nil {
		return 0, extent{}, err
	}
	if err := l.checkPartition(p); err != nil {
		return 0, extent{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return t, l.durable[p].logs[t-1], nil
}

func (l *Log) checkPartition(p int32) error {
	if p < 0 || p >= l.partitions {
		return fmt.Errorf("partition %d does not exist; the log has %d", p, l.partitions)
	}
	return nil
}

// Bounds implements eventlog.Log.
func (l *Log) Bounds(ctx context.Context, topic eventlog.Topic, partition int32) (first, next int64, err error) {
	if err := l.life.begin(); err != nil {
		return 0, 0, err
	}
	defer l.life.end()
	_, e, err := l.extent(topic, partition)
	return e.first, e.next, errors.Join(err, ctx.Err())
}

// Read implements eventlog.Log. If there is anything to read it passes at least
// one entry, however small maxBytes is. Before the error of fn comes back,
// entries up to the offset that is returned were passed.
func (l *Log) Read(ctx context.Context, topic eventlog.Topic, from eventlog.Cursor, maxBytes int, fn func(eventlog.Entry) error) (int64, error) {
	if err := l.life.begin(); err != nil {
		return from.Offset, err
	}
	defer l.life.end()
	t, e, err := l.extent(topic, from.Partition)
	if err != nil {
		return from.Offset, err
	}
	if from.Offset < e.first {
		return from.Offset, fmt.Errorf("%w: topic %s, partition %d: offset %d asked for, %d is the first kept",
			eventlog.ErrTrimmed, topic, from.Partition, from.Offset, e.first)
	}
	if from.Offset >= e.next {
		return from.Offset, ctx.Err()
	}
	r := reading{topic: t, from: from, end: e.next, left: maxBytes, fn: fn}
	if err := l.read(ctx, &r); err != nil {
		// It may have been let go of meanwhile.
		if _, e, errAt := l.extent(topic, from.Partition); errAt == nil && errors.Is(err, errNowhere) && r.from.Offset < e.first {
			err = fmt.Errorf("%w: topic %s, partition %d: offset %d", eventlog.ErrTrimmed, topic, from.Partition, r.from.Offset)
		}
		return r.from.Offset, err
	}
	return r.from.Offset, nil
}

// read reads events from their segments, and the rest from the database, as events
// that a program before segments wrote.
func (l *Log) read(ctx context.Context, r *reading) error {
	if r.topic != topicEvents {
		return r.run(ctx, l.db)
	}
	if begin := l.segments.begin(r.from.Partition); r.from.Offset < begin {
		end := r.end
		r.end = min(end, begin)
		if err := r.run(ctx, l.db); err != nil {
			return err
		}
		if r.end = end; r.from.Offset < begin || r.from.Offset >= end || r.left <= 0 {
			return nil
		}
	}
	return r.runSegments(ctx, l.segments)
}

// errNowhere: no block holds the offset.
var errNowhere = fmt.Errorf("%w: no block holds it", eventlog.ErrCorrupt)

func (r *reading) nowhere() error {
	return fmt.Errorf("topic %s, partition %d, offset %d: %w", topicName(r.topic), r.from.Partition, r.from.Offset, errNowhere)
}

// reading is one call of Read; from.Offset moves on with each entry.
type reading struct {
	topic byte
	from  eventlog.Cursor
	end   int64 // durable up to here
	left  int   // bytes
	fn    func(eventlog.Entry) error
}

func (r *reading) run(ctx context.Context, db *pebble.DB) (err error) {
	lower, _ := blockBounds(r.topic, r.from.Partition)
	it, err := db.NewIter(&pebble.IterOptions{
		LowerBound: lower, UpperBound: blockKey(r.topic, r.from.Partition, r.end),
	})
	if err != nil {
		return storeError(err)
	}
	defer func() { err = errors.Join(err, storeError(it.Close())) }()
	// A reader at the tail asks for the first offset of a block; others begin
	// inside the block before.
	valid := it.SeekGE(blockKey(r.topic, r.from.Partition, r.from.Offset))
	if !valid || blockBase(it.Key()) != r.from.Offset {
		valid = it.SeekLT(blockKey(r.topic, r.from.Partition, r.from.Offset))
	}
	for ; valid && r.from.Offset < r.end; valid = it.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := valueBlock(it, r.topic, r.from.Partition)
		if err != nil {
			return err
		}
		if b.base > r.from.Offset || b.end() <= r.from.Offset {
			break
		}
		if more, err := r.block(&b); err != nil || !more {
			return err
		}
	}
	if err := it.Error(); err != nil {
		return storeError(err)
	}
	if r.from.Offset < r.end {
		return r.nowhere()
	}
	return nil
}

// block passes the entries of b from the cursor on; false when enough was passed.
func (r *reading) block(b *block) (more bool, err error) {
	rest := b.payload
	for offset := b.base; offset < b.end(); offset++ {
		record, tail, ok := next(rest)
		if !ok {
			return false, corrupt(r.topic, r.from.Partition, offset, "a record is cut short")
		}
		rest = tail
		if offset < r.from.Offset {
			continue
		}
		if err := r.fn(eventlog.Entry{Offset: offset, ReceivedAt: b.receivedAt, Data: record}); err != nil {
			return false, err
		}
		r.from.Offset = offset + 1
		if r.left -= len(record); r.left <= 0 {
			return false, nil
		}
	}
	return true, nil
}

// valueBlock opens the block under the iterator.
func valueBlock(it *pebble.Iterator, topic byte, p int32) (block, error) {
	base := blockBase(it.Key())
	value, err := it.ValueAndErr()
	if err != nil {
		return block{}, fmt.Errorf("topic %s, partition %d, offset %d: %w", topicName(topic), p, base, storeError(err))
	}
	return openBlock(topic, p, base, value)
}

// Wait implements eventlog.Log; ErrClosed when the log is closed meanwhile.
func (l *Log) Wait(ctx context.Context, topic eventlog.Topic, cursors []eventlog.Cursor) error {
	if err := l.life.begin(); err != nil {
		return err
	}
	defer l.life.end()
	t, err := topicNumber(topic)
	if err != nil {
		return err
	}
	for _, c := range cursors {
		if err := l.checkPartition(c.Partition); err != nil {
			return err
		}
	}
	for {
		l.mu.Lock()
		changed := l.changed
		for _, c := range cursors {
			if l.durable[c.Partition].logs[t-1].next > c.Offset {
				l.mu.Unlock()
				return nil
			}
		}
		l.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-l.life.done:
			return eventlog.ErrClosed
		case <-l.life.broken:
			return l.life.failure()
		}
	}
}
