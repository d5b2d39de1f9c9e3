package lake

import (
	"fmt"
	"testing"
	"time"
)

// TestMergedFilesStayBelowEightTargets plans merges of any small files there may be: what
// comes out is never larger than 512 MiB at the default target of 64.
func TestMergedFilesStayBelowEightTargets(t *testing.T) {
	l := &Lake{options: Options{TargetBytes: 64 << 20}}
	for _, size := range []int64{1 << 10, 5 << 20, 40 << 20, 64<<20 - 1} {
		small := map[string][]File{}
		var names []string
		for hour := range 24 {
			name := fmt.Sprintf("2026-01-05T%02d", hour)
			names = append(names, name)
			for range 4 {
				small[name] = append(small[name], File{Period: name, Bytes: size})
			}
		}
		check := func(what string, files []File) {
			sum := int64(0)
			for _, f := range files {
				sum += f.Bytes
			}
			if len(files) < 2 || sum > 512<<20 {
				t.Errorf("%s of files of %d bytes: %d files of %d bytes together", what, size, len(files), sum)
			}
		}
		_, files := l.planCoarser(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), names, small)
		check("a day", files)
		var hour []File
		for range 64 {
			hour = append(hour, File{Bytes: size})
		}
		check("an hour", l.choose(hour, true))
	}
}

// TestMergedFilesReachTheTarget lets a lake be written for 34 days at rates from
// kilobytes to gigabytes an hour, and plays through what is planned. Once all periods
// are over, their files are of 64 to 512 MiB, but for one remainder a coarsest period.
func TestMergedFilesReachTheTarget(t *testing.T) {
	const target, hours = 64 << 20, 24 * 34
	begin := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	for _, hourly := range []int64{3 << 10, 700 << 10, 9 << 20, 200 << 20, 600 << 20} {
		for _, keep := range []time.Duration{0, 300 * 24 * time.Hour} {
			now := begin
			l := &Lake{options: Options{TargetBytes: target, Keep: keep, Clock: func() time.Time { return now }}, manifest: &manifest{}}
			number, written, rewritten := int64(0), int64(0), int64(0)
			settle := func() {
				mergeAsPlanned(l, &number, func(files []File) (merged File) {
					for _, f := range files {
						merged.Bytes += f.Bytes
					}
					rewritten += merged.Bytes
					return merged
				})
			}
			for hour := range hours {
				flushes := max(4, int(hourly>>25)) // each of what is held in memory
				for part := range flushes {
					number++
					bytes := hourly / int64(flushes) * int64(3+(hour*7+part*3)%5) / 5
					written += bytes
					l.manifest.Files = append(l.manifest.Files, File{Period: now.Format(layouts[0]), Number: number, Bytes: bytes})
				}
				now = now.Add(time.Hour)
				if hour%12 == 11 {
					settle()
				}
			}
			now = now.Add(60 * 24 * time.Hour)
			settle()
			small, sum := map[string]int{}, int64(0)
			for _, f := range l.manifest.Files {
				sum += f.Bytes
				if f.Bytes > greatest*target {
					t.Errorf("%d bytes an hour: a file of %s has %d bytes", hourly, f.Period, f.Bytes)
				}
				if f.Bytes < target {
					small[f.Period[:l.coarsest()]]++
				}
			}
			for period, n := range small {
				if n > 1 {
					t.Errorf("%d bytes an hour, kept %s: %d files of %s are below the target", hourly, keep, n, period)
				}
			}
			if sum != written {
				t.Errorf("%d bytes an hour: %d bytes are left of %d", hourly, sum, written)
			}
			if times := float64(rewritten) / float64(written); times > 8 { // from hour to day to month, each in two steps or so
				t.Errorf("%d bytes an hour: each byte was written %.1f times more", hourly, times)
			}
		}
	}
}
