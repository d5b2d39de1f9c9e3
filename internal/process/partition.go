package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/fact"
	"playhead/internal/journey"
	"playhead/internal/play"
)

// Prefixes of the play engine's state keys: viewers with an open play, viewers
// without, and what belongs to the partition as a whole. Those of the journey
// engine are its kinds.
const (
	prefixOpen = 'o'
	prefixIdle = 'i'
	keyMeta    = "m"
)

// partition is one partition's engines and its place in the log.
type partition struct {
	number int32
	runner *Runner
	engine *play.Engine
	across *journey.Engine

	next        int64 // the next offset to read
	ahead       ahead
	batch       fact.Batch
	told        int // changes of plays that the journey engine knows
	encoded     []byte
	tx          eventlog.Transaction
	received    int64     // of the newest record read
	heard       heard     // the time that the engines know
	sinceSnap   int       // events since the last snapshot
	due         time.Time // of the next snapshot
	readBytes   int       // of events since the last snapshot
	changes     int       // that the last snapshot was of
	changeBytes int       // of each of those, as it was stored, on average
	snapshot    int64     // offset the stored state stands at
	acrossBytes int64
	playBytes   int64
	swept       time.Time // when idle viewers were looked at
	sweeping    byte      // first byte of those that are looked at next
	states      states

	marks []trimMark
}

// trimMark remembers what the log received until when.
type trimMark struct {
	at     time.Time
	offset int64
}

func newPartition(n int32, r *Runner) *partition {
	share := r.config.Snapshot * time.Duration(n+1) / time.Duration(r.log.Partitions())
	p := &partition{number: n, runner: r, due: time.Now().Add(share), heard: heard{most: r.config.MaxStep.Milliseconds()}}
	p.ahead.data = make([]byte, 0, aheadBytes)
	return p
}

// restore brings the stored state back and replays what was committed after it,
// suppressing its facts: they are in the log already.
func (p *partition) restore(ctx context.Context) error {
	progress, err := p.runner.store.Progress(ctx, p.number)
	if err != nil {
		return fmt.Errorf("partition %d: %w", p.number, err)
	}
	if err := p.bringBack(ctx); err != nil {
		return fmt.Errorf("partition %d: %w", p.number, err)
	}
	p.next, p.snapshot = progress.Snapshot, progress.Snapshot
	for p.next < progress.Committed {
		from := p.next
		p.begin()
		err := p.read(ctx, progress.Committed, math.MaxInt, time.Time{})
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

// bringBack restores both engines as of the last snapshot.
func (p *partition) bringBack(ctx context.Context) error {
	store := p.runner.store
	lookUp := context.WithoutCancel(ctx) // the engines outlive this call
	p.across = journey.New(p.runner.config.Journey, func(kind journey.Kind, key []byte) ([]byte, error) {
		return store.State(lookUp, p.number, stateKey(kind, key))
	})
	p.engine = play.New(p.runner.config.Play, func(v event.ViewerKey) ([]byte, error) {
		return store.State(lookUp, p.number, idleKey(v))
	})
	// An epoch is committed before the next is folded, so that what a snapshot wrote can be
	// read by when somebody rests.
	p.engine.Stored = func(v event.ViewerKey) ([]byte, error) {
		return store.State(lookUp, p.number, append([]byte{prefixOpen}, v[:]...))
	}
	p.engine.Hooks = p.across.Hooks()
	for _, piece := range [...]struct {
		key     []byte
		restore func([]byte) error
	}{
		{[]byte(keyHeard), p.heard.restore},
		{[]byte(keyReceived), p.restoreReceived},
		{[]byte(keyMeta), p.engine.RestoreMeta},
		{stateKey(journey.KindCatalog, nil), p.across.RestoreCatalog},
		{stateKey(journey.KindMeta, nil), p.across.RestoreMeta},
	} {
		data, err := store.State(ctx, p.number, piece.key)
		if err == nil && data != nil {
			err = piece.restore(data)
		}
		if err != nil {
			return err
		}
	}
	err := store.ScanState(ctx, p.number, []byte{prefixOpen}, func(key, value []byte) error {
		return p.engine.Restore(viewerOf(key), value)
	})
	if err == nil {
		err = store.ScanState(ctx, p.number, stateKey(journey.KindAgenda, nil), func(key, value []byte) error {
			return p.across.RestoreAgenda(viewerOf(key), value)
		})
	}
	p.engine.Ready()
	return err
}

// viewerOf is the viewer of a state's key.
func viewerOf(key []byte) (v event.ViewerKey) {
	copy(v[:], key[1:])
	return v
}

func stateKey(kind journey.Kind, key []byte) []byte {
	return append([]byte{byte(kind)}, key...)
}

func (p *partition) begin() {
	if p.tx.Snapshot { // now and then
		p.batch.Shrink()
		p.encoded = fact.Shrink(p.encoded)
	}
	p.batch.Reset()
	p.batch.Partition = p.number
	p.engine.Begin()
	p.across.Begin()
}

// fold reads what is there and prepares the transaction of this epoch.
func (p *partition) fold(ctx context.Context, final bool) error {
	p.begin()
	p.tx = eventlog.Transaction{Partition: p.number, From: p.next, State: p.tx.State[:0]}
	c := &p.runner.config
	if err := p.read(ctx, math.MaxInt64, c.SnapshotStates, time.Now().Add(foldWithin)); err != nil {
		return fmt.Errorf("partition %d from offset %d: %w", p.number, p.next, err)
	}
	p.tx.To = p.next
	p.batch.InputEnd, p.batch.FreshTo = p.next, p.received
	if p.tx.To > p.tx.From {
		p.encoded = c.Facts.AppendBatch(p.encoded[:0], &p.batch)
		p.tx.Output = append(p.tx.Output[:0], p.encoded)
	}
	due := p.dueAt(time.Now()) || p.sinceSnap >= c.SnapshotEvents || p.changed() >= c.SnapshotStates
	if final || due && p.next > p.snapshot {
		return p.snap(context.WithoutCancel(ctx)) // what is folded is carried through
	}
	return nil
}

// Under load a snapshot writes much the same states as the one before it did, so
// that it may come a few times later. Where others do not take over, as on Kafka, whose
// next owner replays first, and what it would write is much and more than half of what was
// read, it waits for the partition's moment of the minute: a crowd sends a heartbeat of each
// viewer every ten seconds or so, and each snapshot within them would write every viewer for
// every event. The moments differ, since all wait for one that writes for long. What that
// costs a restart is bounded by Config.SnapshotEvents, which comes first from some 16,700
// events a second of all partitions on. What is busy and heavy is Config's busyEvents since
// the last snapshot and heavyBytes of states.
const (
	busyTimes  = 5  // so many times Config.Snapshot
	heavyTimes = 30 // the same: a minute
)

// dueAt reports whether a snapshot is due by the clock. It looks at differences of times
// alone, which a clock that is set does not move.
func (p *partition) dueAt(now time.Time) bool {
	late := now.Sub(p.due)
	if late < 0 {
		return false
	}
	c := &p.runner.config
	every := c.Snapshot
	if writes := p.changed() * p.changeBytes; p.runner.shared == nil && writes >= c.heavyBytes && p.readBytes < 2*writes {
		every *= heavyTimes
		own := every * time.Duration(p.number) / time.Duration(max(1, len(p.runner.parts)))
		since := now.Sub(p.runner.made) + own
		return since/every > (since-late)/every
	}
	if p.sinceSnap >= c.busyEvents {
		return late >= (busyTimes-1)*every
	}
	return true
}

// changed is how many states a snapshot would write.
func (p *partition) changed() int { return p.engine.Dirty() + p.across.Dirty() }

// foldWithin is when an epoch has been folded for long enough: of what comes after it
// nobody hears before its commit. After a restart each viewer is looked up on disk at its
// first event, so that an epoch of many takes many times as long as it does later.
const foldWithin = 500 * time.Millisecond

// read folds entries up to the offset limit, to the epoch's size, until so many states
// have changed or, unless it is zero, until a time.
func (p *partition) read(ctx context.Context, limit int64, states int, until time.Time) error {
	cursor := eventlog.Cursor{Partition: p.number, Offset: p.next}
	u := upTo{states: states, until: until}
	p.ahead.n, p.ahead.data = 0, p.ahead.data[:0]
	next, err := p.runner.log.Read(ctx, eventlog.Events, cursor, p.runner.config.EpochBytes, func(e eventlog.Entry) error {
		if e.Offset >= limit {
			return errAtLimit
		}
		return p.take(e, &u)
	})
	all := err == nil
	if all || errors.Is(err, errAtLimit) {
		err = p.applyAhead(&u)
	}
	switch {
	case errors.Is(err, errLimit):
		return nil
	case err == nil && all:
		p.next = next
	}
	return err
}

var (
	errLimit = errors.New("enough")
	// errAtLimit: what comes now is behind the limit, and all before it is to be applied.
	errAtLimit = errors.New("behind the limit")
	// errGone: the log lost what it had said was durable.
	errGone = errors.New("events that were processed are no longer in the log")
)

// hear notes that something was received, and returns when, as it never falls.
func (p *partition) hear(received int64) int64 {
	p.received = max(p.received, received) // a log that several machines lead may fall a little
	p.sinceSnap++
	return p.received
}

// other folds a record that is no event.
func (p *partition) other(kind event.RecordKind, e *event.Event, received int64) error {
	received = p.hear(received)
	switch kind {
	case event.RecordTick:
		s, now := p.step(), p.heard.ticked(received)
		p.engine.Tick(now, &p.batch)
		if err := p.follow(s); err != nil {
			return err
		}
		return p.across.Tick(now, &p.batch)
	case event.RecordSettle:
		s := p.step()
		p.engine.Settle(e.KeyID, e.Reach, &p.batch)
		if err := p.follow(s); err != nil {
			return err
		}
		return p.across.Settle(e.KeyID, e.Reach, &p.batch)
	case event.RecordControl:
		return p.across.Control(e.Properties)
	}
	return nil
}

// apply folds one event into both engines.
func (p *partition) apply(e *event.Event, said *event.Said, offset, received int64) error {
	e.ReceivedAt = p.heard.event(received)
	if p.batch.OldestReceived == 0 {
		p.batch.OldestReceived = received
	}
	s, before := p.step(), p.batch.Counts
	s.Event = e
	p.across.Before(e)
	if err := p.engine.ApplySaid(e, said, &p.batch); err != nil {
		return err
	}
	c := &p.batch.Counts
	repeat := c.Duplicates > before.Duplicates
	s.Fresh = !repeat && c.LateDropped == before.LateDropped
	s.Changes = p.engine.Changes[p.told:]
	again, err := p.across.Apply(s, &p.batch)
	if repeat || again {
		p.batch.Repeats = append(p.batch.Repeats, offset)
	}
	return err
}

// step is where the batch and the changes stand before the play engine goes on.
func (p *partition) step() journey.Step {
	p.told = len(p.engine.Changes)
	return journey.Step{Spans: len(p.batch.Spans), Marks: len(p.batch.Marks), Plays: len(p.batch.Plays)}
}

// follow tells the journey engine what time made of plays.
func (p *partition) follow(s journey.Step) error {
	if err := p.engine.Err(); err != nil {
		return err
	}
	s.Changes = p.engine.Changes[p.told:]
	_, err := p.across.Apply(s, &p.batch)
	return err
}

// snap adds the changed states to the transaction.
func (p *partition) snap(ctx context.Context) error {
	p.tx.Snapshot, p.changes = true, p.changed()
	if now := time.Now(); now.Sub(p.swept) >= p.runner.config.Snapshot {
		p.swept = now
		// First: a viewer that came back is written after it was swept.
		if err := p.sweep(ctx); err != nil {
			return fmt.Errorf("sweep idle viewers: %w", err)
		}
	}
	p.tx.State = append(p.tx.State, eventlog.KV{Key: []byte(keyHeard), Value: p.heard.append(nil)})
	if p.runner.shared != nil {
		p.tx.State = append(p.tx.State, eventlog.KV{Key: []byte(keyReceived), Value: p.appendReceived(nil)})
	}
	p.engine.Snapshot(p)
	p.across.Snapshot(func(kind journey.Kind, key, state []byte) { p.keep(byte(kind), key, state) })
	return nil
}

// keep adds a state to the transaction, or that it is deleted.
func (p *partition) keep(prefix byte, key, state []byte) {
	kv := eventlog.KV{Key: p.states.key(prefix, key)}
	if state != nil {
		kv.Value = p.states.copy(state)
	}
	p.tx.State = append(p.tx.State, kv)
}

// Viewer implements play.StateSink.
func (p *partition) Viewer(at play.Place, v event.ViewerKey, state []byte) {
	prefix := byte(prefixIdle)
	if at == play.Open {
		prefix = prefixOpen
	}
	p.keep(prefix, v[:], state)
}

// Meta implements play.StateSink.
func (p *partition) Meta(state []byte) {
	p.tx.State = append(p.tx.State, eventlog.KV{Key: []byte(keyMeta), Value: bytes.Clone(state)})
}

func idleKey(v event.ViewerKey) []byte {
	return append([]byte{prefixIdle}, v[:]...)
}

// sweep deletes what can no longer matter of one 256th of the viewers, each time
// that a snapshot takes its turn.
func (p *partition) sweep(ctx context.Context) error {
	part, now := p.sweeping, p.heard.at(p.received)
	p.sweeping++
	for _, prefix := range [...]byte{prefixIdle, byte(journey.KindViewer), byte(journey.KindTitle), byte(journey.KindSeason)} {
		err := p.runner.store.ScanState(ctx, p.number, []byte{prefix, part}, func(key, value []byte) error {
			kind := journey.Kind(prefix)
			switch {
			case prefix == prefixIdle:
				if p.engine.Expired(value, now) {
					p.drop(key)
				}
			case p.across.Expired(kind, value, now):
				p.drop(key)
				if kind == journey.KindViewer {
					p.drop(stateKey(journey.KindMore, key[1:]))
					p.drop(stateKey(journey.KindAgenda, key[1:]))
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *partition) drop(key []byte) {
	p.tx.State = append(p.tx.State, eventlog.KV{Key: bytes.Clone(key)})
}

// committed takes note that the transaction is durable.
func (p *partition) committed() {
	now := time.Now()
	if p.tx.Snapshot {
		p.snapshot, p.sinceSnap, p.readBytes = p.tx.To, 0, 0
		if p.changes > 0 {
			bytes := 0
			for i := range p.tx.State {
				bytes += len(p.tx.State[i].Key) + len(p.tx.State[i].Value)
			}
			p.changeBytes = bytes / p.changes
		}
		p.written()
		// In step with its own first: were all partitions due together, so would be
		// the work of each, in one epoch.
		if every := p.runner.config.Snapshot; !p.due.After(now) {
			p.due = p.due.Add(now.Sub(p.due).Truncate(every) + every)
		}
	}
	if n := len(p.marks); n == 0 || now.Sub(p.marks[n-1].at) >= 5*time.Second {
		p.marks = append(p.marks, trimMark{now, p.snapshot})
	}
}

// keptStates is for how many states of a snapshot the list is kept for the next one.
const keptStates = 8192

// written lets go of what a snapshot has written: until the next one, which may be a
// minute later, it would be as much memory again as the viewers themselves take.
func (p *partition) written() {
	clear(p.tx.State)
	if p.tx.State = p.tx.State[:0]; cap(p.tx.State) > keptStates {
		p.tx.State = nil
	}
	p.states.reset()
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
