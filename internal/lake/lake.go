package lake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"playhead/internal/eventlog"
)

// Options of a Lake; zero values take the defaults.
type Options struct {
	// Key encrypts the files (Parquet modular encryption): 16, 24 or 32 bytes, or
	// nil. Files of another key, or of none, cannot be read beside it.
	Key []byte
	// Keep is how long events stay, by their own time; 0 is forever.
	Keep time.Duration
	// FlushEvery is how long an event waits before it is in a file, when no block
	// fills up before. Default 1 min.
	FlushEvery time.Duration
	// BlockBytes of records become files at once. Default 24 MiB.
	BlockBytes int
	// TargetBytes is the size from which a file is left alone. Default 64 MiB.
	// Merged files are at most eight times that.
	TargetBytes int64
	// Busy tells that others need the processor more; events then wait, but not for
	// longer than Patience, and small files until there are many. May be nil.
	// Default 2 min.
	Busy     func() bool
	Patience time.Duration
	Clock    func() time.Time
	Logger   *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.FlushEvery <= 0 {
		o.FlushEvery = time.Minute
	}
	if o.BlockBytes <= 0 {
		o.BlockBytes = 24 << 20
	}
	if o.TargetBytes <= 0 {
		o.TargetBytes = 64 << 20
	}
	if o.Busy == nil {
		o.Busy = func() bool { return false }
	}
	if o.Patience <= 0 {
		o.Patience = 2 * time.Minute
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// ErrKey: the key cannot encrypt.
var ErrKey = errors.New("the key of the lake must have 16, 24 or 32 bytes")

// Lake is the folder of files of one log. Make one with Open, run it once.
type Lake struct {
	dir     string
	log     eventlog.Log
	options Options

	mu       sync.Mutex
	manifest *manifest

	counts struct{ flushes, written, merges, dropped, lag, lagMS atomic.Int64 }
}

// Open opens or makes the lake of a log in a folder, and removes what a process
// that was killed left there unfinished. Errors: ErrKey; or what is wrong with
// the folder.
func Open(dir string, log eventlog.Log, o Options) (*Lake, error) {
	if n := len(o.Key); o.Key != nil && n != 16 && n != 24 && n != 32 {
		return nil, fmt.Errorf("%w; it has %d", ErrKey, n)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the lake: %w", err)
	}
	m, err := loadManifest(dir)
	if err != nil {
		return nil, err
	}
	if err := m.sweep(dir); err != nil {
		return nil, fmt.Errorf("tidy the lake: %w", err)
	}
	l := &Lake{dir: dir, log: log, options: o.withDefaults(), manifest: m}
	n := int(log.Partitions())
	if len(m.Reached) > n {
		return nil, fmt.Errorf("the lake in %s is of a log with %d partitions, this one has %d: move the folder away to begin a new lake", dir, len(m.Reached), n)
	}
	m.Reached = append(m.Reached, make([]Reached, n-len(m.Reached))...)
	return l, errors.Join(m.save(dir), l.writeView(m))
}

// Run keeps the lake up with the log until ctx ends. What it has not written by
// then stays in the log for the next run. It returns early only when the log is
// broken; what else goes wrong, as a full disk, is logged and tried again.
func (l *Lake) Run(ctx context.Context) error {
	g, run := errgroup.WithContext(ctx)
	g.Go(func() error { return l.follow(run) })
	g.Go(func() error { return l.tidyAll(run) })
	if err := g.Wait(); ctx.Err() == nil {
		return err
	}
	return nil
}

// state is the manifest as it is; it must not be changed.
func (l *Lake) state() *manifest {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.manifest
}

// change makes what fn does to the manifest the state of the lake, durably or
// not at all.
func (l *Lake) change(fn func(*manifest)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := l.manifest.clone()
	fn(next)
	if err := next.save(l.dir); err != nil {
		return err
	}
	l.manifest = next
	return l.writeView(next)
}

// number reserves the number of a file. It need not be durable: a file that the
// manifest does not name is removed at the next start.
func (l *Lake) number() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := l.manifest.clone()
	n := next.Next
	next.Next++
	l.manifest = next
	return n
}

// place gives a finished file its name: from then on tools that look at folders
// see it.
func (l *Lake) place(unfinished string, f File) error {
	path := l.path(f)
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("write the lake: %w", err)
	}
	if err := os.Rename(unfinished, path); err != nil {
		return fmt.Errorf("write the lake: %w", err)
	}
	return errors.Join(syncFolder(folder), syncFolder(l.dir))
}

// unfinished is where files are written.
func (l *Lake) unfinished(number int64) string {
	return filepath.Join(l.dir, fmt.Sprintf(".%09d.parquet.part", number))
}

// drop removes files that the manifest no longer names.
func (l *Lake) drop(files []File) {
	for _, f := range files {
		path := l.path(f)
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			l.options.Logger.Warn("a file of the lake that is no longer needed stays until the next start", "file", f.Path(), "error", err)
		}
		_ = os.Remove(filepath.Dir(path)) // only if it is empty
	}
}

// Stats are for operators.
type Stats struct {
	Files, Rows, Bytes int64
	// LagRecords of the log are not in the lake yet; LagMS is for how long
	// the log has had the oldest of them.
	LagRecords, LagMS int64
	Flushes, Merges   int64
	// Missing records were gone from the log before the lake read them; Dropped
	// files were older than is kept.
	Missing, Dropped int64
}

// Stats may be called at any time.
func (l *Lake) Stats() Stats {
	m := l.state()
	s := Stats{
		Files: int64(len(m.Files)), Missing: m.Missing, Flushes: l.counts.flushes.Load(), Merges: l.counts.merges.Load(),
		Dropped: l.counts.dropped.Load(), LagRecords: l.counts.lag.Load(), LagMS: l.counts.lagMS.Load(),
	}
	for _, f := range m.Files {
		s.Rows += f.Rows
		s.Bytes += f.Bytes
	}
	return s
}

// Reached are the offsets up to which events are in the lake, by partition.
func (l *Lake) Reached() (list []eventlog.Cursor) {
	for p, r := range l.state().Reached {
		list = append(list, eventlog.Cursor{Partition: int32(p), Offset: r.Events})
	}
	return list
}

// Usual is for how long events may wait for the lake though all is well.
func (l *Lake) Usual() time.Duration { return l.options.FlushEvery + l.options.Patience }

// Files are the files that count, in the order of their periods.
func (l *Lake) Files() []File { return sortedFiles(l.state().Files) }

// Dir is the lake's folder.
func (l *Lake) Dir() string { return l.dir }

// ListFiles are the files of the lake in a folder, whether a process has it
// open or not, in the order of their periods.
func ListFiles(dir string) ([]File, error) {
	if _, err := os.Stat(filepath.Join(dir, manifestFile)); err != nil {
		return nil, fmt.Errorf("there is no lake in %s: %w", dir, err)
	}
	m, err := loadManifest(dir)
	if err != nil {
		return nil, err
	}
	return sortedFiles(m.Files), nil
}

// Partitions is how many partitions the log of the lake in a folder has, whether a
// process has it open or not; 0 where there is no lake.
func Partitions(dir string) (int, error) {
	m, err := loadManifest(dir)
	if err != nil {
		return 0, err
	}
	return len(m.Reached), nil
}

func sortedFiles(files []File) []File {
	out := slices.Clone(files)
	slices.SortFunc(out, func(a, b File) int {
		switch {
		case a.Period < b.Period:
			return -1
		case a.Period > b.Period:
			return 1
		}
		return int(a.Number - b.Number)
	})
	return out
}

// Hold is the log with a Trim that lets go of nothing that the lake still needs.
func (l *Lake) Hold(log eventlog.Log) eventlog.Log { return held{log, l} }

type held struct {
	eventlog.Log
	lake *Lake
}

// Trim implements eventlog.Log.
func (h held) Trim(ctx context.Context, topic eventlog.Topic, before eventlog.Cursor) error {
	m := h.lake.state()
	if p := int(before.Partition); p >= 0 && p < len(m.Reached) {
		at := m.Reached[p].Events
		if topic == eventlog.Facts {
			at = m.Reached[p].Facts
		}
		before.Offset = min(before.Offset, at)
	}
	return h.Log.Trim(ctx, topic, before)
}

func (l *Lake) path(f File) string { return filepath.Join(l.dir, filepath.FromSlash(f.Path())) }
