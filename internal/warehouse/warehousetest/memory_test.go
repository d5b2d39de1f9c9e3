package warehousetest_test

import (
	"testing"

	"playhead/internal/rollup"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/warehousetest"
)

func TestReferenceDriver(t *testing.T) {
	kept := map[string]*warehousetest.Memory{}
	warehousetest.Run(t, func(_ *testing.T, dir string) warehouse.Warehouse {
		if kept[dir] == nil {
			kept[dir] = &warehousetest.Memory{Days: rollup.NewDays(warehousetest.Zone(t))}
		}
		return kept[dir]
	})
}
