package kafkalog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"

	"playhead/internal/eventlog"
)

// Read implements eventlog.Log. Where a broker does not answer it tries again until
// ctx ends. An error of its own comes before fn was called.
func (l *Log) Read(ctx context.Context, topic eventlog.Topic, from eventlog.Cursor, maxBytes int, fn func(eventlog.Entry) error) (int64, error) {
	if err := l.life.begin(); err != nil {
		return from.Offset, err
	}
	defer l.life.users.Done()
	number, err := l.topic(topic, from.Partition)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return from.Offset, err
	}
	return l.read(ctx, number, from, maxBytes, func(r *kgo.Record) error {
		return fn(eventlog.Entry{Offset: r.Offset, ReceivedAt: r.Timestamp.UnixMilli(), Data: r.Value})
	})
}

func (l *Log) read(ctx context.Context, topic int, from eventlog.Cursor, maxBytes int, fn func(*kgo.Record) error) (int64, error) {
	at, passed := from.Offset, false
	for {
		page, err := l.pageAt(ctx, topic, from.Partition, at, maxBytes)
		if err != nil && !passed {
			return at, err
		}
		if err != nil || page == nil {
			return at, nil // an error comes again: what was passed is the reader's
		}
		for _, r := range page.records[page.after(at):] {
			if err := fn(r); err != nil {
				return at, err
			}
			at, passed = r.Offset+1, true
			if maxBytes -= len(r.Value); maxBytes <= 0 {
				return at, nil
			}
		}
		at = max(at, page.next)
		if at >= page.stable || page.next == page.from {
			return at, nil
		}
	}
}

// fetchBytes bound what is fetched of a partition at once.
const (
	leastFetch = 64 << 10
	mostFetch  = 4 << 20
)

// pageAt is the page that begins with an offset, or holds it; nil when there is
// nothing at it or after. Errors: ErrTrimmed, ctx's.
func (l *Log) pageAt(ctx context.Context, topic int, partition int32, offset int64, maxBytes int) (*page, error) {
	if p := l.pages.find(topic, partition, offset); p != nil {
		return p, nil
	}
	want := []wanted{{partition, offset, int32(min(max(maxBytes, leastFetch), mostFetch))}}
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		got, err := l.fetch(ctx, l.client, topic, want, 0)
		switch {
		case err == nil && got[partition] != nil:
			p := got[partition]
			if len(p.records) == 0 && p.next == offset {
				return nil, nil
			}
			l.pages.keep(topic, partition, p)
			return p, nil
		case errors.Is(err, errOutside):
			first, _, err := l.bounds(ctx, topic, partition)
			if err != nil {
				return nil, err
			}
			if offset < first {
				return nil, fmt.Errorf("%w: topic %s, partition %d: offset %d asked for, %d is the first kept",
					eventlog.ErrTrimmed, l.topics[topic].topic, partition, offset, first)
			}
			return nil, nil // past the end
		case errors.Is(err, eventlog.ErrCorrupt):
			return nil, err
		}
		if err := l.tryAgain(ctx, wait, err); err != nil {
			return nil, err
		}
	}
}

// tryAgain waits after an error of the cluster, or says why that is of no use.
func (l *Log) tryAgain(ctx context.Context, wait time.Duration, err error) error {
	if why := l.life.why(ctx); why != nil {
		return why
	}
	if final(err) {
		return err
	}
	if wait >= time.Second {
		l.opts.Logger.Warn("Kafka does not answer: trying again", "error", err)
	}
	return l.rest(ctx, wait)
}

// final reports whether an error stays as it is however often one asks.
func final(err error) bool {
	for _, never := range []error{
		kerr.TopicAuthorizationFailed, kerr.GroupAuthorizationFailed, kerr.ClusterAuthorizationFailed, kerr.TransactionalIDAuthorizationFailed,
		kerr.SaslAuthenticationFailed, kerr.UnsupportedSaslMechanism, kerr.InconsistentTopicID,
	} {
		if errors.Is(err, never) {
			return true
		}
	}
	return false
}

// poll is for how long a broker holds a wait for records; the answers of all come
// together.
const poll = 40 * time.Millisecond

// Wait implements eventlog.Log; ErrClosed when the log is closed meanwhile.
func (l *Log) Wait(ctx context.Context, topic eventlog.Topic, cursors []eventlog.Cursor) error {
	if err := l.life.begin(); err != nil {
		return err
	}
	defer l.life.users.Done()
	number, err := l.topic(topic)
	want := make([]wanted, len(cursors))
	for i, c := range cursors {
		err = errors.Join(err, l.checkPartition(c.Partition))
		want[i] = wanted{c.Partition, c.Offset, 1 << 20}
	}
	if err != nil {
		return err
	}
	client, err := l.pollers.take(&l.opts)
	if err != nil {
		return fmt.Errorf("wait for %s: %w", topic, err)
	}
	defer l.pollers.give(client)
	waiting, cancel := l.life.bound(ctx)
	defer cancel()
	for pause := 10 * time.Millisecond; ; {
		if err := l.life.why(ctx); err != nil {
			return err
		}
		for i := range want {
			if p := l.pages.find(number, want[i].partition, want[i].from); p != nil {
				if p.after(want[i].from) < len(p.records) {
					return nil
				}
				want[i].from = p.next
			}
		}
		got, err := l.fetch(waiting, client, number, want, poll)
		found := false
		for i, w := range want {
			p := got[w.partition]
			if p == nil || p.next <= w.from {
				continue
			}
			found = found || len(p.records) > 0
			l.pages.keep(number, w.partition, p)
			want[i].from = p.next
		}
		switch {
		case found:
			return nil
		case err == nil || onlyOutside(err):
			pause = 10 * time.Millisecond
			if err != nil { // trimmed, or past the end: nobody waits for us then
				if trimmed := l.trimmed(waiting, number, want); trimmed {
					return nil // let the reader find out
				}
				err = l.rest(waiting, poll)
			}
		default:
			err = l.tryAgain(waiting, pause, err)
			pause = min(2*pause, time.Second)
		}
		if err != nil && l.life.why(ctx) == nil {
			return err
		}
	}
}

// onlyOutside reports whether nothing but offsets was wrong.
func onlyOutside(err error) bool { return errors.Is(err, errOutside) }

// trimmed reports whether one of the offsets is before what is kept.
func (l *Log) trimmed(ctx context.Context, topic int, want []wanted) bool {
	for _, w := range want {
		if first, _, err := l.bounds(ctx, topic, w.partition); err == nil && w.from < first {
			return true
		}
	}
	return false
}

// Bounds implements eventlog.Log: up to what is committed.
func (l *Log) Bounds(ctx context.Context, topic eventlog.Topic, partition int32) (first, next int64, err error) {
	if err := l.life.begin(); err != nil {
		return 0, 0, err
	}
	defer l.life.users.Done()
	number, err := l.topic(topic, partition)
	if err != nil {
		return 0, 0, err
	}
	return l.bounds(ctx, number, partition)
}

const (
	earliest = -2
	latest   = -1
)

func (l *Log) bounds(ctx context.Context, topic int, partition int32) (first, next int64, err error) {
	group, both := errgroup.WithContext(ctx)
	group.Go(func() (err error) { first, err = l.offset(both, topic, partition, earliest, true); return })
	group.Go(func() (err error) { next, err = l.offset(both, topic, partition, latest, true); return })
	if err := group.Wait(); err != nil {
		return 0, 0, err
	}
	return first, max(first, next), nil
}

// offset asks where a partition begins or ends: what is committed, or all there is.
func (l *Log) offset(ctx context.Context, topic int, partition int32, which int64, committed bool) (int64, error) {
	name := l.opts.name(l.topics[topic].topic)
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		req := kmsg.NewPtrListOffsetsRequest()
		if committed {
			req.IsolationLevel = 1
		}
		t := kmsg.NewListOffsetsRequestTopic()
		t.Topic = name
		p := kmsg.NewListOffsetsRequestTopicPartition()
		p.Partition, p.Timestamp = partition, which
		t.Partitions = append(t.Partitions, p)
		req.Topics = append(req.Topics, t)
		resp, err := req.RequestWith(ctx, l.client)
		if err == nil && (len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1) {
			err = errors.New("the answer names another partition")
		}
		if err == nil {
			err = kerr.ErrorForCode(resp.Topics[0].Partitions[0].ErrorCode)
		}
		if err == nil {
			return resp.Topics[0].Partitions[0].Offset, nil
		}
		if err := l.tryAgain(ctx, wait, fmt.Errorf("ask for the bounds of %s, partition %d: %w", name, partition, err)); err != nil {
			return 0, err
		}
	}
}

// Trim implements eventlog.Log: it has Kafka delete the records before the offset.
func (l *Log) Trim(ctx context.Context, topic eventlog.Topic, before eventlog.Cursor) error {
	if err := l.life.begin(); err != nil {
		return err
	}
	defer l.life.users.Done()
	number, err := l.topic(topic, before.Partition)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	first, next, err := l.bounds(ctx, number, before.Partition)
	if err != nil {
		return err
	}
	before.Offset = min(before.Offset, next)
	if before.Offset <= first {
		return nil
	}
	name := l.opts.name(topic)
	offsets := kadm.Offsets{}
	offsets.AddOffset(name, before.Partition, before.Offset, -1)
	done, err := kadm.NewClient(l.client).DeleteRecords(ctx, offsets)
	if err == nil {
		err = done.Error()
	}
	if err != nil {
		return fmt.Errorf("trim %s, partition %d, before %d: %w", name, before.Partition, before.Offset, err)
	}
	l.pages.drop(number, before.Partition)
	return nil
}
