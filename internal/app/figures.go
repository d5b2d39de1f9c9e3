package app

import (
	"context"
	"errors"
	"fmt"

	"playhead/internal/eventlog"
	"playhead/internal/study"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/clickhouse"
	"playhead/internal/warehouse/duck"
)

// database is where figures are kept.
type database interface {
	warehouse.Warehouse
	study.Findings
}

// embedded is the warehouse setting of the one in the data folder.
const embedded = "duckdb"

// errElsewhere: a backup holds what the data folder holds.
var errElsewhere = errors.New("the figures are in ClickHouse, so that a backup of this server would not hold them; " +
	"back up its database with ClickHouse's own tools, and the data folder while the server is stopped (docs/clickhouse.md)")

// wrongWarehouse is what is wrong with the warehouse setting, if anything.
func (s *Settings) wrongWarehouse() (wrong []string) {
	if s.Warehouse == embedded {
		return nil
	}
	if _, err := clickhouse.ParseAddress(s.Warehouse); err != nil {
		return []string{fmt.Sprintf("warehouse: %v; or %s, for the one in the data folder", err, embedded)}
	}
	return nil
}

// openDatabase opens where figures are kept. It refuses an empty database where the
// log has let go of facts that it would lack for ever.
func (e *engine) openDatabase(ctx context.Context, log eventlog.Log) (database, error) {
	if e.settings.Warehouse == embedded {
		db, err := duck.Open(ctx, warehouseFolder(e.settings.DataDir), duck.Options{MemoryLimitMB: e.settings.WarehouseMemory, TZ: e.zone, Busy: e.crowded})
		if err != nil { // and no database that is nil inside
			return nil, err
		}
		return db, nil
	}
	address, err := clickhouse.ParseAddress(e.settings.Warehouse)
	if err != nil {
		return nil, err
	}
	if e.elsewhere() {
		db, err := clickhouse.OpenReader(ctx, address, clickhouse.Options{TZ: e.zone, Logger: e.log})
		if err != nil {
			return nil, err
		}
		return db, nil
	}
	db, err := clickhouse.Open(ctx, address, clickhouse.Options{TZ: e.zone, Logger: e.log})
	if err != nil {
		return nil, err
	}
	if err := holdsThePast(ctx, db, log); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// holdsThePast fails where the log begins later than facts do, and the database has
// none of them: it was kept elsewhere before.
func holdsThePast(ctx context.Context, db warehouse.Warehouse, log eventlog.Log) error {
	offsets, err := db.Offsets(ctx)
	if err != nil || len(offsets) > 0 {
		return err
	}
	for p := range log.Partitions() {
		first, _, err := log.Bounds(ctx, eventlog.Facts, p)
		if err != nil {
			return err
		}
		if first > 0 {
			return fmt.Errorf("%w: the database is empty, and the log begins at %d of partition %d", warehouse.ErrGap, first, p)
		}
	}
	return nil
}
