package kafkalog

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"playhead/internal/eventlog"
)

// BoardOptions say which board.
type BoardOptions struct {
	// Topic is its name after the prefix.
	Topic string
	// Passing is for what is only true for a moment: nothing from before Open is read,
	// nothing is kept for long, and only Tell writes.
	Passing bool
}

// maxNote is the largest value of a name, bytes.
const maxNote = 15 << 20

// hello is the name of the record by which a process finds out that it has read all
// there was before. It is nobody's note.
const hello = "!"

// headerPut tells a process its own records.
const headerPut = "put"

// passingFor is how long a passing board keeps what it has.
const passingFor = time.Hour

// forgottenAfter is when this process forgets what nobody said again.
const forgottenAfter = time.Minute

// Board is eventlog.Board in a compacted topic of one partition, so that there is one
// order of notes.
type Board struct {
	opts   Options
	topic  string
	passes bool
	client *kgo.Client
	ending context.Context
	end    context.CancelFunc
	ended  chan struct{}

	mu      sync.Mutex
	notes   map[string]eventlog.Note
	waiting map[string]chan bool // by the header of a record on its way
	changed chan struct{}
}

var _ eventlog.Board = (*Board)(nil)

// OpenBoard makes the topic if it is missing, and reads all there is. Errors: ErrTopic.
func OpenBoard(ctx context.Context, o Options, which BoardOptions) (_ *Board, err error) {
	o = o.withDefaults()
	b := &Board{
		opts: o, topic: o.Prefix + which.Topic, passes: which.Passing, ended: make(chan struct{}),
		notes: map[string]eventlog.Note{}, waiting: map[string]chan bool{}, changed: make(chan struct{}),
	}
	b.ending, b.end = context.WithCancel(context.WithoutCancel(ctx))
	from := kgo.NewOffset().AtStart()
	if which.Passing {
		from = kgo.NewOffset().AtEnd()
	}
	more := []kgo.Opt{
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{b.topic: {0: from}}), kgo.FetchMaxWait(time.Second),
		kgo.FetchMaxBytes(maxRecord + 1<<20), kgo.ProducerLinger(0),
	}
	if which.Passing { // what waits for a broker is soon not true any more
		more = append(more, kgo.MaxBufferedBytes(maxRecord), kgo.RecordDeliveryTimeout(2*time.Second))
	}
	if b.client, err = o.client(producing(more...)...); err != nil {
		return nil, fmt.Errorf("open %s: %w", b.topic, err)
	}
	if err := o.contact(ctx, b.client); err != nil {
		b.client.Close()
		return nil, fmt.Errorf("open %s: %w", b.topic, err)
	}
	first, cancel := context.WithTimeout(ctx, openWithin)
	defer cancel()
	if err := b.prepare(first, which.Passing); err != nil {
		b.client.Close()
		return nil, fmt.Errorf("open %s: %w", b.topic, err)
	}
	go b.follow()
	if which.Passing {
		return b, nil
	}
	if _, err := b.put(first, hello, []byte{}); err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", b.topic, err), b.Close())
	}
	return b, nil
}

// prepare makes the topic, or holds the one that is there to what a board relies on.
func (b *Board) prepare(ctx context.Context, passing bool) error {
	admin := kadm.NewClient(b.client)
	replication, err := b.opts.replicas(ctx, admin)
	if err != nil {
		return err
	}
	settings := map[string]string{
		"cleanup.policy": "compact", "delete.retention.ms": strconv.FormatInt(tombstones.Milliseconds(), 10),
		"max.message.bytes": strconv.Itoa(maxRecord + 1<<20), "unclean.leader.election.enable": "false",
		"min.insync.replicas": strconv.Itoa(int(max(1, replication-1))), "compression.type": "producer",
	}
	if passing {
		settings["cleanup.policy"], settings["retention.ms"] = "compact,delete", strconv.FormatInt(passingFor.Milliseconds(), 10)
		settings["segment.bytes"] = strconv.Itoa(64 << 20)
	}
	configs := map[string]*string{}
	for k, v := range settings {
		configs[k] = &v
	}
	if _, err := admin.CreateTopic(ctx, 1, replication, configs, b.topic); err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return fmt.Errorf("make the topic with 1 partition, %d replicas: %w", replication, err)
	}
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		there, err := admin.ListTopics(ctx, b.topic)
		if err == nil && complete(there[b.topic]) {
			return b.check(ctx, admin, len(there[b.topic].Partitions))
		}
		if final(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(wait):
		}
	}
}

// check refuses a topic in which notes would have no one order, or would go.
func (b *Board) check(ctx context.Context, admin *kadm.Client, partitions int) error {
	if partitions != 1 {
		return fmt.Errorf("%w: %s has %d partitions; it must have 1: delete it, and start again", ErrTopic, b.topic, partitions)
	}
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		have, err := admin.DescribeTopicConfigs(ctx, b.topic)
		for _, c := range have {
			err = errors.Join(err, c.Err)
		}
		if err == nil && len(have) == 1 {
			for _, c := range have[0].Configs {
				if policy := c.MaybeValue(); c.Key == "cleanup.policy" && !strings.HasPrefix(policy, "compact") {
					return fmt.Errorf("%w: %s has cleanup.policy=%s; it must be compact: kafka-configs.sh --alter --topic %s --add-config cleanup.policy=compact",
						ErrTopic, b.topic, policy, b.topic)
				}
			}
			return nil
		}
		if final(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(wait):
		}
	}
}

// follow reads until the board is closed.
func (b *Board) follow() {
	defer close(b.ended)
	for {
		fetched := b.client.PollFetches(b.ending)
		if b.ending.Err() != nil {
			return
		}
		fetched.EachError(func(_ string, _ int32, err error) {
			b.opts.Logger.Warn("what other processes say cannot be read: trying again", "topic", b.topic, "error", err)
		})
		b.take(fetched.Records())
	}
}

func (b *Board) take(records []*kgo.Record) {
	if len(records) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now, moved := time.Now(), false
	for _, r := range records {
		name := string(r.Key)
		_, had := b.notes[name]
		switch {
		case name == hello:
		case r.Value == nil:
			moved = moved || had
			delete(b.notes, name)
		default:
			moved = true
			b.notes[name] = eventlog.Note{Name: name, Value: r.Value, Place: r.Offset, At: now}
		}
		for _, h := range r.Headers {
			if done := b.waiting[string(h.Value)]; h.Key == headerPut && done != nil {
				done <- !had
			}
		}
	}
	if b.passes {
		maps.DeleteFunc(b.notes, func(_ string, n eventlog.Note) bool { return now.Sub(n.At) > forgottenAfter })
	}
	if moved {
		close(b.changed)
		b.changed = make(chan struct{})
	}
}

// Put implements eventlog.Board.
func (b *Board) Put(ctx context.Context, name string, value []byte) (first bool, err error) {
	if name == "" || name == hello {
		return false, fmt.Errorf("put %q on %s: it is no name", name, b.topic)
	}
	if len(value) > maxNote {
		return false, fmt.Errorf("put %s on %s: it has %d bytes, at most %d", name, b.topic, len(value), maxNote)
	}
	return b.put(ctx, name, value)
}

func (b *Board) put(ctx context.Context, name string, value []byte) (first bool, err error) {
	token, done := rand.Text(), make(chan bool, 1)
	b.mu.Lock()
	b.waiting[token] = done
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.waiting, token)
		b.mu.Unlock()
	}()
	r := &kgo.Record{Topic: b.topic, Key: []byte(name), Value: slices.Clone(value), Headers: []kgo.RecordHeader{{Key: headerPut, Value: []byte(token)}}}
	if err := b.client.ProduceSync(ctx, r).FirstErr(); err != nil {
		return false, fmt.Errorf("put %s on %s: %w", name, b.topic, b.why(err))
	}
	select {
	case first = <-done:
		return first, nil
	case <-ctx.Done():
		return false, fmt.Errorf("put %s on %s: %w", name, b.topic, ctx.Err())
	case <-b.ending.Done():
		return false, fmt.Errorf("put %s on %s: %w", name, b.topic, eventlog.ErrClosed)
	}
}

func (b *Board) why(err error) error {
	if b.ending.Err() != nil {
		return eventlog.ErrClosed
	}
	return err
}

// Tell implements eventlog.Board. Where Kafka does not answer, what waits is dropped
// as new values come.
func (b *Board) Tell(name string, value []byte) {
	r := &kgo.Record{Topic: b.topic, Key: []byte(name), Value: slices.Clone(value)}
	b.client.TryProduce(b.ending, r, nil)
}

// Get implements eventlog.Board.
func (b *Board) Get(name string) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.notes[name].Value
}

// List implements eventlog.Board.
func (b *Board) List(prefix string) []eventlog.Note {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []eventlog.Note
	for name, n := range b.notes {
		if strings.HasPrefix(name, prefix) {
			list = append(list, n)
		}
	}
	slices.SortFunc(list, func(x, y eventlog.Note) int { return cmp.Compare(x.Place, y.Place) })
	return list
}

// Changed implements eventlog.Board.
func (b *Board) Changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}

// Close implements eventlog.Board.
func (b *Board) Close() error {
	b.end()
	<-b.ended
	b.client.Close()
	return nil
}
