package lake

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"playhead/internal/event"
)

// TestMergedByColumnsAsByRows merges files both ways, with some events in several of
// them, row groups that end anywhere and texts that outgrow a dictionary, plain and
// encrypted: the same events come out in the same order.
func TestMergedByColumnsAsByRows(t *testing.T) {
	for _, secret := range [][]byte{nil, []byte("0123456789abcdef")} {
		dir := t.TempDir()
		files := piledUp(t, dir, secret)
		merged := func(name string, gather func(w *writer) error) (out []event.Event) {
			w, err := newWriter(secret, thorough)
			if err != nil {
				t.Fatal(err)
			}
			w.group = 7_001
			path := filepath.Join(dir, name)
			for range 2 { // what is left of one file is not in the next
				if err := w.begin(path, ""); err != nil {
					t.Fatal(err)
				}
				if err := gather(w); err != nil {
					t.Fatal(err)
				}
				if _, err := w.end(); err != nil {
					t.Fatal(err)
				}
			}
			from, to, rows := w.from, w.to, w.rows
			err = ReadFile(path, secret, func(e *event.Event) error {
				copied := *e
				for _, s := range texts(&copied) {
					*s = strings.Clone(*s)
				}
				copied.Properties = slices.Clone(e.Properties)
				if e.Time < from || e.Time > to {
					t.Errorf("an event of %d is outside of the file's time", e.Time)
				}
				out = append(out, copied)
				return nil
			})
			if err != nil || int64(len(out)) != rows {
				t.Fatalf("%d rows of %d, %v", len(out), rows, err)
			}
			return out
		}
		l := &Lake{dir: dir, options: Options{Key: secret}}
		byRows := merged("rows", func(w *writer) error { return inOrder(context.Background(), dir, secret, files, w.add) })
		byColumns := merged("columns", func(w *writer) error { _, err := l.gather(context.Background(), w, files); return err })
		if len(byRows) != len(byColumns) {
			t.Fatalf("%d events by columns, %d by rows", len(byColumns), len(byRows))
		}
		for i := range byRows {
			if !reflect.DeepEqual(byRows[i], byColumns[i]) {
				t.Fatalf("event %d:\n by columns %+v\n by rows    %+v", i, byColumns[i], byRows[i])
			}
		}
	}
}

// texts are the fields of an event that are texts.
func texts(e *event.Event) (out []*string) {
	for i := range columns {
		if columns[i].text != nil {
			out = append(out, columns[i].text(e))
		}
	}
	return out
}

// piledUp are files of events of the same viewers, each with some of the file before.
func piledUp(t *testing.T, dir string, secret []byte) (files []File) {
	t.Helper()
	c := newCrowd(11)
	var last []event.Event
	for number := range 7 {
		events := slices.Clone(last[len(last)/2:])
		for i := range 9_000 {
			e := c.event()
			e.ReceivedAt = c.at
			if i%3 == 0 && len(e.Properties) > 0 {
				e.Properties = []byte(fmt.Sprintf(`{"n":%d,"long":"%s"}`, i, strings.Repeat("x", 900)))
			}
			if e.Type == event.Impression && i%2 == 0 {
				e.Viewer, e.Session = event.ViewerKey{}, e.Impression
			}
			events = append(events, e)
		}
		last = events
		rows := make([]row, len(events))
		for i := range events {
			rows[i] = row{Event: events[i], experiments: jsonOf(events[i].Experiments), traits: jsonOf(events[i].Traits)}
		}
		slices.SortStableFunc(rows, func(a, b row) int { return order(&a, &b) })
		f := File{Period: "2025-11-26", Number: int64(number + 1)}
		l := &Lake{dir: dir}
		w, err := newWriter(secret, quick)
		if err != nil {
			t.Fatal(err)
		}
		path := l.unfinished(f.Number)
		if err := w.begin(path, ""); err != nil {
			t.Fatal(err)
		}
		for i := range rows {
			if err := w.add(&rows[i]); err != nil {
				t.Fatal(err)
			}
		}
		if f.Bytes, err = w.end(); err != nil {
			t.Fatal(err)
		}
		f.Rows, f.Sum = w.rows, hexSum(w.sum)
		if err := l.place(path, f); err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}
