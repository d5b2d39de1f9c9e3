package lake

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"unsafe"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"

	"playhead/internal/event"
	"playhead/internal/lake/columnar"
)

// Rows of a row group and of a page at most: what a reader takes at once. Those of a
// flush are small, since a merge reads many of them at a time.
const (
	groupRows      = 1 << 19
	pageRows       = 1 << 16
	groupRowsQuick = 1 << 14
	pageRowsQuick  = 1 << 12
)

// Keys of a file's own metadata.
const (
	metaFormat = "playhead.lake.version"
	metaRanges = "playhead.lake.ranges"
)

// row is an event as the lake moves it: its two maps stay JSON.
type row struct {
	event.Event
	experiments, traits []byte
}

// writer writes files, one after the other.
type writer struct {
	columns *columnar.Writer
	buffer  *bufio.Writer
	disk    *os.File
	path    string
	group   int64 // rows of a row group at most

	sum         *xxhash.Digest // of the file under way
	rows        int64
	from, to    int64           // event times, epoch ms
	viewer      event.ViewerKey // of the last row
	repetitions repetitions
}

// effort is how hard a writer tries to make files small.
type effort uint8

// Files of a flush are soon merged; merged ones are kept.
const (
	quick effort = iota
	thorough
)

// newWriter returns a writer of files that are encrypted if key is not nil.
func newWriter(key []byte, e effort) (*writer, error) {
	level, group, page := zstd.SpeedDefault, groupRowsQuick, pageRowsQuick
	if e == thorough {
		level, group, page = zstd.SpeedBetterCompression, groupRows, pageRows // the best takes 34 MiB for its tables
	}
	encoder := func(level zstd.EncoderLevel) (*zstd.Encoder, error) {
		return zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(1<<20))
	}
	z, err := encoder(level)
	if err != nil {
		return nil, err
	}
	light, err := encoder(zstd.SpeedFastest)
	if err != nil {
		return nil, err
	}
	return &writer{
		group:   int64(group),
		columns: columnar.NewWriter(columnar.Options{Columns: declarations(), Sorted: sorted(), PageRows: page, Zstd: z, Light: light, Key: key, CreatedBy: "playhead"}),
		buffer:  bufio.NewWriterSize(nil, 256<<10),
	}, nil
}

// begin starts a file. ranges says what of the log it is of, for people.
func (w *writer) begin(path, ranges string) error {
	disk, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write the lake: %w", err)
	}
	w.disk, w.path, w.rows, w.sum, w.repetitions.seen = disk, path, 0, xxhash.New(), w.repetitions.seen[:0]
	w.buffer.Reset(io.MultiWriter(disk, w.sum))
	return w.columns.Begin(w.buffer, []format.KeyValue{{Key: metaFormat, Value: formatVersion}, {Key: metaRanges, Value: ranges}})
}

// add appends a row, which must not sort before the last one. One that is there
// already is left out.
func (w *writer) add(r *row) error {
	if w.repetitions.repeats(r) {
		return nil
	}
	if w.rows == 0 || r.Viewer != w.viewer {
		w.viewer = r.Viewer
		w.columns.Fresh()
	}
	w.count(r.Time)
	for i := range written {
		w.value(i, r)
	}
	if w.rows%w.group == 0 {
		return w.columns.EndGroup()
	}
	return nil
}

// count minds the time of a row that is added.
func (w *writer) count(time int64) {
	if w.rows == 0 {
		w.from, w.to = time, time
	}
	w.from, w.to = min(w.from, time), max(w.to, time)
	w.rows++
}

// value gives a row's value to column i.
func (w *writer) value(i int, r *row) {
	c, to := &columns[i], w.columns.Column(i)
	switch {
	case c.number != nil:
		if n := *c.number(&r.Event); c.Required || n != c.absent {
			to.Int64(n)
			return
		}
	case c.text != nil:
		if s := *c.text(&r.Event); s != "" {
			to.Bytes(bytesOf(s))
			return
		}
	case c.flag != nil:
		to.Bool(*c.flag(&r.Event))
		return
	case c.ref != nil:
		if ref := c.ref(&r.Event); !ref.IsZero() {
			to.Ref((*[16]byte)(ref))
			return
		}
	case c.float != nil:
		if f := *c.float(&r.Event); c.Required || f != 0 {
			to.Float64(f)
			return
		}
	default:
		w.special(i, r)
		return
	}
	to.Null()
}

// special are the columns that are no field of an event as they stand.
func (w *writer) special(i int, r *row) {
	to := w.columns.Column(i)
	json := r.Properties
	switch i {
	case colType:
		to.Bytes(bytesOf(r.Type.String()))
		return
	case colFormat:
		to.Bytes(bytesOf(r.Format.String()))
		return
	case colKeyID:
		to.Int64(int64(r.KeyID))
		return
	case colEvent:
		if !r.ID.IsZero() && !identified(&r.Event) {
			to.Tag((*[8]byte)(r.ID[8:]))
			return
		}
		to.Null()
		return
	case colExperiments:
		json = r.experiments
	case colTraits:
		json = r.traits
	}
	if len(json) == 0 {
		to.Null()
		return
	}
	to.Bytes(json)
}

// identified reports whether play and seq say which event it is, so that its
// id, which is random, says nothing more. Of others half of it is kept: 64 bits
// tell the events of a viewer apart, and nobody asks the lake for more. A rebuild
// counts events by their place, and repetitions are left out by what facts say.
func identified(e *event.Event) bool { return e.Seq != event.Absent && !e.Play.IsZero() }

// bytesOf are the bytes of s, not to be changed.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// end ends the file and returns its size once it is on disk.
func (w *writer) end() (size int64, err error) {
	err = w.columns.End()
	if err == nil {
		err = w.buffer.Flush()
	}
	if err == nil {
		err = w.disk.Sync()
	}
	if err == nil {
		var info os.FileInfo
		if info, err = w.disk.Stat(); err == nil {
			size = info.Size()
		}
	}
	err = errors.Join(err, w.disk.Close())
	w.disk = nil
	if err != nil {
		return 0, fmt.Errorf("write the lake: %w", err)
	}
	return size, nil
}

// abandon removes a file that was begun and is not wanted after all.
func (w *writer) abandon() {
	if w.disk != nil {
		_ = w.disk.Close() // it is removed
		_ = os.Remove(w.path)
		w.disk = nil
	}
}

// WriteFile writes one file of the events that fill adds, and returns how many
// they are and its size once it is on disk. Whoever fills sees to their order:
// by viewer and time.
func WriteFile(path string, key []byte, fill func(add func(*event.Event) error) error) (rows, size int64, err error) {
	w, err := newWriter(key, thorough)
	if err != nil {
		return 0, 0, err
	}
	if err := w.begin(path, ""); err != nil {
		w.abandon()
		return 0, 0, err
	}
	err = fill(func(e *event.Event) error {
		return w.add(&row{Event: *e, experiments: jsonOf(e.Experiments), traits: jsonOf(e.Traits)})
	})
	if err != nil {
		w.abandon()
		return 0, 0, err
	}
	rows = w.rows
	size, err = w.end()
	return rows, size, err
}
