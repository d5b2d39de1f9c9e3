package app

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMemoryFollowsTheMachine(t *testing.T) {
	for _, c := range []struct {
		name                             string
		machine                          int
		given                            Settings
		wantWarehouse, wantLoad, wantLog int
	}{
		{"nobody can tell", 0, Settings{}, 96, 32, 64},
		{"small", 2 << 10, Settings{}, 96, 32, 64},
		{"a large laptop", 16 << 10, Settings{}, 170, 85, 64},
		{"a server", 256 << 10, Settings{}, 512, 128, 256},
		{"what is said stays", 256 << 10, Settings{WarehouseMemory: 40, LoadMemory: 8, LogMemory: 16}, 40, 8, 16},
	} {
		got := c.given.sized(c.machine)
		if got.WarehouseMemory != c.wantWarehouse || got.LoadMemory != c.wantLoad || got.LogMemory != c.wantLog {
			t.Errorf("%s: warehouse %d, load %d, log %d MiB; want %d, %d and %d", c.name, got.WarehouseMemory, got.LoadMemory, got.LogMemory, c.wantWarehouse, c.wantLoad, c.wantLog)
		}
	}
}

func TestLogMemory(t *testing.T) {
	for mib, want := range map[int][2]int64{16: {4, 4}, 64: {16, 16}, 256: {16, 208}} {
		if buffer, cache := logMemory(mib); int64(buffer) != want[0]<<20 || cache != want[1]<<20 {
			t.Errorf("of %d MiB: buffers of %d bytes, a cache of %d", mib, buffer, cache)
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
