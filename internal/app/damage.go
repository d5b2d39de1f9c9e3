package app

import (
	"errors"
	"fmt"
	"strings"

	"playhead/internal/eventlog"
	"playhead/internal/warehouse"
)

// damaged adds to an error that a file is not what was written how to mend it.
func (s *Settings) damaged(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, eventlog.ErrCorrupt):
		return fmt.Errorf("%w\nA file of the log is not what was written. Check the disk; then put a copy of the whole data folder %s in its place, "+
			"or fill a new one from its lake: playhead lake rebuild %s --old-log none --data-dir NEW (docs/faults.md)", err, s.DataDir, LakeFolder(s.DataDir))
	case errors.Is(err, warehouse.ErrGap) && s.Warehouse != embedded:
		return fmt.Errorf("%w\nThe database in ClickHouse does not belong to this log, or is older than it. Give it another database, and fill that from the lake: "+
			"playhead lake rebuild %s --data-dir NEW --warehouse clickhouse://… (docs/clickhouse.md)", err, LakeFolder(s.DataDir))
	case errors.Is(err, warehouse.ErrGap) || isDamagedDuck(err):
		return fmt.Errorf("%w\nThe warehouse in %s is damaged, or does not belong to this log. Check the disk; then put a copy of the whole data folder in its place, "+
			"or fill a new one from its lake: playhead lake rebuild %s --data-dir NEW (docs/faults.md)", err, warehouseFolder(s.DataDir), LakeFolder(s.DataDir))
	}
	return err
}

// isDamagedDuck knows DuckDB's words for a file that does not match its checksums.
func isDamagedDuck(err error) bool {
	text := err.Error()
	for _, words := range []string{"Corrupt database file", "Corrupt WAL file", "Failure while replaying WAL", "not a valid DuckDB database file"} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}
