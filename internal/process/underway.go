package process

import (
	"context"
	"errors"
	"fmt"

	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/fact"
	"playhead/internal/play"
)

// Underway are the open plays of a viewer as of the last snapshot of its
// partition, which is Config.Snapshot old, five times that under load, and a minute where
// very many watch at once: Runner's dueAt. The rows index
// into the batch's dims and slots. It reads stored state alone, so it holds up no
// epoch. Those of a viewer whose partition another process has are not there. It may be called at any time. Errors: play.ErrState, the store's.
func (r *Runner) Underway(ctx context.Context, viewer event.ViewerKey) ([]play.Underway, *fact.Batch, error) {
	var b fact.Batch
	partition := event.PartitionOf(viewer, r.log.Partitions())
	state, err := r.store.State(ctx, partition, append([]byte{prefixOpen}, viewer[:]...))
	if errors.Is(err, eventlog.ErrNotClaimed) { // another process knows
		return nil, &b, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read a viewer's open plays: %w", err)
	}
	if state == nil {
		return nil, &b, nil
	}
	list, err := play.ReadUnderway(r.config.Play, viewer, state, &b)
	if err != nil {
		return nil, nil, fmt.Errorf("read a viewer's open plays: %w", err)
	}
	return list, &b, nil
}
