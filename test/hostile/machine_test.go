package hostile

import (
	"os"
	"strconv"
	"strings"
)

// watchMachine begins to watch the machine; what it returns says which part of
// the processors' time others took since then, neither this test nor the
// servers that it started. Where that is much, a bar of time says nothing of the
// server.
func watchMachine() (others func() float64) {
	used, total := processorTicks()
	ours := ownTicks()
	return func() float64 {
		usedNow, totalNow := processorTicks()
		if totalNow <= total {
			return 0
		}
		return (usedNow - used - (ownTicks() - ours)) / (totalNow - total)
	}
}

// shared is the part of the processors' time from which on a machine is not the
// test's own.
const shared = 0.25

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

// ownTicks are those of this process and of all that it started, also of those
// that have ended.
func ownTicks() float64 {
	type process struct {
		parent string
		ticks  float64
	}
	processes := map[string]process{}
	entries, _ := os.ReadDir("/proc") // not there: not Linux
	for _, entry := range entries {
		text, err := os.ReadFile("/proc/" + entry.Name() + "/stat")
		at := strings.LastIndexByte(string(text), ')') // behind the name, which may hold anything
		if err != nil || at < 0 {
			continue
		}
		fields := strings.Fields(string(text)[at+1:])
		if len(fields) < 15 {
			continue
		}
		p := process{parent: fields[1]}
		for _, field := range fields[11:15] { // its own in user and system mode, and its ended children's
			ticks, _ := strconv.ParseFloat(field, 64)
			p.ticks += ticks
		}
		processes[entry.Name()] = p
	}
	self, sum := strconv.Itoa(os.Getpid()), 0.0
	for pid, p := range processes {
		for at := pid; at != "" && at != "0"; at = processes[at].parent {
			if at == self {
				sum += p.ticks
				break
			}
		}
	}
	return sum
}
