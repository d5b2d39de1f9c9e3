package process

import (
	"os"
	"runtime"
	"strconv"
	"strings"
)

// watchMachine begins to watch the machine; what it returns says whether it had
// no room since then: then a bar of time says nothing of the server. The load
// average is that of the minute before, so that the processors are counted too.
func watchMachine() (full func() bool) {
	used, total := processorTicks()
	return func() bool {
		text, _ := os.ReadFile("/proc/loadavg") // not there: not Linux
		first, _, _ := strings.Cut(string(text), " ")
		load, _ := strconv.ParseFloat(first, 64)
		usedNow, totalNow := processorTicks()
		return load > 1.5*float64(runtime.NumCPU()) || totalNow > total && (usedNow-used)/(totalNow-total) > 0.9
	}
}

// processorTicks are those that the processors were used for, or that a
// hypervisor took, and all; 0 where the machine does not tell.
func processorTicks() (used, total float64) {
	text, _ := os.ReadFile("/proc/stat") // not there: not Linux
	line, _, _ := strings.Cut(string(text), "\n")
	for i, field := range strings.Fields(line) {
		if i == 0 || i > 8 { // user, nice, system, idle, iowait, irq, softirq, steal
			continue
		}
		ticks, _ := strconv.ParseFloat(field, 64)
		total += ticks
		if i != 4 && i != 5 {
			used += ticks
		}
	}
	return used, total
}
