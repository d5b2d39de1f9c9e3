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
