package clickhouse_test

import (
	"testing"
	"time"

	"playhead/internal/warehouse"
	"playhead/internal/warehouse/clickhouse"
	"playhead/internal/warehouse/clickhouse/clickhousetest"
	"playhead/internal/warehouse/warehousetest"
)

// TestCurrentConformance holds the driver to the port on a current ClickHouse.
func TestCurrentConformance(t *testing.T) {
	current := clickhousetest.StartCurrent(t)
	t.Logf("ClickHouse %s", current.Version)
	warehousetest.Run(t, func(t *testing.T, dir string) warehouse.Warehouse {
		a, err := clickhouse.ParseAddress(current.URL(clickhousetest.Database(dir)))
		if err != nil {
			t.Fatal(err)
		}
		db, err := clickhouse.Open(t.Context(), a, withZone(t, clickhouse.Options{Runs: 2, Grace: time.Millisecond, SampleRows: 400}))
		if err != nil {
			t.Fatal(err)
		}
		return db
	})
}
