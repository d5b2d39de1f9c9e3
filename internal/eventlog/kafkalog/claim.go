package kafkalog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

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
func (l *Log) Claim(ctx context.Context, partition int32) error {
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
	waiting, cancel := l.life.bound(ctx)
	defer cancel()
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		c, end, err := l.fence(waiting, partition)
		if err == nil {
			if err = c.restore(waiting, end); err != nil {
				c.client.Close()
				return fmt.Errorf("restore the state of partition %d: %w", partition, err)
			}
			l.mu.Lock()
			l.claims[partition] = c
			l.mu.Unlock()
			return nil
		}
		if fenced(err) { // whether it is to be ours still is for the caller to look at
			return fmt.Errorf("claim partition %d: %w: another process claimed it meanwhile: %w", partition, eventlog.ErrNotClaimed, err)
		}
		if err := l.tryAgain(waiting, wait, err); err != nil {
			return fmt.Errorf("claim partition %d: %w", partition, err)
		}
	}
}

// fenced reports whether another one has taken the transactional id.
func fenced(err error) bool {
	return errors.Is(err, kerr.ProducerFenced) || errors.Is(err, kerr.InvalidProducerEpoch)
}

// fence takes the partition's transactional id over, and finds out where the state
// topic ends.
//
// It must not ask where that is. A broker that hung, or was cut off, answers as the
// leader that it was until it learns that it is none, and what was committed meanwhile
// is not in its answer: who began from there would do the former owner's last steps
// again. A leader that only just became one may know less than was acknowledged, too.
// So a record is written, which only the true leader can have acknowledged by all that
// are in sync, and the offset that it was given is the end. All that the former owner
// wrote is before it: Kafka ended its transactions, markers and all, before it gave us
// the id, and with the record the leader has heard of our epoch, so that what is on its
// way of an earlier one is refused there. The record is in a transaction, so that one
// who reads as far as it, and only what is committed, has seen every marker before it.
func (l *Log) fence(ctx context.Context, partition int32) (_ *claim, end int64, err error) {
	client, err := l.opts.client(producing(kgo.TransactionalID(l.opts.transactionalID(partition)), kgo.TransactionTimeout(transactionTimeout), kgo.ProducerLinger(0))...)
	if err != nil {
		return nil, 0, err
	}
	defer func() {
		if err != nil {
			client.Close()
		}
	}()
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		if _, _, err = client.ProducerID(ctx); err == nil {
			break
		}
		if err := l.tryAgain(ctx, wait, err); err != nil {
			return nil, 0, err
		}
	}
	if err := client.BeginTransaction(); err != nil {
		return nil, 0, fmt.Errorf("find the end of the state: begin: %w", err)
	}
	// The deletion of a state without a key, which there never is: every build reads it
	// as nothing, and compaction lets go of it.
	r := &kgo.Record{Topic: l.opts.name(stateTopic), Partition: partition, Key: []byte{recordState}}
	if err := client.ProduceSync(ctx, r).FirstErr(); err != nil {
		return nil, 0, fmt.Errorf("find the end of the state: write: %w", err)
	}
	if err := client.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return nil, 0, fmt.Errorf("find the end of the state: end: %w", err)
	}
	return &claim{log: l, partition: partition, client: client}, r.Offset + 1, nil
}

// restore reads what the state topic has beyond the copy, up to its end. Nobody else
// can write to it any more, so that this is what there is. A leader that knows less is
// asked until it, or another, knows all.
func (c *claim) restore(ctx context.Context, end int64) error {
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
	if m.next > end || m.next < first && m.next > 0 { // of another life of the topic
		if err := l.copies.forget(c.partition); err != nil {
			return err
		}
		m = mark{topic: l.topics[topic].id}
	}
	m.next = max(m.next, first)
	// Reading waits for a broker and writing for the disk: one goes on beside the other.
	pieces := make(chan piece, 1)
	group, both := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(pieces)
		return c.readState(both, &m, end, pieces)
	})
	group.Go(func() error {
		for p := range pieces {
			if err := l.copies.apply(c.partition, p.state, p.mark); err != nil {
				return err
			}
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return err
	}
	c.mark = m
	return nil
}

// piece is some of the state topic, and what the copy holds with it.
type piece struct {
	state []eventlog.KV
	mark  mark
}

// readState hands on the state topic from a mark to an end, and moves the mark.
func (c *claim) readState(ctx context.Context, m *mark, end int64, pieces chan<- piece) error {
	for wait := 5 * time.Millisecond; m.next < end; {
		from := m.next
		state, err := c.take(ctx, m)
		if err != nil {
			return err
		}
		if m.next > from {
			wait = 5 * time.Millisecond
			select {
			case pieces <- piece{state, *m}:
			case <-ctx.Done():
				return ctx.Err()
			}
			continue
		}
		// A marker is on its way, or the leader is behind.
		if err := c.log.rest(ctx, wait); err != nil {
			return err
		}
		wait = min(2*wait, 500*time.Millisecond)
	}
	return nil
}

// take reads some of the state topic.
func (c *claim) take(ctx context.Context, m *mark) (state []eventlog.KV, err error) {
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
		return nil, err
	}
	m.next, m.at = next, time.Now().UnixMilli()
	return state, nil
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
