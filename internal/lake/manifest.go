package lake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
)

// manifestFile names the files that count; it is replaced as a whole.
const (
	manifestFile    = "manifest.json"
	manifestVersion = 1
)

// Reached is how far a partition of the log is in the lake.
type Reached struct {
	// Events is the next offset of "events", Facts that of "facts".
	Events int64 `json:"events"`
	Facts  int64 `json:"facts"`
}

// File is one file of the lake.
type File struct {
	// Period is the hour (2006-01-02T15), day (2006-01-02) or month (2006-01),
	// in UTC, whose events the file holds.
	Period string `json:"period"`
	Number int64  `json:"number"`
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	// From and To are its least and greatest event time, epoch ms.
	From int64 `json:"from"`
	To   int64 `json:"to"`
	// Sum of all its bytes (xxHash64), in hexadecimal; the first files have none.
	Sum string `json:"sum,omitempty"`
}

// Path of the file below the lake's folder, with slashes.
func (f File) Path() string {
	return fmt.Sprintf("period=%s/%09d.parquet", f.Period, f.Number)
}

// manifest is the state of a lake.
type manifest struct {
	Version int       `json:"version"`
	Next    int64     `json:"next"` // number of the next file
	Reached []Reached `json:"reached"`
	Files   []File    `json:"files"`
	// Missing is how many records of the log were gone before they were read,
	// as when the lake was off.
	Missing int64 `json:"missing,omitempty"`
	// Sum is that of the rest, in hexadecimal; the first lakes had none. A field
	// that is new is left out when it is empty, or the sums of before do not fit.
	Sum string `json:"sum,omitempty"`
}

// encode is the manifest as it is written, with its sum.
func (m *manifest) encode() ([]byte, error) {
	whole := *m
	whole.Sum = ""
	data, err := json.Marshal(&whole)
	if err != nil {
		return nil, err
	}
	whole.Sum = fmt.Sprintf("%016x", xxhash.Sum64(data))
	return json.Marshal(&whole)
}

// loadManifest reads the manifest of a folder, or an empty one.
func loadManifest(dir string) (*manifest, error) {
	m := &manifest{Version: manifestVersion, Files: []File{}}
	data, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if errors.Is(err, os.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open the lake: %w", err)
	}
	fields := json.NewDecoder(bytes.NewReader(data))
	fields.DisallowUnknownFields() // such as the sum's, when its name is damaged
	if err := fields.Decode(m); err != nil && m.Version <= manifestVersion {
		return nil, fmt.Errorf("open the lake: %s is damaged: %w; restore it from a backup, or move the folder away to begin a new lake", filepath.Join(dir, manifestFile), err)
	}
	if m.Version != manifestVersion {
		return nil, fmt.Errorf("open the lake: %s has version %d, this Playhead knows %d: it is of a newer one", filepath.Join(dir, manifestFile), m.Version, manifestVersion)
	}
	if again, err := m.encode(); err != nil || m.Sum != "" && !bytes.Equal(again, bytes.TrimSpace(data)) {
		return nil, errors.Join(fmt.Errorf("open the lake: %s is damaged: it does not match its checksum; restore it from a backup, or move the folder away to begin a new lake", filepath.Join(dir, manifestFile)), err)
	}
	return m, nil
}

func (m *manifest) clone() *manifest {
	c := *m
	c.Reached, c.Files = slices.Clone(m.Reached), slices.Clone(m.Files)
	return &c
}

// save makes m the state of the folder, durably, or changes nothing.
func (m *manifest) save(dir string) error {
	data, err := m.encode()
	if err != nil {
		return fmt.Errorf("write the lake's manifest: %w", err)
	}
	if err := replaceFile(dir, manifestFile, data, true); err != nil {
		return fmt.Errorf("write the lake's manifest: %w", err)
	}
	return nil
}

// replaceFile writes a file of the folder as a whole, durably or not.
func replaceFile(dir, name string, data []byte, durable bool) (err error) {
	next := filepath.Join(dir, "."+name+".new")
	f, err := os.OpenFile(next, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil && durable {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(next, filepath.Join(dir, name)); err != nil {
		return err
	}
	if !durable {
		return nil
	}
	return syncFolder(dir)
}

// syncFolder makes the names in a folder durable.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// sweep removes files that the manifest does not name: of a flush or a merge
// that was cut short, or already merged.
func (m *manifest) sweep(dir string) error {
	known := map[string]bool{}
	for _, f := range m.Files {
		known[f.Path()] = true
	}
	folders, err := filepath.Glob(filepath.Join(dir, "period=*"))
	if err != nil {
		return err
	}
	parts, err := filepath.Glob(filepath.Join(dir, ".*.part"))
	errs := []error{err}
	for _, part := range parts {
		errs = append(errs, os.Remove(part))
	}
	for _, folder := range folders {
		entries, err := os.ReadDir(folder)
		errs = append(errs, err)
		left := len(entries)
		for _, e := range entries {
			if known[filepath.Base(folder)+"/"+e.Name()] {
				continue
			}
			errs = append(errs, os.Remove(filepath.Join(folder, e.Name())))
			left--
		}
		if left == 0 {
			errs = append(errs, os.Remove(folder))
		}
	}
	return errors.Join(errs...)
}

// Layouts of periods, finest first.
var layouts = [...]string{"2006-01-02T15", "2006-01-02", "2006-01"}

// hourName is the period of an hour since 1970.
func hourName(hour int32) string {
	return time.Unix(int64(hour)*3600, 0).UTC().Format(layouts[0])
}

// span is the time of a period: [from, to).
func span(period string) (from, to time.Time, err error) {
	for i, layout := range layouts {
		if len(layout) != len(period) && i < len(layouts)-1 {
			continue
		}
		if from, err = time.Parse(layout, period); err != nil {
			return from, to, fmt.Errorf("%q is no period of the lake: %w", period, err)
		}
		switch i {
		case 0:
			to = from.Add(time.Hour)
		case 1:
			to = from.AddDate(0, 0, 1)
		default:
			to = from.AddDate(0, 1, 0)
		}
		return from, to, nil
	}
	return from, to, nil
}

// coarser is the period that a period is part of, "" of a month.
func coarser(period string) string {
	switch {
	case strings.Contains(period, "T"):
		return period[:len(layouts[1])]
	case len(period) == len(layouts[1]):
		return period[:len(layouts[2])]
	}
	return ""
}
