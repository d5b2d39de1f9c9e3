package warehouse_test

import (
	"context"
	"errors"
	"sync"

	"playhead/internal/eventlog"
)

// memoryLog is a log of facts in memory.
type memoryLog struct {
	mu      sync.Mutex
	entries [][]eventlog.Entry // by partition
	first   []int64
	changed chan struct{}
}

func newMemoryLog(partitions int) *memoryLog {
	return &memoryLog{entries: make([][]eventlog.Entry, partitions), first: make([]int64, partitions), changed: make(chan struct{})}
}

func (l *memoryLog) add(partition int32, at int64, data []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.entries[partition]
	l.entries[partition] = append(list, eventlog.Entry{Offset: int64(len(list)), ReceivedAt: at, Data: data})
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *memoryLog) Partitions() int32 { return int32(len(l.entries)) }

func (l *memoryLog) Append(context.Context, eventlog.Topic, []eventlog.Record) error {
	return errors.ErrUnsupported
}

func (l *memoryLog) Read(_ context.Context, _ eventlog.Topic, from eventlog.Cursor, maxBytes int, fn func(eventlog.Entry) error) (int64, error) {
	l.mu.Lock()
	list, first := l.entries[from.Partition], l.first[from.Partition]
	l.mu.Unlock()
	if from.Offset < first {
		return 0, eventlog.ErrTrimmed
	}
	for from.Offset < int64(len(list)) && maxBytes > 0 {
		e := list[from.Offset]
		if err := fn(e); err != nil {
			return 0, err
		}
		maxBytes -= len(e.Data)
		from.Offset++
	}
	return from.Offset, nil
}

func (l *memoryLog) Wait(ctx context.Context, _ eventlog.Topic, cursors []eventlog.Cursor) error {
	for {
		l.mu.Lock()
		changed := l.changed
		for _, c := range cursors {
			if int64(len(l.entries[c.Partition])) > c.Offset {
				l.mu.Unlock()
				return nil
			}
		}
		l.mu.Unlock()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

func (l *memoryLog) Bounds(_ context.Context, _ eventlog.Topic, partition int32) (first, next int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.first[partition], int64(len(l.entries[partition])), nil
}

func (l *memoryLog) Trim(_ context.Context, _ eventlog.Topic, before eventlog.Cursor) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.first[before.Partition] = max(l.first[before.Partition], before.Offset)
	return nil
}

func (l *memoryLog) Commit(context.Context, []eventlog.Transaction) error {
	return errors.ErrUnsupported
}

func (l *memoryLog) Close() error { return nil }
