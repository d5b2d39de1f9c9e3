package pebblelog_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"playhead/internal/eventlog"
	"playhead/internal/eventlog/pebblelog"
)

// BenchmarkAppend is 8 callers, each appending 1,000 records of 120 bytes a
// call over all partitions, every call synced to the real disk.
func BenchmarkAppend(b *testing.B) {
	const callers, perCall, size = 8, 1000, 120
	l, err := pebblelog.Open(b.TempDir(), pebblelog.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	records := make([]eventlog.Record, perCall)
	for i := range records {
		records[i] = eventlog.Record{Partition: int32(i % 4), Data: fmt.Appendf(nil, "%0*d", size, i*7919)}
		for j := range records[i].Data {
			records[i].Data[j] ^= byte(i * j) // not too easy to compress
		}
	}
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ReportAllocs()
	b.SetBytes(perCall * size)
	b.ResetTimer()
	before := processorTime(b)
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := l.Append(context.Background(), eventlog.Events, records); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	m := l.Metrics()
	b.ReportMetric(float64(processorTime(b)-before)/float64(b.N)/perCall, "core-ns/record")
	b.ReportMetric(float64(b.N)*perCall/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(m.Calls)/float64(m.Groups), "calls/sync")
	b.ReportMetric(float64(m.CompactedBytes)/float64(m.RecordBytes), "rewritten")
}

// processorTime is what this process has used so far, in nanoseconds: what the
// work costs, whatever else the machine does.
func processorTime(b *testing.B) int64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// BenchmarkCommit is one processor step: an output of 20 kB and no snapshot.
func BenchmarkCommit(b *testing.B) {
	l, err := pebblelog.Open(b.TempDir(), pebblelog.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	output := [][]byte{make([]byte, 20_000)}
	b.ReportAllocs()
	for i := int64(0); b.Loop(); i++ {
		tx := []eventlog.Transaction{{From: i, To: i + 1, Output: output}}
		if err := l.Commit(context.Background(), tx); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadTail reads what was just written, as the processor does.
func BenchmarkReadTail(b *testing.B) {
	l, err := pebblelog.Open(b.TempDir(), pebblelog.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	records := make([]eventlog.Record, 1000)
	for i := range records {
		records[i].Data = make([]byte, 120)
	}
	for range 50 {
		if err := l.Append(context.Background(), eventlog.Events, records); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(50 * 1000 * 120)
	b.ReportAllocs()
	for b.Loop() {
		at, n := int64(0), 0
		for at < 50_000 {
			next, err := l.Read(context.Background(), eventlog.Events, eventlog.Cursor{Offset: at}, 1<<20,
				func(eventlog.Entry) error { n++; return nil })
			if err != nil {
				b.Fatal(err)
			}
			at = next
		}
		if n != 50_000 {
			b.Fatal(n)
		}
	}
}
