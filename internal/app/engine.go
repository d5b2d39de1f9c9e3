package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
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
	held     *holdable      // the log as the other stages see it
	db       database
	store    *warehouse.Store
	loader   *warehouse.Loader
	runner   *process.Runner
	lake     *lake.Lake // nil when it is off
	hub      *live.Hub
	// chosen is what the audience chose lately, nil before it was asked for.
	chosen atomic.Pointer[choices]
	// told is the catalogue that the processor was told of last, toldOthers its
	// record: of partitions whose state another process has that is all that is known.
	told       atomic.Pointer[catalog.Catalog]
	toldOthers atomic.Pointer[[]byte]
	// broken is told when the log can write no more: the process must end.
	broken chan error
}

// ringVariable may hold the whole pseudonym ring.
const ringVariable = "PLAYHEAD_RING"

// openEngine opens the data folder's parts. cat is nil to read the operator's.
func openEngine(ctx context.Context, s Settings, cat *catalog.Catalog, log *slog.Logger) (_ *engine, err error) {
	e := &engine{settings: s, log: log, catalog: cat, broken: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.close())
		}
	}()
	if e.zone, err = time.LoadLocation(s.ReportTimezone); err != nil {
		return nil, fmt.Errorf("report-timezone: %w", err)
	}
	if e.catalog == nil {
		if e.catalog, err = startCatalog(s); err != nil {
			return nil, err
		}
	}
	if err = e.openLog(ctx); err != nil {
		return nil, err
	}
	ringOptions := privacy.Options{File: s.RingFile}
	if os.Getenv(ringVariable) != "" {
		ringOptions.Env = ringVariable
	}
	if e.ring, err = privacy.OpenRing(s.DataDir, ringOptions); err != nil {
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
	if s.has("load") {
		if err := e.openWarehouse(ctx, e.held); err != nil {
			return nil, err
		}
	}
	if err := e.tellCatalog(ctx); err != nil {
		return nil, err
	}
	e.runner = process.New(e.held, e.events, process.Config{RetainEvents: s.RetainEvents, Taken: e.tellTaken, Logger: log})
	return e, nil
}

func (e *engine) openWarehouse(ctx context.Context, log eventlog.Log) (err error) {
	if e.db, err = e.openDatabase(ctx, log); err != nil {
		return fmt.Errorf("open the warehouse: %w", err)
	}
	waiting := int64(e.settings.LoadMemory) << 20
	e.store, err = warehouse.NewStore(ctx, e.db, warehouse.StoreOptions{
		Partitions: e.settings.Partitions, Generation: rollup.Options{ReportTZ: e.zone}, RotateBytes: waiting / 4,
		RecallBytes: int64(e.settings.WarehouseMemory) << 20 / 8,
	})
	if err != nil {
		return err
	}
	e.hub = live.NewHub(live.Options{})
	e.loader = warehouse.NewLoader(log, e.store, warehouse.LoaderOptions{
		Clock: time.Now, Logger: e.log, MaxBytes: waiting, FlushBytes: waiting / 3,
		Observers: []warehouse.Observer{func(_ int32, _ int64, b *fact.Batch) { e.hub.Apply(b, time.Now().UnixMilli()) }},
	})
	return nil
}

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
	if e.events != nil {
		errs = append(errs, e.events.Close())
	}
	return errors.Join(errs...)
}
