package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
	_ "time/tzdata" // zones, on machines that have none

	"playhead/internal/access"
	"playhead/internal/catalog"
	"playhead/internal/eventlog"
	"playhead/internal/eventlog/pebblelog"
	"playhead/internal/fact"
	"playhead/internal/lake"
	"playhead/internal/live"
	"playhead/internal/privacy"
	"playhead/internal/process"
	"playhead/internal/rollup"
	"playhead/internal/warehouse"
)

// engine is everything behind HTTP: what is stored and what moves it.
type engine struct {
	settings Settings
	log      *slog.Logger
	zone     *time.Location
	ring     *privacy.Ring
	keys     *access.Store
	catalog  *catalog.Catalog
	events   logStore
	local    *pebblelog.Log // the same on one machine, nil on Kafka
	board    eventlog.Board // what processes on Kafka tell each other, nil on one machine
	passing  eventlog.Board // and what is only true for a moment
	forms    forms          // how records are written into it
	held     *holdable      // the log as the other stages see it
	db       database
	store    *warehouse.Store
	loader   *warehouse.Loader // nil where another process loads
	runner   *process.Runner
	crowded  func() bool // the present needs all processors
	lake     *lake.Lake  // nil when it is off
	hub      *live.Hub
	// chosen is what the audience chose lately, nil before it was asked for.
	chosen atomic.Pointer[choices]
	// told is the catalogue that processors were told of last.
	told atomic.Pointer[catalog.Catalog]
	// broken is told when the log can write no more: the process must end.
	broken chan error
}

// ringVariable may hold the whole pseudonym ring.
const ringVariable = "PLAYHEAD_RING"

// openEngine opens the data folder's parts. cat is nil to read the operator's.
func openEngine(ctx context.Context, s Settings, cat *catalog.Catalog, log *slog.Logger) (_ *engine, err error) {
	s = s.sized(machineMemory())
	e := &engine{settings: s, log: log, catalog: cat, broken: make(chan error, 1)}
	e.crowded = e.crowdedNow(newCrowd(time.Now))
	defer func() {
		if err != nil {
			err = errors.Join(err, e.close())
		}
	}()
	if e.zone, err = time.LoadLocation(s.ReportTimezone); err != nil {
		return nil, fmt.Errorf("report-timezone: %w", err)
	}
	if err = e.openLog(ctx); err != nil {
		return nil, err
	}
	if err = e.openBoard(ctx); err != nil {
		return nil, err
	}
	if err = e.refuseUnmoved(); err != nil {
		return nil, err
	}
	if e.catalog == nil {
		if e.catalog, err = e.startCatalog(ctx); err != nil {
			return nil, err
		}
	}
	if err = e.openRing(ctx); err != nil {
		return nil, err
	}
	if e.keys, err = access.Open(s.DataDir); err != nil {
		return nil, fmt.Errorf("open the keys: %w", err)
	}
	kept := eventlog.Log(e.events)
	if s.has("load") {
		if kept, err = e.openLake(); err != nil {
			return nil, err
		}
	}
	if s.onKafka() {
		kept = retained{e.events}
	}
	e.held = &holdable{Log: kept}
	if s.has("load") || s.has("query") {
		if err := e.openWarehouse(ctx, e.held); err != nil {
			return nil, err
		}
	}
	if err := e.tellCatalog(ctx); err != nil {
		return nil, err
	}
	e.runner = process.New(e.held, e.events, process.Config{Events: e.forms.events, Facts: e.forms.facts, RetainEvents: s.RetainEvents, Taken: e.tellTaken, Logger: log})
	return e, nil
}

func (e *engine) openWarehouse(ctx context.Context, log eventlog.Log) (err error) {
	if e.db, err = e.openDatabase(ctx, log); err != nil {
		return fmt.Errorf("open the warehouse: %w", err)
	}
	waiting := int64(e.settings.LoadMemory) << 20
	o := warehouse.StoreOptions{
		Partitions: e.settings.Partitions, Generation: rollup.Options{ReportTZ: e.zone}, RotateBytes: waiting / 4,
		RecallBytes: int64(e.settings.WarehouseMemory) << 20 / 8,
	}
	if o.Elsewhere = e.elsewhere(); o.Elsewhere {
		o.RecallBytes = 0
	}
	if e.store, err = warehouse.NewStore(ctx, e.db, o); err != nil || o.Elsewhere {
		return err
	}
	load := warehouse.LoaderOptions{Clock: time.Now, Logger: e.log, MaxBytes: waiting, FlushBytes: waiting / 3}
	if e.settings.has("query") {
		e.hub = live.NewHub(live.Options{})
		load.Observers = []warehouse.Observer{func(_ int32, _ int64, b *fact.Batch) { e.hub.Apply(b, time.Now().UnixMilli()) }}
	} else {
		load.FlushEvery = flushForOthers
	}
	e.loader = warehouse.NewLoader(log, e.store, load)
	return nil
}

// flushForOthers is how often facts go to the database where other processes answer
// from it: they know what is in it, and nothing else.
const flushForOthers = 400 * time.Millisecond

// elsewhere reports whether this process answers from what another one loads.
func (e *engine) elsewhere() bool { return e.settings.has("query") && !e.settings.has("load") }

func loadCatalog(path string) (*catalog.Catalog, error) {
	if path == "" {
		return catalog.New(nil)
	}
	c, err := catalog.LoadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the catalogue: %w", err)
	}
	return c, nil
}

// close lets go of what was opened, last first.
func (e *engine) close() error {
	var errs []error
	if e.db != nil {
		errs = append(errs, e.db.Close())
	}
	for _, b := range []eventlog.Board{e.board, e.passing} {
		if b != nil {
			errs = append(errs, b.Close())
		}
	}
	if e.events != nil {
		errs = append(errs, e.events.Close())
	}
	return errors.Join(errs...)
}
