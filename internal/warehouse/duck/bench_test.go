package duck_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"playhead/internal/rollup"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/duck"
	"playhead/internal/warehouse/warehousetest"
)

// residentMB is what the process has in memory, and the most it ever had.
func residentMB() (now, peak int) {
	status, _ := os.ReadFile(filepath.Join(string(filepath.Separator), "proc", "self", "status"))
	for line := range strings.SplitSeq(string(status), "\n") {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		kb, _ := strconv.Atoi(f[1])
		switch f[0] {
		case "VmRSS:":
			now = kb / 1024
		case "VmHWM:":
			peak = kb / 1024
		}
	}
	return now, peak
}

// soakPlays is how many plays the soak loads: PLAYHEAD_SOAK_PLAYS, else 200,000.
func soakPlays() int {
	if n, err := strconv.Atoi(os.Getenv("PLAYHEAD_SOAK_PLAYS")); err == nil {
		return n
	}
	return 200_000
}

// BenchmarkSoak loads 35 days of plays, newest first, tidies up as the loader
// does, and asks what dashboards ask.
func BenchmarkSoak(b *testing.B) {
	dir := b.TempDir()
	db, err := duck.Open(b.Context(), dir, duck.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	now := time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC).UnixMilli()
	const day = 24 * rollup.HourMS
	w := warehousetest.NewWorld(1, now-day, now)
	w.Titles, w.Countries, w.Viewers, w.Corrections = 200, 60, 40_000, 0.02
	total, batch := soakPlays(), 500
	start, loaded, flushes := time.Now(), 0, 0
	var slowest time.Duration
	var pending []*rollup.Generation
	g := rollup.NewGeneration(rollup.Options{})
	flush := func() {
		g.Seal()
		pending = append(pending, g)
		g = rollup.NewGeneration(rollup.Options{})
		at := time.Now()
		if err := db.Apply(b.Context(), pending); err != nil {
			b.Fatal(err)
		}
		slowest = max(slowest, time.Since(at))
		pending = nil
		if flushes++; flushes%4 == 0 {
			if err := db.Maintain(b.Context(), now); err != nil {
				b.Fatal(err)
			}
		}
	}
	loading, waited := make(chan struct{}), make(chan time.Duration)
	go func() { waited <- askWhile(b, db, loading, now) }()
	for offset := int64(0); loaded < total; offset++ {
		back := int64(loaded) * 35 / int64(total)
		w.From, w.To = now-(back+1)*day, now-back*day
		f := w.Batch(0, batch)
		f.FreshTo = now
		if err := g.Apply(offset, f); err != nil {
			b.Fatal(err)
		}
		loaded += batch
		if g.Size().Bytes > 12<<20 {
			flush()
		}
	}
	flush()
	if err := db.Maintain(b.Context(), now); err != nil {
		b.Fatal(err)
	}
	close(loading)
	longest := <-waited
	took := time.Since(start)
	runtime.GC()
	rss, peak := residentMB()
	var heap runtime.MemStats
	runtime.ReadMemStats(&heap)
	st, err := db.Stats(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d plays in %v, %d flushes, slowest %v, longest scan meanwhile %v, rows %v, file %d MB, engine %d MB, Go has had %d MB, resident %d MB, peak %d MB",
		loaded, took.Round(time.Millisecond), flushes, slowest.Round(time.Millisecond), longest.Round(time.Millisecond), st.Rows, st.FileBytes>>20, st.MemoryBytes>>20, heap.HeapSys>>20, rss, peak)
	today := now / day * day
	days := []int64{}
	for i := int64(35); i >= -1; i-- {
		days = append(days, today-i*day)
	}
	viewers := rollup.SketchesOf(rollup.Viewers)
	title, country, device := rollup.Title, rollup.Country, rollup.DeviceType
	one := rollup.Filter{Dimension: rollup.Title, In: []string{"t-ac"}}
	for _, q := range []struct {
		name string
		scan rollup.Scan
	}{
		{"all time by title and country", rollup.Scan{Source: rollup.SourceTitleDay, From: 0, To: now + day, By: []rollup.Dimension{title, country}}},
		{"all time by country", rollup.Scan{Source: rollup.SourceTitleDay, From: 0, To: now + day, By: []rollup.Dimension{country}}},
		{"titles by viewers, 7 days", rollup.Scan{Source: rollup.SourceTitleDay, From: today - 6*day, To: now + day, By: []rollup.Dimension{title}, Sketches: viewers}},
		{"titles by viewers in a country, 7 days", rollup.Scan{Source: rollup.SourceTitleDay, From: today - 6*day, To: now + day, By: []rollup.Dimension{title}, Where: []rollup.Filter{{Dimension: country, In: []string{"ab"}}}, Sketches: viewers}},
		{"a title by day and device, viewers", rollup.Scan{Source: rollup.SourceTitleDay, From: days[0], To: days[36], Buckets: days, By: []rollup.Dimension{device}, Where: []rollup.Filter{one}, Sketches: viewers}},
		{"30 minutes by 10 s", rollup.Scan{Source: rollup.SourcePulse, From: now - 1_800_000, To: now, Buckets: steps(now-1_800_000, now, 10_000), By: nil}},
		{"a day by minute and cdn", rollup.Scan{Source: rollup.SourcePulse, From: now - day, To: now, Buckets: steps(now-day, now, 60_000), By: []rollup.Dimension{rollup.CDN}}},
		{"7 days by hour", rollup.Scan{Source: rollup.SourceTitleHour, From: today - 6*day, To: today + day, Buckets: steps(today-6*day, today+day, rollup.HourMS)}},
		{"plays by isp, 7 days", rollup.Scan{Source: rollup.SourcePlays, From: today - 6*day, To: today + day, By: []rollup.Dimension{rollup.ISP}, Sketches: viewers}},
		{"plays by isp and hour, a day", rollup.Scan{Source: rollup.SourcePlays, From: today - day, To: today, Buckets: steps(today-day, today, rollup.HourMS), By: []rollup.Dimension{rollup.ISP}}},
	} {
		b.Run(strings.ReplaceAll(q.name, " ", "_"), func(b *testing.B) { ask(b, db, q.scan) })
	}
	rss, peak = residentMB()
	b.Logf("after the questions: resident %d MB, peak %d MB", rss, peak)
}

// askWhile scans a few times a second until it is told to stop, and returns how
// long the longest took.
func askWhile(b *testing.B, db warehouse.Warehouse, stop <-chan struct{}, now int64) (longest time.Duration) {
	s := rollup.Scan{Source: rollup.SourceTitleDay, From: 0, To: now + 24*rollup.HourMS, By: []rollup.Dimension{rollup.Title}, Sketches: rollup.SketchesOf(rollup.Viewers)}
	for {
		select {
		case <-stop:
			return longest
		case <-time.After(200 * time.Millisecond):
		}
		at := time.Now()
		if _, err := db.Scan(b.Context(), s); err != nil {
			b.Error(err)
		}
		longest = max(longest, time.Since(at))
	}
}

func steps(from, to, width int64) (list []int64) {
	for ; from <= to; from += width {
		list = append(list, from)
	}
	return list
}

func ask(b *testing.B, db warehouse.Warehouse, s rollup.Scan) {
	groups := 0
	for b.Loop() {
		r, err := db.Scan(b.Context(), s)
		if err != nil {
			b.Fatal(err)
		}
		groups = len(r.Groups)
	}
	b.ReportMetric(float64(groups), "groups")
	if groups == 0 {
		b.Error(fmt.Sprint("no groups for ", s))
	}
}
