package lake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"playhead/internal/lake/columnar"
)

const (
	// tidyEvery is how often merging and retention look for work.
	tidyEvery = 5 * time.Second
	// mergeFiles are merged at most at once, mergeByRow of those that cannot be merged by
	// columns, where each column of each file takes its share of memory.
	mergeFiles = columnar.MostSources
	mergeByRow = 16
	// fewFiles are not worth a merge in which the period's largest file has no part.
	fewFiles = 8
	// busyFiles are written for each merge while others need the processor.
	busyFiles = 16
	// shrink is how many times what a flush writes of a crowd is larger than what becomes
	// of it, when many blocks are one file: each viewer is in every block.
	shrink = 4
	// quietFor is how long after its end a period is taken as complete enough to
	// be one file.
	quietFor = 10 * time.Minute
	// coarsenAfter is how long after its end the files of a period that has
	// little become part of the next coarser one.
	coarsenAfter = 26 * time.Hour
	// greatest is how many times the target a merged file may be.
	greatest = 8
)

// tidying is the work of those who merge.
type tidying struct {
	writer *writer // nil until there is something to merge
	// resting are periods that could not be merged, as where a file is damaged, until when:
	// the others are merged meanwhile.
	resting map[string]time.Time
}

// restFor is how long a period rests that could not be merged.
const restFor = 10 * time.Minute

// tidyAll merges and drops files until ctx ends.
func (l *Lake) tidyAll(ctx context.Context) error {
	t := time.NewTicker(tidyEvery)
	defer t.Stop()
	done := l.counts.written.Load()
	work := tidying{resting: map[string]time.Time{}}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		// A load that never ends has files all the same: a step for as many as one merges.
		for more := true; more && ctx.Err() == nil; {
			switch written := l.counts.written.Load(); {
			case !l.options.Busy():
				done = written
			case written-done >= busyFiles:
				done += busyFiles
			default:
				more = false
				continue
			}
			var err error
			if more, err = l.tidy(ctx, &work); err != nil && ctx.Err() == nil {
				l.options.Logger.Error("the lake could not be tidied; it is tried again", "error", err)
			}
		}
		work.writer = nil // its memory is not kept until the next time
	}
}

// Tidy merges and drops what can be, as of now. It is what Run does in the
// background, for those who have the lake to themselves.
func (l *Lake) Tidy(ctx context.Context) (err error) {
	work := tidying{resting: map[string]time.Time{}}
	for more := true; more && err == nil; {
		more, err = l.tidy(ctx, &work)
	}
	return err
}

// tidy does one step; more if there may be another, also after an error.
func (l *Lake) tidy(ctx context.Context, work *tidying) (more bool, err error) {
	if err := l.expire(); err != nil {
		return false, err
	}
	now := l.options.Clock()
	maps.DeleteFunc(work.resting, func(_ string, until time.Time) bool { return !until.After(now) })
	period, files := l.plan(work.resting)
	if len(files) == 0 {
		return false, nil
	}
	if work.writer == nil {
		if work.writer, err = newWriter(l.options.Key, thorough); err != nil {
			return false, err
		}
	}
	if err = l.merge(ctx, work.writer, period, files); err != nil {
		for _, f := range l.atFault(files) {
			work.resting[f.Period] = now.Add(restFor)
		}
	}
	return true, err
}

// atFault are those of some files, of which a merge failed, that are damaged; all if none is.
func (l *Lake) atFault(files []File) (list []File) {
	for _, f := range files {
		if f.verify(l.dir) != nil {
			list = append(list, f)
		}
	}
	if list == nil {
		return files
	}
	return list
}

// expire drops the files whose period ended longer ago than is kept.
func (l *Lake) expire() error {
	if l.options.Keep <= 0 {
		return nil
	}
	before := l.options.Clock().Add(-l.options.Keep)
	old := func(f File) bool {
		_, to, err := span(f.Period)
		return err == nil && to.Before(before)
	}
	var gone []File
	for _, f := range l.state().Files {
		if old(f) {
			gone = append(gone, f)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	if err := l.change(func(m *manifest) { m.Files = slices.DeleteFunc(m.Files, old) }); err != nil {
		return err
	}
	l.drop(gone)
	l.counts.dropped.Add(int64(len(gone)))
	return nil
}

// coarsest is the length of the coarsest period's name: months only where the
// keeping is so long that one more does not matter.
func (l *Lake) coarsest() int {
	if k := l.options.Keep; k > 0 && k < 400*24*time.Hour {
		return len(layouts[1])
	}
	return len(layouts[2])
}

// plan chooses files to merge, and the period of what they become; none if there
// is nothing to do. It leaves periods alone that rest.
func (l *Lake) plan(resting map[string]time.Time) (period string, files []File) {
	now := l.options.Clock()
	small := map[string][]File{}
	for _, f := range l.state().Files {
		if _, rests := resting[f.Period]; f.Bytes < l.options.TargetBytes && !rests {
			small[f.Period] = append(small[f.Period], f)
		}
	}
	names := make([]string, 0, len(small))
	for name := range small {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		_, end, err := span(name)
		if err != nil {
			continue
		}
		if files := l.choose(small[name], now.Sub(end) > quietFor); files != nil {
			return name, files
		}
	}
	return l.planCoarser(now, names, small)
}

// choose takes the smallest files of a period, as many as may become one. While a
// period is written to they wait until they are enough for a file that is left alone
// from then on: so nearly each event is merged once. Where files are too many before
// that, none is merged with less than there is in it, so that an event is merged anew
// only into what is twice as large. Once the period is quiet all become one; but a
// small file is not merged with one many times its size until it has company: else
// each straggler would write a large file anew.
func (l *Lake) choose(files []File, quiet bool) []File {
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(a.Bytes, b.Bytes) })
	some := l.few(files)
	all, sum := len(some) == len(files), int64(0)
	for _, f := range some {
		sum += f.Bytes
	}
	for n := len(some); n > 1; n-- {
		last := some[n-1].Bytes
		rest := sum - last
		switch {
		case !quiet && rest >= last:
			if sum >= shrink*l.options.TargetBytes || n >= mergeFiles || !all {
				return some[:n]
			}
			return nil
		case quiet && rest*8 >= last:
			if n == len(some) || n >= fewFiles {
				return some[:n]
			}
			return nil
		}
		sum = rest
	}
	return nil
}

// planCoarser chooses the small files of neighbouring periods.
func (l *Lake) planCoarser(now time.Time, names []string, small map[string][]File) (period string, files []File) {
	groups := map[string][]File{}
	var order []string
	for _, name := range names {
		up := coarser(name)
		if len(up) < l.coarsest() {
			continue
		}
		if _, end, err := span(up); err != nil || now.Sub(end) < coarsenAfter {
			continue
		}
		if groups[up] == nil {
			order = append(order, up)
		}
		groups[up] = append(groups[up], small[name]...)
	}
	for _, up := range order {
		files := groups[up]
		if len(files) == 1 {
			files = append(files, small[up]...)
		}
		if len(files) > 1 { // one file is no better under another name
			return up, l.few(files)
		}
	}
	return "", nil
}

// few are the first of some small files, as many as one file may be made of.
func (l *Lake) few(files []File) []File {
	sum, n := int64(0), 0
	for n < len(files) && n < mergeFiles && sum+files[n].Bytes <= greatest*l.options.TargetBytes {
		sum += files[n].Bytes
		n++
	}
	return files[:n]
}

// merge makes one file of several, and replaces them by it.
func (l *Lake) merge(ctx context.Context, w *writer, period string, files []File) error {
	file := File{Period: period, Number: l.number()}
	path := l.unfinished(file.Number)
	if err := w.begin(path, ""); err != nil {
		w.abandon()
		return err
	}
	gathered, err := l.gather(ctx, w, files)
	if err != nil {
		w.abandon()
		return fmt.Errorf("merge %d files of %s: %w", len(files), period, err)
	}
	files = gathered
	file.Rows, file.From, file.To = w.rows, w.from, w.to
	if file.Bytes, err = w.end(); err == nil {
		file.Sum = hexSum(w.sum)
		err = l.place(path, file)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("merge %d files of %s: %w", len(files), period, err), os.Remove(path))
	}
	merged := map[int64]bool{}
	for _, f := range files {
		merged[f.Number] = true
	}
	err = l.change(func(m *manifest) {
		m.Files = slices.DeleteFunc(m.Files, func(f File) bool { return merged[f.Number] })
		m.Files = append(m.Files, file)
	})
	if err != nil {
		l.drop([]File{file})
		return err
	}
	l.drop(files)
	l.counts.merges.Add(1)
	return nil
}

// gather gives the rows of files to w, in order, and returns which those were: of files that
// an earlier version wrote not all, if they are many.
func (l *Lake) gather(ctx context.Context, w *writer, files []File) ([]File, error) {
	z, err := newDecoder()
	if err != nil {
		return nil, err
	}
	defer z.Close()
	m, err := newZip(l.dir, l.options.Key, files, z)
	if err != nil {
		return nil, err
	}
	if m == nil {
		files = files[:min(len(files), mergeByRow)]
		return files, inOrder(ctx, l.dir, l.options.Key, files, w.add)
	}
	defer m.close()
	return files, m.write(ctx, w)
}
