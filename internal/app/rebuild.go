package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/eventlog/pebblelog"
	"playhead/internal/lake"
)

// RebuildOptions of Rebuild.
type RebuildOptions struct {
	Settings
	// From is the folder of a lake, which is only read.
	From string
	// FromLog is the folder of the log that the lake is of, for what is not in the
	// lake yet; it is only read, too. "" is the one beside the lake, if it is there;
	// NoLog is none.
	FromLog string
	Out     io.Writer
	Log     io.Writer
}

// NoLog as FromLog leaves the log alone, as when it is damaged.
const NoLog = "none"

// Rebuild fills a new installation from the lake of another, and from its log what
// came after: every event is processed again, under the catalogue and the definitions of this one. Viewers
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
	old, err := o.openLog()
	if err != nil {
		return err
	}
	if old != nil {
		defer func() { err = errors.Join(err, old.Close()) }()
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
	err = e.refill(running, key, old, o)
	stop()
	return errors.Join(err, <-ended)
}

// same reports whether two paths are one folder.
func same(a, b string) bool {
	x, errA := os.Stat(a)
	y, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(x, y)
}

// openLog opens the log of what is rebuilt, or none.
func (o *RebuildOptions) openLog() (*pebblelog.Log, error) {
	dir := o.FromLog
	switch dir {
	case NoLog:
		return nil, nil
	case "":
		dir = logFolder(filepath.Dir(filepath.Clean(o.From)))
		if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
			fmt.Fprintf(o.Out, "no log at %s: the last minute before the end may be missing\n", dir)
			return nil, nil
		}
	}
	old, err := pebblelog.Open(dir, pebblelog.Options{ReadOnly: true, CacheBytes: 64 << 20, Logger: o.Settings.Logger(o.Log)})
	if errors.Is(err, eventlog.ErrLocked) {
		return nil, fmt.Errorf("the log %s is in use by another playhead; stop it, or leave the log out with --old-log %s", dir, NoLog)
	}
	if err != nil {
		return nil, fmt.Errorf("read what is in the log alone: %w\nWithout it, to rebuild from the lake only: --old-log %s", err, NoLog)
	}
	return old, nil
}

// refill imports the lake, and what the old log has beyond it, and waits until all
// of it is processed.
func (e *engine) refill(ctx context.Context, key []byte, old *pebblelog.Log, o RebuildOptions) error {
	const most = 200_000 // records that may wait for the processor
	im := importer{log: e.events, form: e.forms.events, busy: func() bool { return e.runner.Stats().LagRecords > most }, share: 1}
	events, inLake, missing, began := int64(0), int64(0), int64(0), time.Now()
	err := im.load(ctx, importID("lake"), func(fn func([]event.Event) error) error {
		count := func(batch []event.Event) error {
			if events += int64(len(batch)); events%500_000 < int64(len(batch)) {
				fmt.Fprintf(o.Out, "%d events, %.0f/s\n", events, float64(events)/time.Since(began).Seconds())
			}
			return fn(batch)
		}
		err := lake.Replay(ctx, o.From, key, count)
		if inLake = events; err == nil && old != nil {
			missing, err = lake.Rest(ctx, o.From, old, count)
		}
		return err
	})
	if err != nil {
		return err
	}
	if missing > 0 {
		fmt.Fprintf(o.Out, "%d records had left the log before they were in the lake: they are missing\n", missing)
	}
	if events > inLake {
		fmt.Fprintf(o.Out, "%d events were in the log alone\n", events-inLake)
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
