package kafkalog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"playhead/internal/eventlog"
)

// claim is the right to commit in a partition, until another process claims it.
type claim struct {
	log       *Log
	partition int32
	client    *kgo.Client // of the partition's transactional id

	committing sync.Mutex // one transaction at a time
	mu         sync.Mutex
	mark       mark
	lost       error // why nothing more can be committed
}

func (l *Log) claim(partition int32) *claim {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.claims[partition]
}

// Claim implements eventlog.Shared. It takes the partition's transactional id, by
// which Kafka ends what its owner before had under way and refuses whatever comes
// from there later, and brings the copy of the state up to date.
func (l *Log) Claim(ctx context.Context, partition int32) (err error) {
	if err := l.life.begin(); err != nil {
		return err
	}
	defer l.life.users.Done()
	if err := errors.Join(l.checkPartition(partition), ctx.Err()); err != nil {
		return err
	}
	if l.copies == nil {
		return fmt.Errorf("claim partition %d: the log was opened without a folder for states", partition)
	}
	l.mu.Lock()
	before, members := l.claims[partition], l.members
	delete(l.claims, partition)
	l.mu.Unlock()
	if members != nil {
		members.holding(partition)
	}
	if before != nil {
		before.close()
	}
	client, err := l.opts.client(producing(kgo.TransactionalID(l.opts.transactionalID(partition)), kgo.TransactionTimeout(transactionTimeout), kgo.ProducerLinger(0))...)
	if err != nil {
		return fmt.Errorf("claim partition %d: %w", partition, err)
	}
	defer func() {
		if err != nil {
			client.Close()
		}
	}()
	waiting, cancel := l.life.bound(ctx)
	defer cancel()
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		if _, _, err = client.ProducerID(waiting); err == nil {
			break
		}
		if err := l.tryAgain(waiting, wait, err); err != nil {
			return fmt.Errorf("claim partition %d: %w", partition, err)
		}
	}
	c := &claim{log: l, partition: partition, client: client}
	if err := c.restore(waiting); err != nil {
		return fmt.Errorf("restore the state of partition %d: %w", partition, err)
	}
	l.mu.Lock()
	l.claims[partition] = c
	l.mu.Unlock()
	return nil
}

// restore reads what the state topic has beyond the copy. Nobody else can write to
// it any more, so that all there is up to its end is what there is.
func (c *claim) restore(ctx context.Context) error {
	l := c.log
	const topic = numberState
	defer l.pages.drop(topic, c.partition) // nobody reads it again
	m, err := l.copies.mark(c.partition, l.topics[topic].id, time.Now())
	if err != nil {
		return err
	}
	first, err := l.offset(ctx, topic, c.partition, earliest, false)
	if err != nil {
		return err
	}
	end, err := l.offset(ctx, topic, c.partition, latest, false)
	if err != nil {
		return err
	}
	if m.next > end || m.next < first && m.next > 0 { // of another life of the topic
		if err := l.copies.forget(c.partition); err != nil {
			return err
		}
		m = mark{topic: l.topics[topic].id}
	}
	m.next = max(m.next, first)
	for wait := 5 * time.Millisecond; m.next < end; {
		from := m.next
		if err := c.take(ctx, &m); err != nil {
			return err
		}
		if m.next > from {
			wait = 5 * time.Millisecond
			continue
		}
		// A marker is on its way.
		if err := l.rest(ctx, wait); err != nil {
			return err
		}
		wait = min(2*wait, 500*time.Millisecond)
	}
	c.mark = m
	return nil
}

// take brings some of the state topic into the copy.
func (c *claim) take(ctx context.Context, m *mark) error {
	var state []eventlog.KV
	next, err := c.log.read(ctx, numberState, eventlog.Cursor{Partition: c.partition, Offset: m.next}, 8<<20, func(r *kgo.Record) error {
		switch {
		case len(r.Key) == 1 && r.Key[0] == recordProgress:
			p, err := readProgress(r.Value)
			if err != nil {
				return fmt.Errorf("offset %d: %w", r.Offset, err)
			}
			m.progress = p
		case len(r.Key) > 0 && r.Key[0] == recordState:
			state = append(state, eventlog.KV{Key: r.Key[1:], Value: r.Value})
		default:
			return fmt.Errorf("%w: offset %d has a key that this build does not know", eventlog.ErrCorrupt, r.Offset)
		}
		return nil
	})
	if err != nil {
		return err
	}
	m.next, m.at = next, time.Now().UnixMilli()
	return c.log.copies.apply(c.partition, state, *m)
}

// Release implements eventlog.Shared.
func (l *Log) Release(partition int32) {
	l.mu.Lock()
	c, members := l.claims[partition], l.members
	delete(l.claims, partition)
	l.mu.Unlock()
	if c != nil {
		c.close()
	}
	if members != nil {
		members.released(partition)
	}
}

// close lets go of the transactional id, after the transaction under way.
func (c *claim) close() {
	c.committing.Lock()
	defer c.committing.Unlock()
	c.lose(eventlog.ErrNotClaimed)
	c.client.Close()
}

// lose ends the claim for a reason; only the first counts.
func (c *claim) lose(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost == nil {
		c.lost = why
	}
}

func (c *claim) reached() eventlog.Progress {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mark.progress
}
