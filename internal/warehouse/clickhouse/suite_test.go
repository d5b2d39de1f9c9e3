package clickhouse_test

import (
	"testing"
	"time"

	"playhead/internal/warehouse"
	"playhead/internal/warehouse/clickhouse"
	"playhead/internal/warehouse/clickhouse/clickhousetest"
	"playhead/internal/warehouse/warehousetest"
)

// open opens the database that stands for a folder.
func open(t *testing.T, server *clickhousetest.Server, dir string, opts clickhouse.Options) *clickhouse.DB {
	t.Helper()
	a, err := clickhouse.ParseAddress(server.URL(clickhousetest.Database(dir)))
	if err != nil {
		t.Fatal(err)
	}
	db, err := clickhouse.Open(t.Context(), a, withZone(t, opts))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// withZone are options with the time zone of these tests where there is none.
func withZone(t *testing.T, opts clickhouse.Options) clickhouse.Options {
	if opts.TZ == nil {
		opts.TZ = warehousetest.Zone(t)
	}
	return opts
}

// TestConformance holds the driver to the port: with runs merged and swept at once,
// so that the answers come from what is left of them.
func TestConformance(t *testing.T) {
	server := clickhousetest.Start(t)
	warehousetest.Run(t, func(t *testing.T, dir string) warehouse.Warehouse {
		return open(t, server, dir, clickhouse.Options{Runs: 2, Grace: time.Millisecond, SampleRows: 400})
	})
}
