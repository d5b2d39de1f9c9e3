package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
)

func heapProfile(name string) {
	if os.Getenv("PROF") == "" {
		return
	}
	runtime.GC()
	f, _ := os.Create(os.Getenv("PROF") + "/" + name + ".heap")
	pprof.Lookup("heap").WriteTo(f, 0)
	f.Close()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Fprintln(os.Stderr, name, "heap", m.HeapAlloc, "sys", m.Sys)
}

func cpuProfile(name string) func() {
	if os.Getenv("PROF") == "" {
		return func() {}
	}
	f, _ := os.Create(os.Getenv("PROF") + "/" + name + ".cpu")
	pprof.StartCPUProfile(f)
	return func() { pprof.StopCPUProfile(); f.Close() }
}
