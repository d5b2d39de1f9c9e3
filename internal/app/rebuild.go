package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/lake"
)

// RebuildOptions of Rebuild.
type RebuildOptions struct {
	Settings
	// From is the folder of a lake, which is only read.
	From string
	Out  io.Writer
	Log  io.Writer
}

// Rebuild fills a new installation from the lake of another: every event is
// processed again, under the catalogue and the definitions of this one. Viewers
// keep their pseudonyms, so that the old ring goes on to fit. A rebuild that was
// cut short can be run again: what was in stays in once. Errors: ErrSettings.
func Rebuild(ctx context.Context, o RebuildOptions) (err error) {
	if err := o.Settings.Validate(); err != nil {
		return err
	}
	key, err := LakeKey(o.LakeKeyFile)
	if err != nil {
		return err
	}
	if _, err := lake.ListFiles(o.From); err != nil {
		return fmt.Errorf("%w: from: %w", ErrSettings, err)
	}
	if same(o.From, LakeFolder(o.DataDir)) {
		return fmt.Errorf("%w: from: the lake is that of the data folder itself; rebuild into a new one", ErrSettings)
	}
	if err := prepareFolder(o.DataDir); err != nil {
		return err
	}
	e, err := openEngine(ctx, o.Settings, nil, o.Settings.Logger(o.Log))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		ended <- stages(running, e.log, stopGrace, []stage{{"process", e.runner.Run}, {"load", e.loader.Run}, {"lake", e.runLake}})
	}()
	err = e.refill(running, key, o)
	stop()
	return errors.Join(err, <-ended)
}

// same reports whether two paths are one folder.
func same(a, b string) bool {
	x, errA := os.Stat(a)
	y, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(x, y)
}

// refill imports the lake and waits until all of it is processed.
func (e *engine) refill(ctx context.Context, key []byte, o RebuildOptions) error {
	const most = 200_000 // records that may wait for the processor
	im := importer{log: e.events, busy: func() bool { return e.runner.Stats().LagRecords > most }, share: 1}
	events, began := int64(0), time.Now()
	err := im.load(ctx, importID("lake"), func(fn func([]event.Event) error) error {
		return lake.Replay(ctx, o.From, key, func(batch []event.Event) error {
			if events += int64(len(batch)); events%500_000 < int64(len(batch)) {
				fmt.Fprintf(o.Out, "%d events, %.0f/s\n", events, float64(events)/time.Since(began).Seconds())
			}
			return fn(batch)
		})
	})
	if err != nil {
		return err
	}
	for p := range e.events.Partitions() {
		if err := e.processed(ctx, p); err != nil {
			return err
		}
	}
	fmt.Fprintf(o.Out, "rebuilt from %d events in %s\n", events, time.Since(began).Round(time.Second))
	return nil
}

// processed waits until a partition's records that are there now are.
func (e *engine) processed(ctx context.Context, p int32) error {
	_, end, err := e.events.Bounds(ctx, eventlog.Events, p)
	for err == nil {
		progress, failed := e.events.Progress(ctx, p)
		if failed != nil || progress.Committed >= end {
			return failed
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return err
}
