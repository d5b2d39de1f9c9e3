package pebblelog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"playhead/internal/eventlog"
)

// oldLog is a log of version 1, which had events in the database: offsets 10 to 29 of
// partition 0 in blocks of five, trimmed to 12, and nothing in partition 1.
func oldLog(t *testing.T, fs vfs.FS) {
	t.Helper()
	db, err := pebble.Open("log", (&Options{FS: fs}).pebbleOptions(&pebbleLogger{log: slog.New(slog.DiscardHandler), fail: func(err error) { t.Error(err) }}))
	if err != nil {
		t.Fatal(err)
	}
	errs := []error{db.Set([]byte{keySettings}, binary.BigEndian.AppendUint32([]byte{1}, 2), nil)}
	for base := int64(10); base < 30; base += 5 {
		var b blockBuilder
		for at := base; at < base+5; at++ {
			b.add(fmt.Append(nil, at))
		}
		errs = append(errs, db.Set(blockKey(topicEvents, 0, base), b.finish(topicEvents, 0, base, 1000+base), nil))
	}
	mark := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, 12), 500)
	errs = append(errs, db.Set(trimKey(topicEvents, 0), mark, pebble.Sync), db.Close())
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// wantEvents reads partition 0 from each offset on.
func wantEvents(t *testing.T, l *Log, first, next int64) {
	t.Helper()
	low, high, err := l.Bounds(t.Context(), eventlog.Events, 0)
	if err != nil || low != first || high != next {
		t.Fatalf("bounds are [%d,%d), want [%d,%d); %v", low, high, first, next, err)
	}
	for from := first; from <= next; from++ {
		at := from
		for at < next {
			before := at
			at, err = l.Read(t.Context(), eventlog.Events, eventlog.Cursor{Offset: at}, 7, func(e eventlog.Entry) error {
				if string(e.Data) != fmt.Sprint(e.Offset) {
					return fmt.Errorf("offset %d holds %s", e.Offset, e.Data)
				}
				return nil
			})
			if err != nil || at == before {
				t.Fatalf("read from %d: at %d, %v", from, at, err)
			}
		}
	}
	if _, err := l.Read(t.Context(), eventlog.Events, eventlog.Cursor{Offset: first - 1}, 7, nil); !errors.Is(err, eventlog.ErrTrimmed) {
		t.Errorf("before the first: %v", err)
	}
}

// Events that an older program left in the database are read from there, later ones
// from segments, across the border and after any trim; the older program then refuses
// the log.
func TestEventsOfVersionOne(t *testing.T) {
	for _, trim := range []int64{13, 15, 28, 30, 31, 38, 40} {
		t.Run(fmt.Sprint(trim), func(t *testing.T) {
			fs := vfs.NewMem()
			oldLog(t, fs)
			read, err := Open("log", Options{FS: fs, ReadOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			wantEvents(t, read, 12, 30)
			if err := read.Close(); err != nil {
				t.Fatal(err)
			}
			first, next := int64(12), int64(30)
			for life := range 3 {
				l, err := Open("log", Options{FS: fs})
				if err != nil {
					t.Fatal(err)
				}
				wantEvents(t, l, first, next)
				for range 10 {
					if err := l.Append(t.Context(), eventlog.Events, []eventlog.Record{{Data: fmt.Append(nil, next)}}); err != nil {
						t.Fatal(err)
					}
					next++
				}
				if life == 1 {
					if err := l.Trim(t.Context(), eventlog.Events, eventlog.Cursor{Offset: trim}); err != nil {
						t.Fatal(err)
					}
					first = trim
				}
				wantEvents(t, l, first, next)
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
			}
			checkDatabase(t, fs, trim)
		})
	}
}

// checkDatabase looks at what is left in the database of events before an offset, and
// at the version.
func checkDatabase(t *testing.T, fs vfs.FS, trimmed int64) {
	t.Helper()
	db, err := pebble.Open("log", (&Options{FS: fs}).pebbleOptions(&pebbleLogger{log: slog.New(slog.DiscardHandler), fail: func(err error) { t.Error(err) }}))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	settings, closer, err := db.Get([]byte{keySettings})
	if err != nil || settings[0] != formatVersion {
		t.Fatalf("the settings are %v, %v", settings, err)
	}
	_ = closer.Close()
	lower, upper := blockBounds(topicEvents, 0)
	it, err := db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		t.Fatal(err)
	}
	defer it.Close()
	for valid := it.First(); valid; valid = it.Next() {
		if base := blockBase(it.Key()); base+5 <= trimmed || base >= 30 {
			t.Errorf("the database has a block at %d, trimmed to %d", base, trimmed)
		}
	}
}
