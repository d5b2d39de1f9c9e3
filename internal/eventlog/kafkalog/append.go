package kafkalog

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"playhead/internal/eventlog"
)

// producer appends what is in no transaction: idempotent, acknowledged by all
// replicas that are in sync.
type producer struct {
	client *kgo.Client
	mu     sync.Mutex // the records of a call stay together
}

// Append implements eventlog.Log. Within a partition a call's records are in order;
// over partitions it is not atomic: after an error some of them may be there, and
// become readable later. It keeps trying while no broker answers, for 30 s.
func (l *Log) Append(ctx context.Context, topic eventlog.Topic, records []eventlog.Record) error {
	if err := l.life.begin(); err != nil {
		return err
	}
	defer l.life.users.Done()
	if _, err := l.topic(topic); err != nil {
		return err
	}
	size := 0
	for i := range records {
		if err := l.checkPartition(records[i].Partition); err != nil {
			return err
		}
		size += len(records[i].Data)
	}
	if err := ctx.Err(); err != nil || len(records) == 0 {
		return err
	}
	// Data is the caller's again before Kafka's client has done with it, if ctx ends.
	room, name := make([]byte, 0, size), l.opts.name(topic)
	batch := make([]kgo.Record, len(records))
	done := promises{left: len(records), all: make(chan struct{})}
	for i := range records {
		from := len(room)
		room = append(room, records[i].Data...)
		batch[i] = kgo.Record{Topic: name, Partition: records[i].Partition, Value: room[from:len(room):len(room)]}
	}
	// A record that is given up in the middle would leave its neighbours: what was
	// begun is carried through, within the client's own bound.
	whole := context.WithoutCancel(ctx)
	l.producer.mu.Lock()
	for i := range batch {
		l.producer.client.Produce(whole, &batch[i], done.one)
	}
	l.producer.mu.Unlock()
	if err := l.acknowledged(ctx, done.all); err != nil {
		return err
	}
	if done.err != nil {
		return fmt.Errorf("append to %s: %w", name, done.err)
	}
	return nil
}

// closeWithin is for how long an append goes on once the log is closed. It may be in all
// the same when it is given up.
const closeWithin = 2 * time.Second

// acknowledged waits until brokers have what was sent, or ctx ends, or for a while after
// the log is closed.
func (l *Log) acknowledged(ctx context.Context, all <-chan struct{}) error {
	select {
	case <-all:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-l.life.ending.Done():
	}
	timer := time.NewTimer(closeWithin)
	defer timer.Stop()
	select {
	case <-all:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return fmt.Errorf("the log is closed, and brokers did not answer within %s: %w", closeWithin, context.DeadlineExceeded)
	}
}

// promises waits for all records of a call.
type promises struct {
	mu   sync.Mutex
	left int
	next int64 // after the last record that was told
	err  error // the first
	all  chan struct{}
}

func (p *promises) one(r *kgo.Record, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil && p.err == nil {
		p.err = err
	}
	p.next = max(p.next, r.Offset+1)
	if p.left--; p.left == 0 {
		close(p.all)
	}
}
