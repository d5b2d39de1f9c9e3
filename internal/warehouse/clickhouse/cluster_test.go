package clickhouse_test

import (
	"context"
	"testing"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"

	"playhead/internal/warehouse"
	"playhead/internal/warehouse/clickhouse"
	"playhead/internal/warehouse/clickhouse/clickhousetest"
	"playhead/internal/warehouse/warehousetest"
)

// openCluster opens the database of a cluster that stands for a folder.
func openCluster(t *testing.T, c *clickhousetest.Cluster, dir string, opts clickhouse.Options) *clickhouse.DB {
	t.Helper()
	db, err := clickhouse.Open(t.Context(), clusterAddress(t, c, dir), withZone(t, opts))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func clusterAddress(t *testing.T, c *clickhousetest.Cluster, dir string) clickhouse.Address {
	t.Helper()
	a, err := clickhouse.ParseAddress(c.URL(clickhousetest.Database(dir)))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// dropDatabase frees the cluster of a database that a test is through with.
func dropDatabase(t *testing.T, c *clickhousetest.Cluster, dir string) {
	t.Helper()
	for _, s := range c.Servers() {
		conn, err := ch.Open(&ch.Options{Addr: []string{s.Addr}})
		if err == nil {
			err = conn.Exec(context.Background(), "DROP DATABASE IF EXISTS "+clickhousetest.Database(dir))
			_ = conn.Close() // all that it was for is done
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// TestClusterConformance holds the driver to the port on two shards of two replicas.
func TestClusterConformance(t *testing.T) {
	c := clickhousetest.StartCluster(t, 2, 2, 1)
	dropped := map[string]bool{}
	warehousetest.Run(t, func(t *testing.T, dir string) warehouse.Warehouse {
		if !dropped[dir] {
			dropped[dir] = true
			t.Cleanup(func() { dropDatabase(t, c, dir) })
		}
		return openCluster(t, c, dir, clickhouse.Options{Runs: 2, Grace: time.Millisecond, SampleRows: 400})
	})
}
