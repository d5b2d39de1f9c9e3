package pebblelog

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"playhead/internal/eventlog"
)

// Progress implements eventlog.StateStore.
func (l *Log) Progress(ctx context.Context, partition int32) (eventlog.Progress, error) {
	if err := l.life.begin(); err != nil {
		return eventlog.Progress{}, err
	}
	defer l.life.end()
	if err := errors.Join(l.checkPartition(partition), ctx.Err()); err != nil {
		return eventlog.Progress{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.durable[partition].progress, nil
}

// State implements eventlog.StateStore. A stored empty value comes back as an
// empty slice that is not nil.
func (l *Log) State(ctx context.Context, partition int32, key []byte) ([]byte, error) {
	if err := l.life.begin(); err != nil {
		return nil, err
	}
	defer l.life.end()
	if err := errors.Join(l.checkPartition(partition), ctx.Err()); err != nil {
		return nil, err
	}
	value, closer, err := l.db.Get(stateKey(partition, key))
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read state of partition %d: %w", partition, storeError(err))
	}
	defer closer.Close()
	return append([]byte{}, value...), nil
}

// ScanState implements eventlog.StateStore. It sees the state as it was when
// the call began. fn's error stops it and is returned.
func (l *Log) ScanState(ctx context.Context, partition int32, prefix []byte, fn func(key, value []byte) error) (err error) {
	if err := l.life.begin(); err != nil {
		return err
	}
	defer l.life.end()
	if err := l.checkPartition(partition); err != nil {
		return err
	}
	lower := stateKey(partition, prefix)
	it, err := l.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: after(lower)})
	if err != nil {
		return storeError(err)
	}
	defer func() { err = errors.Join(err, storeError(it.Close())) }()
	skip := len(stateKey(partition, nil))
	for valid := it.First(); valid; valid = it.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		value, err := it.ValueAndErr()
		if err != nil {
			return fmt.Errorf("scan state of partition %d: %w", partition, storeError(err))
		}
		if err := fn(bytes.Clone(it.Key()[skip:]), value); err != nil {
			return err
		}
	}
	return storeError(it.Error())
}
