package app

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMemoryFollowsTheMachine(t *testing.T) {
	for _, c := range []struct {
		name                    string
		machine                 int
		given                   Settings
		wantWarehouse, wantLoad int
	}{
		{"nobody can tell", 0, Settings{}, 96, 32},
		{"small", 2 << 10, Settings{}, 96, 32},
		{"a large laptop", 16 << 10, Settings{}, 256, 85},
		{"a server", 256 << 10, Settings{}, 512, 128},
		{"what is said stays", 256 << 10, Settings{WarehouseMemory: 40, LoadMemory: 8}, 40, 8},
	} {
		got := c.given.sized(c.machine)
		if got.WarehouseMemory != c.wantWarehouse || got.LoadMemory != c.wantLoad {
			t.Errorf("%s: warehouse %d, load %d MiB; want %d and %d", c.name, got.WarehouseMemory, got.LoadMemory, c.wantWarehouse, c.wantLoad)
		}
	}
}

func TestMeminfo(t *testing.T) {
	name := filepath.Join(t.TempDir(), "meminfo")
	if err := os.WriteFile(name, []byte("MemFree:  1 kB\nMemTotal:       24683724 kB\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := meminfo(name); got != 24105 {
		t.Errorf("%d MiB, want 24105", got)
	}
	if got := meminfo(name + "-not"); got != 0 {
		t.Errorf("%d MiB of a file that is not there", got)
	}
}
