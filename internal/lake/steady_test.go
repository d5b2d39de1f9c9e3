package lake

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"syscall"
	"testing"
	"time"

	"playhead/internal/event"
)

// watchers are a crowd in real time: each sends something every 14 s or so.
type watchers struct {
	r    *rand.Rand
	all  []event.Event // the last event of each
	at   int64         // epoch ms
	rate int           // events a second
	n    int
}

func newWatchers(n, rate int) *watchers {
	w := &watchers{r: rand.New(rand.NewPCG(7, 7)), all: make([]event.Event, n), at: startMS, rate: rate}
	countries, devices := []string{"US", "DE", "FR", "BR", "IN", "JP"}, []string{"tv", "phone", "desktop", "tablet"}
	for i := range w.all {
		e := &w.all[i]
		e.Reset()
		for _, id := range [][]byte{e.Viewer[:], e.Session[:], e.Play[:]} {
			binary.BigEndian.PutUint64(id, w.r.Uint64())
			binary.BigEndian.PutUint64(id[8:], w.r.Uint64())
		}
		e.Type, e.Format, e.KeyID, e.Known, e.Rate = event.Heartbeat, event.FormatNative, 1, w.r.IntN(3) > 0, 1
		e.Seq, e.PositionMS, e.DurationMS = w.r.Int64N(500), w.r.Int64N(5_000_000), 5_400_000+1000*w.r.Int64N(1000)
		e.TitleID = fmt.Sprintf("title-%d", int(5000*w.r.Float64()*w.r.Float64()))
		e.Context.Country, e.Context.DeviceType = countries[w.r.IntN(6)], devices[w.r.IntN(4)]
		e.Context.Region, e.Context.City = fmt.Sprintf("region-%d", w.r.IntN(50)), fmt.Sprintf("city-%d", w.r.IntN(2000))
		e.Context.OS, e.Context.AppVersion, e.Context.Player = []string{"android", "ios", "windows"}[w.r.IntN(3)], "5.1.2", "web/3.2"
		e.Context.ISP, e.Context.CDN, e.Context.Timezone = fmt.Sprintf("isp-%d", w.r.IntN(80)), fmt.Sprintf("cdn-%d", w.r.IntN(3)), "Europe/Berlin"
		e.Quality.BitrateKbps = 1000 * (1 + w.r.Int64N(8))
	}
	return w
}

// next is the next event of somebody.
func (w *watchers) next() *event.Event {
	e := &w.all[w.r.IntN(len(w.all))]
	if w.n++; w.n%w.rate == 0 {
		w.at += 1000
	}
	e.Time = w.at + int64(w.n%w.rate)*1000/int64(w.rate)
	e.ReceivedAt = e.Time + 40 + w.r.Int64N(60)
	e.Seq++
	e.PositionMS += 14_000 + w.r.Int64N(50)
	e.ID, e.Impression, e.CreativeID, e.Rank = event.Ref{}, event.Ref{}, "", event.Absent
	e.Type = event.Heartbeat
	if w.r.IntN(12) == 0 {
		e.Type, e.CreativeID, e.Rank = event.Impression, fmt.Sprintf("creative-%d", w.r.IntN(300)), w.r.Int64N(20)
		binary.BigEndian.PutUint64(e.Impression[:], w.r.Uint64())
	}
	return e
}

// block writes the next n events into a file as a flush does.
func (w *watchers) block(t testing.TB, l *Lake, to *writer, n int) File {
	t.Helper()
	rows := make([]row, n)
	for i := range rows {
		rows[i].Event = *w.next()
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(bytes.Compare(a.Viewer[:], b.Viewer[:]), cmp.Compare(a.Time, b.Time))
	})
	f := File{Period: hourName(int32(startMS / hourMS)), Number: l.number()}
	path := l.unfinished(f.Number)
	if err := to.begin(path, ""); err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		if err := to.add(&rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	f.Rows, f.From, f.To = to.rows, to.from, to.to
	var err error
	if f.Bytes, err = to.end(); err != nil {
		t.Fatal(err)
	}
	f.Sum = hexSum(to.sum)
	if err := l.place(path, f); err != nil {
		t.Fatal(err)
	}
	return f
}

// BenchmarkMerge merges what a minute or two of a crowd of 214,000 viewers wrote: by rows,
// as files of before are, and by columns.
func BenchmarkMerge(b *testing.B) {
	for _, files := range []int{8, 37} {
		l, list := crowded(b, files, 63_000)
		rows, size := int64(0), int64(0)
		for _, f := range list {
			rows, size = rows+f.Rows, size+f.Bytes
		}
		for _, way := range []string{"rows", "columns"} {
			b.Run(fmt.Sprintf("files=%d/by=%s", files, way), func(b *testing.B) {
				w, err := newWriter(nil, thorough)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				b.ResetTimer()
				began, merged := processorTime(), int64(0)
				live := liveHeap()
				for range b.N {
					if err := w.begin(filepath.Join(l.dir, "x.part"), ""); err != nil {
						b.Fatal(err)
					}
					if way == "rows" {
						err = inOrder(b.Context(), l.dir, nil, list, w.add)
					} else {
						_, err = l.gather(b.Context(), w, list)
					}
					if err != nil {
						b.Fatal(err)
					}
					if merged, err = w.end(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64((processorTime()-began).Nanoseconds())/float64(int64(b.N)*rows), "cpu-ns/row")
				b.ReportMetric(live(), "MiB-live")
				b.ReportMetric(float64(size)/float64(rows), "B/row-before")
				b.ReportMetric(float64(merged)/float64(rows), "B/row-after")
			})
		}
	}
}

// BenchmarkFlush makes a file of a block of a crowd's records, as they lie in the log.
func BenchmarkFlush(b *testing.B) {
	const rows = 63_000
	now := time.UnixMilli(startMS)
	l, err := Open(filepath.Join(b.TempDir(), "lake"), openLog(b), Options{Clock: func() time.Time { return now }})
	if err != nil {
		b.Fatal(err)
	}
	w, err := newWriter(nil, quick)
	if err != nil {
		b.Fatal(err)
	}
	f := &follower{lake: l, writer: w}
	crowd := newWatchers(214_000, 15_000)
	var records [][]byte
	for range rows {
		records = append(records, event.AppendRecord(nil, crowd.next()))
	}
	b.ReportAllocs()
	b.ResetTimer()
	began := processorTime()
	for range b.N {
		f.block.reset()
		for i, data := range records {
			if err := f.block.add(data, startMS+int64(i)); err != nil {
				b.Fatal(err)
			}
		}
		f.block.sort()
		files, err := f.write("")
		if err != nil {
			b.Fatal(err)
		}
		l.drop(files)
	}
	b.ReportMetric(float64((processorTime()-began).Nanoseconds())/float64(b.N*rows), "cpu-ns/row")
}

// crowded is a lake of some files of a crowd, each of so many rows.
func crowded(t testing.TB, files, rows int) (l *Lake, list []File) {
	t.Helper()
	now := time.UnixMilli(startMS)
	l, err := Open(filepath.Join(t.TempDir(), "lake"), openLog(t), Options{Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWriter(nil, quick)
	if err != nil {
		t.Fatal(err)
	}
	crowd := newWatchers(214_000, 15_000)
	for range files {
		list = append(list, crowd.block(t, l, w, rows))
	}
	return l, list
}

// processorTime is what the process has used so far: others use the machine as well.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// liveHeap watches what collections of garbage find to be in use, and returns how many
// MiB more that was at most than at its beginning.
func liveHeap() (most func() float64) {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	read := func() uint64 { metrics.Read(sample); return sample[0].Value.Uint64() }
	runtime.GC()
	before, high := read(), uint64(0)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			high = max(high, read())
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() float64 {
		close(stop)
		<-done
		return (float64(high) - float64(before)) / (1 << 20)
	}
}
