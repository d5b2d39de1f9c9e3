package kafkalog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"playhead/internal/eventlog"
)

// Commit implements eventlog.Log. Each partition's transactions are one of Kafka's;
// those of several partitions go side by side, and after an error some may be done.
// After an error other than ErrConflict the partition must be claimed again: whether the
// transaction is in is known then. So it is when ctx ends, or the log is closed, while it is
// under way: who does not want that gives a ctx that does not end.
func (l *Log) Commit(ctx context.Context, txs []eventlog.Transaction) error {
	if err := l.life.begin(); err != nil {
		return err
	}
	defer l.life.users.Done()
	if err := ctx.Err(); err != nil {
		return err
	}
	by := map[int32][]*eventlog.Transaction{}
	for i := range txs {
		tx := &txs[i]
		if err := l.checkPartition(tx.Partition); err != nil {
			return err
		}
		if len(tx.State) > 0 && !tx.Snapshot {
			return fmt.Errorf("commit partition %d from %d: state without a snapshot", tx.Partition, tx.From)
		}
		by[tx.Partition] = append(by[tx.Partition], tx)
	}
	var list []*claim
	for p, steps := range by {
		c := l.claim(p)
		if c == nil {
			return fmt.Errorf("commit partition %d: %w", p, eventlog.ErrNotClaimed)
		}
		if err := c.follows(steps); err != nil {
			return err
		}
		list = append(list, c)
	}
	errs := make(chan error, len(list))
	for _, c := range list {
		go func() { errs <- c.commit(ctx, by[c.partition]) }()
	}
	var all []error
	for range list {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}

// follows checks that the claim stands, and that the transactions go on from what is
// committed.
func (c *claim) follows(steps []*eventlog.Transaction) error {
	c.mu.Lock()
	lost, at := c.lost, c.mark.progress.Committed
	c.mu.Unlock()
	if lost != nil {
		return fmt.Errorf("commit partition %d: %w", c.partition, lost)
	}
	for _, tx := range steps {
		if tx.From != at || tx.To < tx.From {
			return fmt.Errorf("commit partition %d from %d to %d: %w: that is %d", c.partition, tx.From, tx.To, eventlog.ErrConflict, at)
		}
		at = tx.To
	}
	return nil
}

// commit runs one transaction of the partition.
func (c *claim) commit(ctx context.Context, steps []*eventlog.Transaction) error {
	c.committing.Lock()
	defer c.committing.Unlock()
	if err := c.follows(steps); err != nil { // another call may have been before
		return err
	}
	c.mu.Lock()
	m := c.mark
	c.mu.Unlock()
	changed, written := 0, 0
	for _, tx := range steps {
		m.progress.Committed = tx.To
		if tx.Snapshot {
			m.progress.Snapshot = tx.To
			changed += len(tx.State)
			for i := range tx.State {
				written += len(tx.State[i].Key) + len(tx.State[i].Value)
			}
		}
	}
	var again []eventlog.KV
	var err error
	if changed > 0 {
		grown := m.next - c.looked + int64(changed) + 1
		if again, m.round, err = m.round.goOn(c.log.copies, c.partition, m.next, grown, written); err != nil {
			return c.gone(steps, err)
		}
	}
	// A state that is written again and changed counts as it is changed.
	state := make([]entry, 0, len(again)+changed)
	for i := range again {
		state = append(state, entry{KV: again[i]})
	}
	for _, tx := range steps {
		for i := range tx.State {
			state = append(state, entry{KV: tx.State[i]})
		}
	}
	whole, cancel := c.log.life.bound(ctx)
	defer cancel()
	next, err := c.transact(whole, steps, state, &m)
	if err == nil {
		m.next, m.at = max(m.next, next), time.Now().UnixMilli()
		if changed > 0 {
			c.looked = m.next
		}
		if err = c.log.copies.apply(c.partition, state, m); err == nil {
			c.mu.Lock()
			c.mark = m
			c.mu.Unlock()
			return nil
		}
	}
	return c.gone(steps, err)
}

// gone ends the claim after a commit that failed.
func (c *claim) gone(steps []*eventlog.Transaction, err error) error {
	err = fmt.Errorf("commit partition %d from %d: %w: %w", c.partition, steps[0].From, eventlog.ErrNotClaimed, err)
	c.lose(err)
	return err
}

// transact writes everything in one of Kafka's transactions, and returns the next
// offset of the state topic. The states learn their offsets.
func (c *claim) transact(ctx context.Context, steps []*eventlog.Transaction, state []entry, m *mark) (int64, error) {
	if err := c.client.BeginTransaction(); err != nil {
		return 0, fmt.Errorf("begin: %w", err)
	}
	next, err := c.write(ctx, steps, state, m)
	if err == nil {
		err = c.commitGroupOffset(ctx, m.progress.Committed)
	}
	if err != nil {
		// Kafka gives it up in any case: when the partition is claimed again, or in time.
		// Who stops does not wait for a broker that does not answer.
		if ctx.Err() != nil {
			return 0, err
		}
		abort, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		return 0, errors.Join(err, c.client.AbortBufferedRecords(abort), c.client.EndTransaction(abort, kgo.TryAbort))
	}
	if err := c.client.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return 0, fmt.Errorf("end: %w", err)
	}
	return next, nil
}

// write produces facts, states and progress, and waits until they are acknowledged.
func (c *claim) write(ctx context.Context, steps []*eventlog.Transaction, state []entry, m *mark) (int64, error) {
	l := c.log
	facts, states := l.opts.name(eventlog.Facts), l.opts.name(stateTopic)
	var outputs int
	for _, tx := range steps {
		outputs += len(tx.Output)
	}
	ofFacts := promises{left: outputs, all: make(chan struct{})}
	ofStates := promises{left: len(state) + 1, all: make(chan struct{})}
	for _, tx := range steps {
		for _, out := range tx.Output {
			c.client.Produce(ctx, &kgo.Record{Topic: facts, Partition: c.partition, Value: out}, ofFacts.one)
		}
	}
	room, records := make([]byte, 0, len(state)*32), make([]kgo.Record, len(state))
	for i := range state {
		from := len(room)
		room = append(append(room, recordState), state[i].Key...)
		records[i] = kgo.Record{Topic: states, Partition: c.partition, Key: room[from:len(room):len(room)], Value: state[i].Value}
		c.client.Produce(ctx, &records[i], ofStates.one)
	}
	c.client.Produce(ctx, &kgo.Record{
		Topic: states, Partition: c.partition, Key: []byte{recordProgress}, Value: appendProgress(nil, m.progress),
		Headers: []kgo.RecordHeader{m.round.header(l.topics[numberState].id)},
	}, ofStates.one)
	if err := c.client.Flush(ctx); err != nil {
		return 0, err
	}
	<-ofStates.all
	if outputs > 0 {
		<-ofFacts.all
	}
	if err := errors.Join(ofFacts.err, ofStates.err); err != nil {
		return 0, fmt.Errorf("write: %w", err)
	}
	for i := range state {
		state[i].offset = records[i].Offset
	}
	return ofStates.next, nil
}

// commitGroupOffset tells the consumer group's offset, in the transaction, for those
// who look at lag. The progress record is what counts.
func (c *claim) commitGroupOffset(ctx context.Context, offset int64) error {
	o := &c.log.opts
	id, epoch, err := c.client.ProducerID(ctx)
	if err != nil {
		return err
	}
	transactional := o.transactionalID(c.partition)
	return c.insist(ctx, "commit the group's offset", func() error {
		add := kmsg.NewPtrAddOffsetsToTxnRequest()
		add.TransactionalID, add.ProducerID, add.ProducerEpoch, add.Group = transactional, id, epoch, o.group()
		added, err := add.RequestWith(ctx, c.client)
		if err == nil {
			err = kerr.ErrorForCode(added.ErrorCode)
		}
		if err != nil {
			return err
		}
		req := kmsg.NewPtrTxnOffsetCommitRequest()
		req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Group, req.Generation = transactional, id, epoch, o.group(), -1
		t := kmsg.NewTxnOffsetCommitRequestTopic()
		t.Topic, t.TopicID = o.name(eventlog.Events), c.log.topics[0].id
		p := kmsg.NewTxnOffsetCommitRequestTopicPartition()
		p.Partition, p.Offset = c.partition, offset
		t.Partitions = append(t.Partitions, p)
		req.Topics = append(req.Topics, t)
		resp, err := req.RequestWith(ctx, c.client)
		if err != nil {
			return err
		}
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// insist repeats what Kafka says may be repeated, for a while.
func (c *claim) insist(ctx context.Context, what string, do func() error) error {
	until := time.Now().Add(10 * time.Second)
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, 500*time.Millisecond) {
		err := do()
		if err == nil {
			return nil
		}
		err = fmt.Errorf("%s: %w", what, err)
		again := errors.Is(err, kerr.ConcurrentTransactions) || errors.Is(err, kerr.CoordinatorLoadInProgress) || kerr.IsRetriable(err)
		if !again || time.Now().After(until) {
			return err
		}
		if ended := c.log.rest(ctx, wait); ended != nil {
			return err
		}
	}
}
