package lake

import (
	"context"
	"encoding/binary"
	"fmt"

	"playhead/internal/event"
	"playhead/internal/eventlog"
)

// Rest gives the events of a log that the lake in a folder does not hold yet to
// fn, in batches that are only valid during the call: partition after partition,
// in order of arrival, without repetitions. It reads both and changes neither.
// Calling it again gives the same, as long as lake and log are the same. missing is
// how many records the log has let go of before they were in the lake.
func Rest(ctx context.Context, dir string, log eventlog.Log, fn func([]event.Event) error) (missing int64, err error) {
	m, err := loadManifest(dir)
	if err != nil {
		return 0, err
	}
	r := &rest{
		f: follower{lake: &Lake{log: log, options: Options{}.withDefaults()}}, fn: fn,
		seen: map[uint64]struct{}{}, numbered: map[uint64]struct{}{},
	}
	for p := range log.Partitions() {
		var at Reached
		if int(p) < len(m.Reached) {
			at = m.Reached[p]
		}
		gone, err := r.partition(ctx, p, at)
		if err != nil {
			return missing, fmt.Errorf("read what is in the log alone: partition %d: %w", p, err)
		}
		missing += gone
	}
	return missing, r.out.give(fn)
}

// rest is what is under way of Rest.
type rest struct {
	f   follower
	out replayer
	fn  func([]event.Event) error
	// seen are what came without a play's number: facts name repetitions, but not
	// of what was not processed yet.
	seen map[uint64]struct{}
	// numbered and older are what came with one, the last restNumbered to twice as
	// many: who sends again does so soon, and of what does not whoever plays it knows.
	numbered, older map[uint64]struct{}
}

const restNumbered = 2_000_000

func (r *rest) partition(ctx context.Context, p int32, at Reached) (missing int64, err error) {
	missing, told, err := r.f.catchUp(ctx, p, &at)
	for moved := told; err == nil && moved; {
		before := at
		r.f.block.reset()
		if err = r.f.take(ctx, p, &at); err == nil {
			err = r.give(ctx, false)
		}
		moved = at != before
	}
	if err != nil {
		return missing, err
	}
	first, next, err := r.f.lake.log.Bounds(ctx, eventlog.Events, p)
	if err != nil {
		return missing, err
	}
	if at.Events < first {
		missing, at.Events = missing+first-at.Events, first
	}
	for at.Events < next { // of these no facts speak
		end := min(next, at.Events+100_000)
		r.f.block.reset()
		if err = r.f.takeEvents(ctx, p, at.Events, consumed{end: end}); err == nil {
			err = r.give(ctx, true)
		}
		if err != nil {
			return missing, err
		}
		at.Events = end
	}
	return missing, nil
}

// give hands the block over.
func (r *rest) give(ctx context.Context, unknown bool) error {
	var x row
	for i := range r.f.block.entries {
		if err := r.f.block.read(&r.f.block.entries[i], &x); err != nil {
			return err
		}
		if r.known(&x.Event) && unknown {
			continue
		}
		if err := r.out.add(&x); err != nil {
			return err
		}
		if len(r.out.ends) < replayBatch {
			continue
		}
		if err := r.out.give(r.fn); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// known reports whether e came before, and remembers it.
func (r *rest) known(e *event.Event) bool {
	if identified(e) {
		h := mixed(e.Play, e.Viewer) + uint64(e.Seq)*0xc2b2ae3d27d4eb4f
		_, known := r.numbered[h]
		if !known {
			_, known = r.older[h]
		}
		if len(r.numbered) >= restNumbered {
			r.older, r.numbered = r.numbered, map[uint64]struct{}{}
		}
		r.numbered[h] = struct{}{}
		return known
	}
	if e.ID.IsZero() {
		return false
	}
	h := mixed(e.ID, e.Viewer)
	_, known := r.seen[h]
	r.seen[h] = struct{}{}
	return known
}

// mixed is a hash of what are hashes already.
func mixed(id event.Ref, viewer event.ViewerKey) uint64 {
	return binary.LittleEndian.Uint64(id[:8]) ^ binary.LittleEndian.Uint64(id[8:])*0x9e3779b97f4a7c15 ^ binary.LittleEndian.Uint64(viewer[:8])
}
