package kafkalog

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
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
	looked     int64      // where the state topic ended when states were last looked at
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
	// One request at a time: a broker that puts off the first of a transaction, as it does
	// while it ends the one before, and takes the second finds that out of order, and the
	// commit is lost.
	client, err := l.opts.client(producing(kgo.TransactionalID(l.opts.transactionalID(partition)), kgo.TransactionTimeout(transactionTimeout),
		kgo.ProducerLinger(0), kgo.MaxProduceRequestsInflightPerBroker(1))...)
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
	l, began := c.log, time.Now()
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
	whole := m.next == 0 || m.next > end || m.next < first // of another life of the topic
	if !whole && end-m.next > shortRead || whole && end-first > shortRead {
		newest, err := c.newestRound(ctx, first, end)
		if err != nil {
			return err
		}
		first, whole = max(first, newest.base), whole || newest.base > m.next
	}
	if whole {
		if err := l.copies.forget(c.partition); err != nil {
			return err
		}
		m = mark{topic: l.topics[topic].id, next: first}
	}
	// Reading waits for a broker and writing for the disk: one goes on beside the other.
	from, records := m.next, 0
	pieces := make(chan piece, 1)
	group, both := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(pieces)
		return c.follow(both, &m, end, pieces)
	})
	group.Go(func() error {
		for p := range pieces {
			records += len(p.state)
			if err := l.copies.apply(c.partition, inOrder(p.state), p.mark); err != nil {
				return err
			}
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return err
	}
	c.mark, c.looked = m, m.next
	l.opts.Logger.Info("claimed a partition", "partition", c.partition, "state_records", records, "from", from, "to", end, "took", time.Since(began).Round(time.Millisecond))
	return nil
}

// shortRead is so few records that reading them is no more than asking where to begin.
const shortRead = 10_000

// newestRound is the round of the newest progress, for which the topic is read from
// further and further before its end.
func (c *claim) newestRound(ctx context.Context, first, end int64) (newest round, err error) {
	for back := int64(256); ; back *= 16 {
		from, found := max(first, end-back), false
		next := from
		err := c.through(ctx, &next, end, func(r *kgo.Record) error {
			if isProgress(r) {
				newest, found = roundOf(r, c.log.topics[numberState].id), true
			}
			return nil
		}, func() error { return nil })
		if err != nil || found || from == first {
			return newest, err
		}
	}
}

// piece is some of the state topic, and what the copy holds with it.
type piece struct {
	state []entry
	mark  mark
}

// inOrder are the newest of each key's entries, by key: in order they are put in among
// others in half the time.
func inOrder(state []entry) []entry {
	slices.SortFunc(state, func(a, b entry) int {
		return cmp.Or(bytes.Compare(a.Key, b.Key), cmp.Compare(b.offset, a.offset))
	})
	return slices.CompactFunc(state, func(a, b entry) bool { return bytes.Equal(a.Key, b.Key) })
}

// follow hands on the state topic from a mark to an end, and moves the mark.
func (c *claim) follow(ctx context.Context, m *mark, end int64, pieces chan<- piece) error {
	var state []entry
	return c.through(ctx, &m.next, end, func(r *kgo.Record) error {
		switch {
		case isProgress(r):
			p, err := readProgress(r.Value)
			if err != nil {
				return fmt.Errorf("offset %d: %w", r.Offset, err)
			}
			m.progress, m.round = p, roundOf(r, c.log.topics[numberState].id)
		case len(r.Key) > 0 && r.Key[0] == recordState:
			state = append(state, entry{KV: eventlog.KV{Key: r.Key[1:], Value: r.Value}, offset: r.Offset})
		default:
			return fmt.Errorf("%w: offset %d has a key that this build does not know", eventlog.ErrCorrupt, r.Offset)
		}
		return nil
	}, func() error {
		m.at = time.Now().UnixMilli()
		p := piece{state, *m}
		state = make([]entry, 0, len(state))
		select {
		case pieces <- p:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

func isProgress(r *kgo.Record) bool { return len(r.Key) == 1 && r.Key[0] == recordProgress }

// through hands on the records of the state topic from an offset, which it moves, to an
// end, and calls some after some of them.
func (c *claim) through(ctx context.Context, next *int64, end int64, fn func(*kgo.Record) error, some func() error) error {
	for wait := 5 * time.Millisecond; *next < end; {
		to, err := c.log.read(ctx, numberState, eventlog.Cursor{Partition: c.partition, Offset: *next}, 2<<20, fn)
		if err != nil {
			return err
		}
		if to > *next {
			wait, *next = 5*time.Millisecond, to
			if err := some(); err != nil {
				return err
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
