package lake

import (
	"fmt"
	"testing"
	"time"
)

// steady is a load that never changes, as the lake sees it.
type steady struct {
	rate           int64 // events a second
	first, settled int64 // bytes of an event in a file of a flush, and in a merged one
}

// encoded plays some hours of a steady load through what is planned, five seconds at a time,
// and returns how often an event was encoded: when the last hour is over, and when the
// day's hours have become one file or a few. most is how many small files there were.
func (s steady) encoded(t *testing.T) (open, over float64, most int) {
	t.Helper()
	const hours = 8
	now := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	o := Options{Keep: 300 * 24 * time.Hour, Clock: func() time.Time { return now }}.withDefaults()
	l := &Lake{options: o, manifest: &manifest{}}
	number, written, rewritten := int64(0), int64(0), int64(0)
	settle := func() {
		mergeAsPlanned(l, &number, func(files []File) (merged File) {
			for _, f := range files {
				merged.Rows += f.Rows
			}
			merged.Bytes = merged.Rows * s.settled
			rewritten += merged.Rows
			return merged
		})
	}
	block := min(int64(o.BlockBytes/recordBytes), s.rate*int64(o.FlushEvery/time.Second))
	waits := int64(0)
	for end := now.Add(hours * time.Hour); now.Before(end); now = now.Add(tidyEvery) {
		for waits += s.rate * int64(tidyEvery/time.Second); waits >= block; waits -= block {
			number++
			written += block
			l.manifest.Files = append(l.manifest.Files, File{Period: now.Format(layouts[0]), Number: number, Rows: block, Bytes: block * s.first})
		}
		settle()
		small := 0
		for _, f := range l.manifest.Files {
			if f.Bytes < o.TargetBytes {
				small++
			}
		}
		most = max(most, small)
	}
	now = now.Add(quietFor + time.Second)
	settle()
	open = 1 + float64(rewritten)/float64(written)
	now = now.Add(60 * 24 * time.Hour)
	settle()
	return open, 1 + float64(rewritten)/float64(written), most
}

// TestEachEventIsEncodedFewTimes: once by a flush, once by a merge, and a second time
// where an hour has not enough for a file that is left alone.
func TestEachEventIsEncodedFewTimes(t *testing.T) {
	for _, s := range []steady{
		{20_000, 62, 18}, {15_000, 62, 18}, {50_000, 62, 18}, {20_000, 28, 9}, {20_000, 28, 17}, {20_000, 14, 7}, {100_000, 14, 7},
		{1_000, 62, 18}, {1_000, 28, 17}, {100, 28, 17}, {10, 28, 17},
	} {
		name := fmt.Sprintf("%d events a second of %d bytes", s.rate, s.settled)
		open, over, most := s.encoded(t)
		t.Logf("%s: encoded %.2f times in their day, %.2f in the end; %d small files at most", name, open, over, most)
		if open > 2.7 || over > 3.1 {
			t.Errorf("%s: an event is encoded %.2f times in its day, %.2f in the end", name, open, over)
		}
		if most > 150 {
			t.Errorf("%s: there are %d small files", name, most)
		}
	}
}
