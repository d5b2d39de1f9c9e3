package duck_test

import (
	"errors"
	"testing"
	"time"

	"playhead/internal/warehouse"
	"playhead/internal/warehouse/duck"
	"playhead/internal/warehouse/warehousetest"
)

func TestConformance(t *testing.T) {
	warehousetest.Run(t, func(t *testing.T, dir string) warehouse.Warehouse {
		db, err := duck.Open(t.Context(), dir, duck.Options{TZ: warehousetest.Zone(t), Compact: duck.Compaction{Parts: 3, Rows: 500}})
		if err != nil {
			t.Fatal(err)
		}
		return db
	})
}

func TestSecondUserIsTurnedAway(t *testing.T) {
	dir := t.TempDir()
	db, err := duck.Open(t.Context(), dir, duck.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := duck.Open(t.Context(), dir, duck.Options{}); !errors.Is(err, warehouse.ErrInUse) {
		t.Errorf("a second open gave %v", err)
	}
	if err := errors.Join(db.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := duck.Open(t.Context(), dir, duck.Options{TZ: time.FixedZone("X", 3600)}); !errors.Is(err, duck.ErrTimezone) {
		t.Errorf("another time zone gave %v", err)
	}
}
