package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"playhead/internal/eventlog"
	"playhead/internal/fact"
	"playhead/internal/live"
)

// Names of what passes: parts by partition, and who wants them.
const (
	passingPart   = "part/"
	passingReader = "reader/"
)

const (
	// feedEvery is how often a processor tells what is true of its partitions.
	feedEvery = 250 * time.Millisecond
	// feedBack is how much of a partition's facts is read when it is taken over: what they
	// say of the present reaches less far.
	feedBack = 5 * time.Minute
	// feedWait bounds a wait for facts, feedBytes a read of a partition.
	feedWait  = 100 * time.Millisecond
	feedBytes = 4 << 20
	// wantEvery is how often a process that answers says that it is there; wantLasts is
	// for how long that holds.
	wantEvery = 5 * time.Second
	wantLasts = 30 * time.Second
)

// liveFeed tells processes that answer, where they do not load, what is true now of the
// partitions that are processed here: what is committed of them, read back.
type liveFeed struct {
	log    eventlog.Log
	board  eventlog.Board
	owned  func() []int32
	logger *slog.Logger
	clock  func() time.Time

	parts map[int32]*feedPart
	told  time.Time
	batch fact.Batch
}

// feedPart is one partition.
type feedPart struct {
	hub   *live.Hub
	next  int64
	whole bool // all there was is read
}

func (f *liveFeed) run(ctx context.Context) error {
	f.parts = map[int32]*feedPart{}
	for failed := false; ctx.Err() == nil; {
		err := f.turn(ctx)
		if err != nil && ctx.Err() == nil {
			if !failed {
				f.logger.Warn("what is true now is not told to the other processes; it is tried again", "error", err)
			}
			clear(f.parts) // it begins anew
			f.rest(ctx, time.Second)
		}
		failed = err != nil
	}
	return nil
}

func (f *liveFeed) rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// wanted reports whether anybody listens.
func (f *liveFeed) wanted() bool {
	return slices.ContainsFunc(f.board.List(passingReader), func(n eventlog.Note) bool { return f.clock().Sub(n.At) < wantLasts })
}

// turn reads what there is, and tells.
func (f *liveFeed) turn(ctx context.Context) error {
	owned := f.owned()
	if !f.wanted() {
		owned = nil
	}
	for p := range f.parts {
		if !slices.Contains(owned, p) {
			delete(f.parts, p)
		}
	}
	if len(owned) == 0 {
		f.rest(ctx, feedEvery)
		return nil
	}
	var cursors []eventlog.Cursor
	for _, p := range owned {
		part, err := f.part(ctx, p)
		if err != nil {
			return err
		}
		if err := f.read(ctx, p, part); err != nil {
			return err
		}
		cursors = append(cursors, eventlog.Cursor{Partition: p, Offset: part.next})
	}
	if now := f.clock(); now.Sub(f.told) >= feedEvery {
		f.told = now
		if err := f.tell(now.UnixMilli()); err != nil {
			return err
		}
	}
	waiting, cancel := context.WithTimeout(ctx, feedWait)
	defer cancel()
	err := f.log.Wait(waiting, eventlog.Facts, cursors)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// part is a partition, which begins a few minutes back.
func (f *liveFeed) part(ctx context.Context, p int32) (*feedPart, error) {
	if part := f.parts[p]; part != nil {
		return part, nil
	}
	from, err := eventlog.Since(ctx, f.log, eventlog.Facts, p, f.clock().Add(-feedBack).UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("find the last facts of partition %d: %w", p, err)
	}
	part := &feedPart{hub: live.NewHub(live.Options{}), next: from}
	f.parts[p] = part
	return part, nil
}

func (f *liveFeed) read(ctx context.Context, p int32, part *feedPart) error {
	next, err := f.log.Read(ctx, eventlog.Facts, eventlog.Cursor{Partition: p, Offset: part.next}, feedBytes, func(e eventlog.Entry) error {
		if err := fact.DecodeBatch(e.Data, &f.batch); err != nil {
			return err
		}
		part.hub.Apply(&f.batch, f.clock().UnixMilli())
		return nil
	})
	if err != nil {
		return fmt.Errorf("read facts of partition %d: %w", p, err)
	}
	if !part.whole {
		_, end, err := f.log.Bounds(ctx, eventlog.Facts, p)
		if err != nil {
			return err
		}
		part.whole = next >= end || next == part.next
	}
	part.next = next
	return nil
}

// tell tells of all partitions that are read to their end.
func (f *liveFeed) tell(now int64) error {
	for p, part := range f.parts {
		if !part.whole {
			continue
		}
		text, err := json.Marshal(part.hub.Part(now))
		if err != nil {
			return fmt.Errorf("tell what is true of partition %d: %w", p, err)
		}
		f.board.Tell(passingPart+strconv.Itoa(int(p)), text)
	}
	return nil
}

// hearLive adds up what processors tell, until ctx ends.
func hearLive(ctx context.Context, board eventlog.Board, me string, sum *live.Sum, log *slog.Logger) error {
	want := time.NewTicker(wantEvery)
	defer want.Stop()
	board.Tell(passingReader+me, []byte{1})
	heard, complained := map[string]int64{}, false
	for {
		changed := board.Changed()
		for _, n := range board.List(passingPart) {
			if heard[n.Name] == n.Place {
				continue
			}
			heard[n.Name] = n.Place
			var p live.Part
			if err := json.Unmarshal(n.Value, &p); err != nil {
				if !complained {
					log.Warn("what a processor says is true now cannot be read", "of", strings.TrimPrefix(n.Name, passingPart), "error", err)
				}
				complained = true
				continue
			}
			sum.Put(n.Name, p, n.At.UnixMilli())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-want.C:
			board.Tell(passingReader+me, []byte{1})
		case <-changed:
		}
	}
}
