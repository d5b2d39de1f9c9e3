package app

import (
	"bufio"
	"os"
	"strconv"
	"strings"
)

// share is how much of the machine's memory something takes by itself, MiB.
type share struct{ part, least, most int }

// What the warehouse, the facts that wait for it and the log take where nobody says. With
// more, cells of an hour or a day are written less often, and the database does not
// put down on disk what it is about to commit.
var (
	warehouseShare = share{96, 96, 512}
	loadShare      = share{192, 32, 128}
	// With less, Pebble reads the indexes of its files again for each viewer who is new.
	logShare = share{256, 64, 256}
)

// mostMemTable is the largest write buffer of the log: what a larger one takes is of
// more use to the cache.
const mostMemTable = 16 << 20

// logMemory is what the log's three write buffers and its cache take of so many MiB, bytes.
func logMemory(mib int) (buffer uint64, cache int64) {
	all := int64(mib) << 20
	each := min(all/4, mostMemTable)
	return uint64(each), all - 3*each
}

// of is the share of so many MiB.
func (s share) of(machine int) int { return min(max(machine/s.part, s.least), s.most) }

// sized are the settings with the memory that was left to the machine's.
func (s Settings) sized(machine int) Settings {
	if s.WarehouseMemory == 0 {
		s.WarehouseMemory = warehouseShare.of(machine)
	}
	if s.LoadMemory == 0 {
		s.LoadMemory = loadShare.of(machine)
	}
	if s.LogMemory == 0 {
		s.LogMemory = logShare.of(machine)
	}
	return s
}

// machineMemory is how much memory this process may take, MiB: of the machine, or
// of its control group if that has a bound. It is 0 where nobody can tell.
func machineMemory() int {
	total := meminfo("/proc/meminfo")
	for _, name := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		data, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		if bytes, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64); err == nil {
			if mib := int(bytes >> 20); total == 0 || mib < total { // "max", and what is above the machine's, is no bound
				total = mib
			}
		}
	}
	return total
}

// meminfo is the MemTotal of a file like /proc/meminfo, MiB, 0 if it is not there.
func meminfo(name string) int {
	f, err := os.Open(name)
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "MemTotal:"); ok {
			kib, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			if err != nil {
				return 0
			}
			return kib >> 10
		}
	}
	return 0
}
