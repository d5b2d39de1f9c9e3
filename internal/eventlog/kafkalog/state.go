package kafkalog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"playhead/internal/eventlog"
)

// Progress implements eventlog.StateStore. Of a partition that this process has not
// claimed only Committed is known, and it may be that of a moment ago.
func (l *Log) Progress(ctx context.Context, partition int32) (eventlog.Progress, error) {
	if err := l.life.begin(); err != nil {
		return eventlog.Progress{}, err
	}
	defer l.life.users.Done()
	if err := errors.Join(l.checkPartition(partition), ctx.Err()); err != nil {
		return eventlog.Progress{}, err
	}
	if c := l.claim(partition); c != nil {
		return c.reached(), nil
	}
	committed, err := l.groupOffset(ctx, partition)
	return eventlog.Progress{Committed: committed}, err
}

// groupOffset is what the consumer group has committed of "events", 0 if nothing.
func (l *Log) groupOffset(ctx context.Context, partition int32) (int64, error) {
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		req := kmsg.NewPtrOffsetFetchRequest()
		req.Group = l.opts.group()
		t := kmsg.NewOffsetFetchRequestTopic()
		t.Topic, t.Partitions = l.opts.name(eventlog.Events), []int32{partition}
		req.Topics = append(req.Topics, t)
		resp, err := req.RequestWith(ctx, l.client)
		if err == nil {
			err = kerr.ErrorForCode(resp.ErrorCode)
		}
		if err == nil {
			for _, t := range resp.Topics {
				for _, p := range t.Partitions {
					if err = kerr.ErrorForCode(p.ErrorCode); err == nil {
						return max(0, p.Offset), nil
					}
				}
			}
		}
		if errors.Is(err, kerr.GroupIDNotFound) {
			return 0, nil
		}
		if err == nil {
			err = errors.New("the answer names no partition")
		}
		if err := l.tryAgain(ctx, wait, fmt.Errorf("ask how far partition %d is processed: %w", partition, err)); err != nil {
			return 0, err
		}
	}
}

// State implements eventlog.StateStore, of claimed partitions. Errors: ErrNotClaimed.
func (l *Log) State(ctx context.Context, partition int32, key []byte) ([]byte, error) {
	if err := l.claimed(ctx, partition); err != nil {
		return nil, err
	}
	defer l.life.users.Done()
	value, err := l.copies.state(partition, key)
	if err != nil {
		return nil, fmt.Errorf("read state of partition %d: %w", partition, err)
	}
	return value, nil
}

// ScanState implements eventlog.StateStore, of claimed partitions. It sees the state
// as it was when the call began. Errors: ErrNotClaimed, fn's.
func (l *Log) ScanState(ctx context.Context, partition int32, prefix []byte, fn func(key, value []byte) error) (err error) {
	if err := l.claimed(ctx, partition); err != nil {
		return err
	}
	defer l.life.users.Done()
	lower := placed(kindState, partition, prefix)
	it, err := l.copies.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: past(lower)})
	if err != nil {
		return fmt.Errorf("scan state of partition %d: %w", partition, err)
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for valid := it.First(); valid; valid = it.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		value, err := it.ValueAndErr()
		if err == nil {
			_, value, err = readState(value)
		}
		if err != nil {
			return fmt.Errorf("scan state of partition %d: %w", partition, err)
		}
		if err := fn(bytes.Clone(it.Key()[placeBytes:]), value); err != nil {
			return err
		}
	}
	return it.Error()
}

// claimed begins a call about a partition's state.
func (l *Log) claimed(ctx context.Context, partition int32) error {
	if err := l.life.begin(); err != nil {
		return err
	}
	err := errors.Join(l.checkPartition(partition), ctx.Err())
	if err == nil && l.claim(partition) == nil {
		err = fmt.Errorf("partition %d: %w", partition, eventlog.ErrNotClaimed)
	}
	if err != nil {
		l.life.users.Done()
	}
	return err
}
