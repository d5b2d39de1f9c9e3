package process

import (
	"context"
	"errors"
	"fmt"
	"time"

	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/fact"
	"playhead/internal/play"
)

// Prefixes of state keys: viewers with an open play, viewers without, and what
// belongs to the partition as a whole.
const (
	prefixOpen = 'o'
	prefixIdle = 'i'
	keyMeta    = "m"
)

// partition is one partition's engine and its place in the log.
type partition struct {
	number int32
	runner *Runner
	engine *play.Engine

	next      int64 // the next offset to read
	event     event.Event
	batch     fact.Batch
	encoded   []byte
	tx        eventlog.Transaction
	received  int64 // of the newest record read
	sinceSnap int   // events since the last snapshot
	snapped   time.Time
	snapshot  int64 // offset the stored state stands at
	sweeping  byte  // first byte of the idle viewers looked at next

	marks []trimMark
}

// trimMark remembers what the log received until when.
type trimMark struct {
	at     time.Time
	offset int64
}

func newPartition(n int32, r *Runner) *partition {
	p := &partition{number: n, runner: r, snapped: time.Now()}
	return p
}

// restore brings the stored state back and replays what was committed after it,
// suppressing its facts: they are in the log already.
func (p *partition) restore(ctx context.Context) error {
	progress, err := p.runner.store.Progress(ctx, p.number)
	if err != nil {
		return fmt.Errorf("partition %d: %w", p.number, err)
	}
	lookUp := context.WithoutCancel(ctx) // the engine outlives this call
	p.engine = play.New(p.runner.config.Play, func(v event.ViewerKey) ([]byte, error) {
		return p.runner.store.State(lookUp, p.number, idleKey(v))
	})
	meta, err := p.runner.store.State(ctx, p.number, []byte(keyMeta))
	if err == nil && meta != nil {
		err = p.engine.RestoreMeta(meta)
	}
	if err == nil {
		err = p.runner.store.ScanState(ctx, p.number, []byte{prefixOpen}, func(key, value []byte) error {
			var v event.ViewerKey
			copy(v[:], key[1:])
			return p.engine.Restore(v, value)
		})
	}
	if err != nil {
		return fmt.Errorf("partition %d: %w", p.number, err)
	}
	p.engine.Ready()
	p.next, p.snapshot = progress.Snapshot, progress.Snapshot
	for p.next < progress.Committed {
		from := p.next
		p.begin()
		err := p.read(ctx, progress.Committed)
		switch {
		case err == nil && ctx.Err() != nil:
			err = ctx.Err()
		case err == nil && p.next == from:
			err = errGone
		}
		if err != nil {
			return fmt.Errorf("partition %d: replay from %d to %d: %w", p.number, from, progress.Committed, err)
		}
	}
	return nil
}

func (p *partition) begin() {
	p.batch.Reset()
	p.batch.Partition = p.number
	p.engine.Begin()
}

// fold reads what is there and prepares the transaction of this epoch.
func (p *partition) fold(ctx context.Context, final bool) error {
	p.begin()
	p.tx = eventlog.Transaction{Partition: p.number, From: p.next}
	if err := p.read(ctx, 1<<62); err != nil {
		return fmt.Errorf("partition %d from offset %d: %w", p.number, p.next, err)
	}
	p.tx.To = p.next
	p.batch.InputEnd, p.batch.FreshTo = p.next, p.received
	if p.tx.To > p.tx.From {
		p.encoded = fact.AppendBatch(p.encoded[:0], &p.batch)
		p.tx.Output = append(p.tx.Output[:0], p.encoded)
	}
	c := &p.runner.config
	due := time.Since(p.snapped) >= c.Snapshot || p.sinceSnap >= c.SnapshotEvents
	if final || due && p.next > p.snapshot {
		return p.snap(ctx)
	}
	return nil
}

// read folds entries up to the offset limit or the epoch's size.
func (p *partition) read(ctx context.Context, limit int64) error {
	cursor := eventlog.Cursor{Partition: p.number, Offset: p.next}
	next, err := p.runner.log.Read(ctx, eventlog.Events, cursor, p.runner.config.EpochBytes, func(e eventlog.Entry) error {
		if e.Offset >= limit {
			return errLimit
		}
		if err := p.take(e); err != nil {
			return fmt.Errorf("offset %d: %w", e.Offset, err)
		}
		p.next = e.Offset + 1
		return nil
	})
	if errors.Is(err, errLimit) {
		return nil
	}
	if err == nil {
		p.next = next
	}
	return err
}

var (
	errLimit = errors.New("enough")
	// errGone: the log lost what it had said was durable.
	errGone = errors.New("events that were processed are no longer in the log")
)

// take folds one record.
func (p *partition) take(e eventlog.Entry) error {
	kind, err := event.DecodeRecord(e.Data, &p.event)
	if err != nil {
		return err
	}
	p.received = e.ReceivedAt
	p.sinceSnap++
	switch kind {
	case event.RecordEvent:
		p.event.ReceivedAt = e.ReceivedAt
		if p.batch.OldestReceived == 0 {
			p.batch.OldestReceived = e.ReceivedAt
		}
		return p.engine.Apply(&p.event, &p.batch)
	case event.RecordTick:
		p.engine.Tick(e.ReceivedAt, &p.batch)
	case event.RecordSettle:
		p.engine.Settle(p.event.KeyID, &p.batch)
	}
	return nil
}

// snap adds the changed states to the transaction.
func (p *partition) snap(ctx context.Context) error {
	p.tx.Snapshot = true
	// Sweep first: a viewer that came back is written after it was swept.
	if err := p.sweep(ctx); err != nil {
		return fmt.Errorf("sweep idle viewers: %w", err)
	}
	p.engine.Snapshot(p)
	return nil
}

// Viewer implements play.StateSink.
func (p *partition) Viewer(at play.Place, v event.ViewerKey, state []byte) {
	key := idleKey(v)
	if at == play.Open {
		key[0] = prefixOpen
	}
	p.tx.State = append(p.tx.State, eventlog.KV{Key: key, Value: state})
}

// Meta implements play.StateSink.
func (p *partition) Meta(state []byte) {
	p.tx.State = append(p.tx.State, eventlog.KV{Key: []byte(keyMeta), Value: state})
}

func idleKey(v event.ViewerKey) []byte {
	return append([]byte{prefixIdle}, v[:]...)
}

// sweep deletes idle viewers that can no longer be corrected, one 256th of them
// a snapshot.
func (p *partition) sweep(ctx context.Context) error {
	prefix := []byte{prefixIdle, p.sweeping}
	p.sweeping++
	return p.runner.store.ScanState(ctx, p.number, prefix, func(key, value []byte) error {
		if p.engine.Expired(value, p.received) {
			p.tx.State = append(p.tx.State, eventlog.KV{Key: append([]byte(nil), key...)})
		}
		return nil
	})
}

// committed takes note that the transaction is durable.
func (p *partition) committed() {
	if p.tx.Snapshot {
		p.snapshot, p.snapped, p.sinceSnap = p.tx.To, time.Now(), 0
	}
	now := time.Now()
	if n := len(p.marks); n == 0 || now.Sub(p.marks[n-1].at) >= 5*time.Second {
		p.marks = append(p.marks, trimMark{now, p.snapshot})
	}
}

// trim lets go of events that are older than what is retained and in the
// snapshot.
func (p *partition) trim(ctx context.Context) error {
	cut := -1
	for i, m := range p.marks {
		if time.Since(m.at) < p.runner.config.RetainEvents {
			break
		}
		cut = i
	}
	if cut < 0 {
		return nil
	}
	before := eventlog.Cursor{Partition: p.number, Offset: p.marks[cut].offset}
	if err := p.runner.log.Trim(ctx, eventlog.Events, before); err != nil {
		return fmt.Errorf("trim events of partition %d: %w", p.number, err)
	}
	p.marks = append(p.marks[:0], p.marks[cut+1:]...)
	return nil
}
