package kafkalog

import (
	"context"
	"fmt"
	"sync"

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
	select {
	case <-done.all:
	case <-ctx.Done():
		return ctx.Err()
	case <-l.life.ending.Done():
		return eventlog.ErrClosed
	}
	if done.err != nil {
		return fmt.Errorf("append to %s: %w", name, done.err)
	}
	return nil
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
