package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"playhead/internal/eventlog"
	"playhead/internal/lake"
	"playhead/internal/process"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/clickhouse"
	"playhead/internal/warehouse/duck"
	"playhead/internal/warehouse/layout"
)

// target is a warehouse that can be compared with another one.
type target interface {
	Sum(ctx context.Context, t layout.Table) (layout.Sum, error)
	Close() error
}

// line is one of the comparison: what there was, and what there is.
type line struct {
	what     string
	old, new layout.Sum
}

// never is a time that no process lives to see.
const never = 100 * 365 * 24 * time.Hour

// drainTries bounds how often the old log is processed to an end that moves on.
const drainTries = 5

// drain processes and loads what the old log has, without adding to it: no tick comes,
// so that nobody's silence ends anything, as in a server that is down.
func (m *mover) drain(ctx context.Context) error {
	for try := range drainTries {
		e := m.old
		at, through, err := e.position(ctx)
		if err != nil {
			return err
		}
		if through && m.note.Position == at {
			return nil
		}
		if through {
			m.note.Position = at
			return m.remember()
		}
		if m.note.Position = ""; try > 0 { // what ran once does not run again
			if err := e.close(); err != nil {
				return err
			}
			m.old = nil
			if err := m.openOld(ctx); err != nil {
				return err
			}
			e = m.old
		}
		e.runner = process.New(e.held, e.events, process.Config{Events: e.forms.events, Facts: e.forms.facts, RetainEvents: e.settings.RetainEvents, Tick: never, Logger: m.log})
		running, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() {
			ended <- stages(running, m.log, time.Hour, []stage{{"process", e.runner.Run}, {"load", e.loader.Run}})
		}()
		err = e.untilLoaded(running, ended)
		stop()
		if err = errors.Join(err, <-ended, ctx.Err()); err != nil {
			return err
		}
		if e.lake != nil {
			if err := e.lake.Flush(ctx); err != nil {
				return err
			}
		}
	}
	return errors.New("the old log does not come to its end; try again")
}

// untilLoaded waits until all events are processed and all facts loaded, or until what
// does that has ended.
func (e *engine) untilLoaded(ctx context.Context, ended chan error) error {
	for {
		_, behind, err := e.behindBy(ctx)
		if err != nil || behind == 0 {
			return err
		}
		select {
		case err := <-ended:
			ended <- nil
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// behindBy is where the logs end, and how many records are not processed or not loaded.
func (e *engine) behindBy(ctx context.Context) (ends []string, behind int64, err error) {
	offsets, err := e.db.Offsets(ctx)
	if err != nil {
		return nil, 0, err
	}
	loaded := map[int32]int64{}
	for _, o := range offsets {
		loaded[o.Partition] = o.End
	}
	for p := range e.events.Partitions() {
		_, events, err := e.events.Bounds(ctx, eventlog.Events, p)
		if err != nil {
			return nil, 0, err
		}
		_, facts, err := e.events.Bounds(ctx, eventlog.Facts, p)
		if err != nil {
			return nil, 0, err
		}
		progress, err := e.events.Progress(ctx, p)
		if err != nil {
			return nil, 0, err
		}
		behind += events - progress.Committed + facts - loaded[p]
		ends = append(ends, fmt.Sprintf("%d:%d/%d", p, events, facts))
	}
	return ends, behind, nil
}

// position is where the logs end, and whether all of it is in the stored state, in the
// warehouse and in the lake.
func (e *engine) position(ctx context.Context) (at string, through bool, err error) {
	ends, behind, err := e.behindBy(ctx)
	if err != nil {
		return "", false, err
	}
	through = behind == 0
	for p := range e.events.Partitions() {
		progress, err := e.events.Progress(ctx, p)
		if err != nil {
			return "", false, err
		}
		through = through && progress.Snapshot == progress.Committed
	}
	if e.lake != nil {
		for _, r := range e.lake.Reached() {
			_, events, err := e.events.Bounds(ctx, eventlog.Events, r.Partition)
			if err != nil {
				return "", false, err
			}
			through = through && r.Offset >= events
		}
	}
	return strings.Join(ends, " "), through, nil
}

// moveStates makes the old log's states those before the first event of the new one.
func (m *mover) moveStates(ctx context.Context) error {
	to, ok := m.house.events.(process.SharedStore)
	if !ok {
		return fmt.Errorf("the new log is %T", m.house.events)
	}
	var all line
	all.what = "open plays and memory (states)"
	for p := range m.old.events.Partitions() {
		if err := to.Claim(ctx, p); err != nil {
			return err
		}
		found, err := process.Move(ctx, m.old.events, to, p)
		if errors.Is(err, process.ErrMoved) {
			err = fmt.Errorf("%w: kafka-prefix: %w: the topics %s* are in use", ErrSettings, err, m.KafkaPrefix)
		}
		if err == nil {
			err = to.ScanState(ctx, p, nil, func(key, value []byte) error {
				if string(key) != process.KeyBeside {
					all.new.Rows++
					all.new.Measured += int64(len(key) + len(value))
				}
				return nil
			})
		}
		to.Release(p)
		if err != nil {
			return err
		}
		all.old.Rows += found.States
		all.old.Measured += found.Bytes
	}
	m.lines = append(m.lines, all)
	m.say("%d states, %.1f MB", all.old.Rows, float64(all.old.Measured)/1e6)
	return nil
}

// staged is a folder below the new one for what is half-way, empty where what is there is
// of another position of the old log.
func (m *mover) staged() (string, error) {
	dir := filepath.Join(m.To, movingFolder)
	note := filepath.Join(dir, "position")
	if have, err := os.ReadFile(note); err == nil && string(have) == m.note.Position {
		return dir, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return dir, os.WriteFile(note, []byte(m.note.Position), 0o600)
}

// moveWarehouse copies the old warehouse, which nobody writes to any more, as of its end:
// to where the new house keeps it.
func (m *mover) moveWarehouse(ctx context.Context) error {
	dir, err := m.staged()
	if err != nil {
		return err
	}
	old, ok := m.old.db.(*duck.DB)
	if !ok {
		return fmt.Errorf("the old warehouse is %T", m.old.db)
	}
	offsets, err := old.Offsets(ctx)
	if err != nil {
		return err
	}
	fresh := map[int32]int64{}
	for _, o := range offsets {
		fresh[o.Partition] = o.FreshTo
	}
	var reached []warehouse.Offset // of the new log, whose facts are all to come
	for p := range m.old.events.Partitions() {
		reached = append(reached, warehouse.Offset{Partition: p, FreshTo: fresh[p]})
	}
	frozen := filepath.Join(dir, "warehouse")
	if _, err := os.Stat(frozen); err != nil {
		part := filepath.Join(dir, "part")
		if err := os.RemoveAll(part); err != nil {
			return err
		}
		if err := old.Backup(ctx, part); err != nil {
			return err
		}
		if err := os.Rename(part, frozen); err != nil {
			return err
		}
	}
	if m.Warehouse == embedded {
		return m.keepDuck(ctx, frozen, reached)
	}
	return m.fillClickHouse(ctx, frozen, reached)
}

// keepDuck puts the copy into the new folder.
func (m *mover) keepDuck(ctx context.Context, frozen string, reached []warehouse.Offset) error {
	o := duck.Options{MemoryLimitMB: m.WarehouseMemory, TZ: m.house.zone}
	db, err := duck.Open(ctx, frozen, o)
	if err != nil {
		return err
	}
	if err := errors.Join(db.Rebase(ctx, reached), db.Close()); err != nil {
		return err
	}
	home := warehouseFolder(m.To)
	if err := os.RemoveAll(home); err != nil { // of a move that was broken off
		return err
	}
	if err := os.Rename(frozen, home); err != nil {
		return err
	}
	db, err = duck.Open(ctx, home, o)
	if err != nil {
		return err
	}
	m.db = db
	return nil
}

// fillClickHouse copies the copy, whose rows stay in their places, into the database.
func (m *mover) fillClickHouse(ctx context.Context, frozen string, reached []warehouse.Offset) (err error) {
	address, err := clickhouse.ParseAddress(m.Warehouse)
	if err != nil {
		return err
	}
	db, err := clickhouse.Open(ctx, address, clickhouse.Options{
		TZ: m.house.zone, Logger: m.log, Fill: &clickhouse.Origin{Name: m.note.ID, Position: m.note.Position},
	})
	if errors.Is(err, clickhouse.ErrNotEmpty) {
		return fmt.Errorf("%w: warehouse: %w", ErrSettings, err)
	}
	if err != nil {
		return err
	}
	m.db = db
	from, err := duck.Open(ctx, frozen, duck.Options{MemoryLimitMB: m.WarehouseMemory, TZ: m.house.zone})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	began, rows := time.Now(), int64(0)
	err = db.Fill(ctx, from, reached, func(_ string, n int64) { rows += n })
	if err == nil && rows > 0 {
		m.say("%d rows of the warehouse, %.0f/s", rows, float64(rows)/time.Since(began).Seconds())
	}
	return err
}

// moveLake gives the new house the lake's files, which never change.
func (m *mover) moveLake(ctx context.Context) error {
	if m.old.lake == nil {
		return nil
	}
	dir, err := m.staged()
	if err != nil {
		return err
	}
	part, home := filepath.Join(dir, "lake"), LakeFolder(m.To)
	if err := errors.Join(os.RemoveAll(part), os.RemoveAll(home)); err != nil {
		return err
	}
	if err := m.old.lake.Move(ctx, part); err != nil {
		return err
	}
	if err := os.Rename(part, home); err != nil {
		return err
	}
	files, err := lake.ListFiles(home)
	if err != nil {
		return err
	}
	all := line{what: "lake (files, bytes)"}
	for _, f := range m.old.lake.Files() {
		all.old.Rows, all.old.Measured = all.old.Rows+1, all.old.Measured+f.Bytes
	}
	for _, f := range files {
		info, err := os.Stat(filepath.Join(home, filepath.FromSlash(f.Path())))
		if err != nil {
			return err
		}
		all.new.Rows, all.new.Measured = all.new.Rows+1, all.new.Measured+info.Size()
	}
	m.lines = append(m.lines, all)
	return nil
}

// errDiffers: what arrived is not what left.
var errDiffers = errors.New("the new house does not hold what the old one does; the old one is unchanged. Drop the new database and topics and run this again, and tell us")

// compare reads both warehouses from end to end, and prints what each of them holds.
func (m *mover) compare(ctx context.Context) error {
	old, ok := m.old.db.(*duck.DB)
	if !ok {
		return fmt.Errorf("the old warehouse is %T", m.old.db)
	}
	for _, t := range layout.Tables() {
		l := line{what: t.Name}
		var err error
		if l.old, err = old.Sum(ctx, t); err != nil {
			return err
		}
		if l.new, err = m.db.Sum(ctx, t); err != nil {
			return err
		}
		m.lines = append(m.lines, l)
	}
	same := true
	w := tabwriter.NewWriter(m.Out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\told rows\tnew rows\told sum\tnew sum\t\t")
	for _, l := range m.lines {
		word := "same"
		if l.old != l.new {
			word, same = "DIFFERS", false
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\t\n", l.what, l.old.Rows, l.new.Rows, l.old.Measured, l.new.Measured, word)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if !same {
		return errDiffers
	}
	return nil
}
