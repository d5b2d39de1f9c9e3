package lake

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"unsafe"

	"github.com/klauspost/compress/zstd"

	"playhead/internal/event"
	"playhead/internal/lake/columnar"
)

// reader gives the rows of one file in its order.
type reader struct {
	path    string
	disk    *os.File
	file    *columnar.File
	groups  []int64
	group   int
	left    int64 // rows of the open row group
	cursors []*columnar.Cursor
	row     row
}

// newDecoder makes what decompresses the pages of several readers.
func newDecoder() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
}

// openReader opens a file of the lake; key is nil for one that is not encrypted.
func openReader(path string, key []byte, z *zstd.Decoder) (_ *reader, err error) {
	r := &reader{path: path, cursors: make([]*columnar.Cursor, len(columns))}
	if r.disk, err = os.Open(path); err != nil {
		return nil, fmt.Errorf("read the lake: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("read the lake: %s: %w", path, err), r.disk.Close())
		}
	}()
	info, err := r.disk.Stat()
	if err != nil {
		return nil, err
	}
	if r.file, err = columnar.Open(r.disk, info.Size(), key, z); err != nil {
		return nil, err
	}
	if v := r.file.Meta(metaFormat); v != formatVersion {
		return nil, fmt.Errorf("%w: its format is %q, this Playhead knows %q", columnar.ErrFile, v, formatVersion)
	}
	r.groups = r.file.Groups()
	return r, nil
}

func (r *reader) close() { _ = r.disk.Close() } // read only

// next moves to the next row, which is good until the call after; false after
// the last. Its maps are not filled, only their JSON.
func (r *reader) next() (ok bool, err error) {
	for r.left == 0 {
		if r.group >= len(r.groups) {
			return false, nil
		}
		for i := range columns {
			r.cursors[i].Rest() // its memory is the next one's
			if r.cursors[i], err = r.file.Cursor(r.group, &columns[i].Column); err != nil {
				return false, fmt.Errorf("read the lake: %s: %w", r.path, err)
			}
		}
		if r.cursors[colTime] == nil { // it is in every version
			return false, fmt.Errorf("read the lake: %s: %w: it has no times", r.path, columnar.ErrFile)
		}
		r.left = r.groups[r.group]
		r.group++
	}
	r.left--
	r.row.Reset()
	r.row.experiments, r.row.traits = nil, nil
	for i, c := range r.cursors {
		if c == nil {
			continue // the file is older than the column
		}
		there, err := c.Next()
		if err != nil {
			return false, fmt.Errorf("read the lake: %s: column %s: %w", r.path, columns[i].Name, err)
		}
		if there {
			r.row.set(i, c)
		}
	}
	return true, nil
}

// set gives the row the value of column i.
func (r *row) set(i int, v *columnar.Cursor) {
	c := &columns[i]
	switch {
	case c.number != nil:
		*c.number(&r.Event) = v.Int64()
	case c.text != nil:
		b := v.Bytes()
		*c.text(&r.Event) = unsafe.String(unsafe.SliceData(b), len(b))
	case c.flag != nil:
		*c.flag(&r.Event) = v.Bool()
	case c.ref != nil:
		copy(c.ref(&r.Event)[:], v.Ref())
	case c.float != nil:
		*c.float(&r.Event) = v.Float64()
	case i == colType:
		r.Type = event.TypeNamed(string(v.Bytes()))
	case i == colFormat:
		r.Format = event.FormatNamed(string(v.Bytes()))
	case i == colEvent:
		copy(r.ID[8:], v.Tag())
	case i == colKeyID:
		r.KeyID = uint32(v.Int64())
	case i == colExperiments:
		r.experiments = v.Bytes()
	case i == colTraits:
		r.traits = v.Bytes()
	case i == colProperties:
		r.Properties = v.Bytes()
	}
}

// ReadFile calls fn for each event of a file, in its order: by viewer and time.
// The event is only valid during the call. key decrypts; nil if there is none.
// Errors: columnar.ErrFile for a damaged file or a wrong key, and fn's.
func ReadFile(path string, key []byte, fn func(*event.Event) error) error {
	z, err := newDecoder()
	if err != nil {
		return err
	}
	defer z.Close()
	r, err := openReader(path, key, z)
	if err != nil {
		return err
	}
	defer r.close()
	for {
		ok, err := r.next()
		if err != nil || !ok {
			return err
		}
		e := r.row.Event
		if e.Experiments, err = mapOf(r.row.experiments); err == nil {
			e.Traits, err = mapOf(r.row.traits)
		}
		if err != nil {
			return fmt.Errorf("read the lake: %s: %w", path, err)
		}
		if err := fn(&e); err != nil {
			return err
		}
	}
}

// mapOf reads what jsonOf wrote.
func mapOf(data []byte) (m map[string]string, err error) {
	if len(data) == 0 {
		return nil, nil
	}
	return m, json.Unmarshal(data, &m)
}
