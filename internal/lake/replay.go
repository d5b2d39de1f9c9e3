package lake

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"playhead/internal/event"
)

// inOrder gives the rows of some files to fn in the order of one; each is only
// valid during the call.
func inOrder(ctx context.Context, dir string, key []byte, files []File, fn func(*row) error) error {
	z, err := newDecoder()
	if err != nil {
		return err
	}
	defer z.Close()
	var live []*reader
	defer func() {
		for _, r := range live {
			r.close()
		}
	}()
	// advance moves the i-th to its next row, or takes it out.
	advance := func(i int) error {
		ok, err := live[i].next()
		if err == nil && !ok {
			live[i].close()
			live = slices.Delete(live, i, i+1)
		}
		return err
	}
	for _, f := range files {
		if err := f.verify(dir); err != nil {
			return err
		}
		r, err := openReader(filepath.Join(dir, filepath.FromSlash(f.Path())), key, z)
		if err != nil {
			return err
		}
		live = append(live, r)
		if err := advance(len(live) - 1); err != nil {
			return err
		}
	}
	for n := 0; len(live) > 0; n++ {
		least := 0
		for i := 1; i < len(live); i++ {
			if order(&live[i].row, &live[least].row) < 0 {
				least = i
			}
		}
		if err := fn(&live[least].row); err != nil {
			return err
		}
		if err := advance(least); err != nil {
			return err
		}
		if n&(1<<14-1) == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// replayBatch events are handed over at once.
const replayBatch = 1_000

// Replay gives all events of the lake in a folder to fn, in batches that are
// only valid during the call: period after period, and within one viewer after
// viewer, each viewer's in order of time. That is the order in which they can be
// played again: no viewer's past comes after its present. Calling it again gives
// the same events in the same order, as long as the lake is the same.
func Replay(ctx context.Context, dir string, key []byte, fn func([]event.Event) error) error {
	files, err := ListFiles(dir)
	if err != nil {
		return err
	}
	groups, err := overlapping(files)
	if err != nil {
		return err
	}
	var b replayer
	var twice repetitions
	for _, group := range groups {
		err := inOrder(ctx, dir, key, group, func(r *row) error {
			if twice.repeats(r) {
				return nil
			}
			if err := b.add(r); err != nil || len(b.ends) < replayBatch {
				return err
			}
			return b.give(fn)
		})
		if err = errors.Join(err, ctx.Err()); err != nil {
			return fmt.Errorf("replay the lake: %w", err)
		}
	}
	return b.give(fn)
}

// replayer keeps events as records: whole, and in one piece of memory.
type replayer struct {
	data   []byte
	ends   []int
	events []event.Event
}

func (b *replayer) add(r *row) (err error) {
	e := r.Event
	if e.Experiments, err = mapOf(r.experiments); err != nil {
		return fmt.Errorf("experiments: %w", err)
	}
	if e.Traits, err = mapOf(r.traits); err != nil {
		return fmt.Errorf("traits: %w", err)
	}
	b.data = event.AppendRecord(b.data, &e)
	b.ends = append(b.ends, len(b.data))
	return nil
}

func (b *replayer) give(fn func([]event.Event) error) error {
	b.events = slices.Grow(b.events[:0], len(b.ends))[:len(b.ends)]
	from := 0
	for i, end := range b.ends {
		if _, err := event.DecodeRecord(b.data[from:end], &b.events[i]); err != nil {
			return err
		}
		from = end
	}
	err := fn(b.events)
	b.data, b.ends = b.data[:0], b.ends[:0]
	return err
}

// overlapping puts files whose periods overlap together, in order of time: a
// straggler's hour and the day that the hour's other files became.
func overlapping(files []File) (groups [][]File, err error) {
	type spanned struct {
		File
		from, to time.Time
	}
	var list []spanned
	for _, f := range files {
		from, to, err := span(f.Period)
		if err != nil {
			return nil, err
		}
		list = append(list, spanned{f, from, to})
	}
	slices.SortStableFunc(list, func(a, b spanned) int {
		if c := a.from.Compare(b.from); c != 0 {
			return c
		}
		return b.to.Compare(a.to)
	})
	var end time.Time
	for _, f := range list {
		if len(groups) == 0 || !f.from.Before(end) {
			groups, end = append(groups, nil), f.to
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], f.File)
	}
	return groups, nil
}
