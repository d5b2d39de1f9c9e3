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

// Log is eventlog.Log, eventlog.StateStore and eventlog.Shared on Kafka.
type Log struct {
	opts       Options
	life       lifetime
	partitions int32
	topics     [3]topicInfo // by number: events, facts, state
	client     *kgo.Client  // asks, and reads without waiting
	producer   producer
	pollers    pollers
	pages      pages
	copies     *copies // nil where no partition is claimed

	mu      sync.Mutex
	claims  map[int32]*claim
	members *members // nil before Assignment was asked for
}

// numberState is the state topic's number.
const numberState = 2

// topicInfo is what a topic is in this cluster.
type topicInfo struct {
	topic eventlog.Topic
	id    [16]byte
}

var (
	_ eventlog.Log        = (*Log)(nil)
	_ eventlog.StateStore = (*Log)(nil)
	_ eventlog.Shared     = (*Log)(nil)
)

// openWithin bounds the making and checking of topics.
const openWithin = 30 * time.Second

// Open connects, makes the topics that are missing and checks those that are there.
// Errors: ErrTopic, eventlog.ErrLocked when another process has Options.Dir.
func Open(ctx context.Context, o Options) (_ *Log, err error) {
	l := &Log{opts: o.withDefaults(), claims: map[int32]*claim{}}
	l.life.init()
	l.topics = [3]topicInfo{{topic: eventlog.Events}, {topic: eventlog.Facts}, {topic: stateTopic}}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close())
		}
	}()
	if len(l.opts.Brokers) == 0 {
		return nil, errors.New("open the log on Kafka: no broker is named")
	}
	if l.client, err = l.opts.client(); err != nil {
		return nil, fmt.Errorf("open the log on Kafka: %w", err)
	}
	if l.producer.client, err = l.opts.client(producing(kgo.ProducerLinger(produceLinger))...); err != nil {
		return nil, fmt.Errorf("open the log on Kafka: %w", err)
	}
	if err := l.opts.contact(ctx, l.client); err != nil {
		return nil, fmt.Errorf("open the log on Kafka: %w", err)
	}
	first, cancel := context.WithTimeout(ctx, openWithin)
	defer cancel()
	if err := l.prepare(first); err != nil {
		return nil, fmt.Errorf("open the log on Kafka: %w", err)
	}
	if l.opts.Dir != "" {
		if l.copies, err = openCopies(l.opts.Dir, l.opts.Logger); err != nil {
			return nil, fmt.Errorf("open the copy of the state in %s: %w", l.opts.Dir, err)
		}
	}
	return l, nil
}

// Close implements eventlog.Log. Who shares the partitions should have released its
// own before.
func (l *Log) Close() error {
	if !l.life.close() {
		return nil
	}
	l.mu.Lock()
	members := l.members
	l.mu.Unlock()
	if members != nil {
		members.leave(l.opts.Logger)
	}
	l.life.users.Wait()
	for _, c := range l.claims {
		c.close()
	}
	l.pollers.close()
	for _, c := range []*kgo.Client{l.producer.client, l.client} {
		if c != nil {
			c.Close()
		}
	}
	if l.copies != nil {
		return l.copies.close()
	}
	return nil
}

// Partitions implements eventlog.Log.
func (l *Log) Partitions() int32 { return l.partitions }

// topic finds a topic that others may read and append to, and checks the partition.
func (l *Log) topic(topic eventlog.Topic, partitions ...int32) (number int, err error) {
	switch topic {
	case eventlog.Events:
	case eventlog.Facts:
		number = 1
	default:
		return 0, fmt.Errorf("there is no topic %q", topic)
	}
	for _, p := range partitions {
		if err := l.checkPartition(p); err != nil {
			return 0, err
		}
	}
	return number, nil
}

func (l *Log) checkPartition(p int32) error {
	if p < 0 || p >= l.partitions {
		return fmt.Errorf("partition %d does not exist; the log has %d", p, l.partitions)
	}
	return nil
}

// rest waits, unless ctx or the log ends first.
func (l *Log) rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-l.life.ending.Done():
		return eventlog.ErrClosed
	}
}
