package app

import (
	"bytes"
	"io"
	"log/slog"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"playhead/internal/catalog"
	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/eventlog/pebblelog"
	"playhead/internal/journey"
)

// controls are the control records of a partition.
func controls(t *testing.T, l *pebblelog.Log, p int32) (out [][]byte) {
	t.Helper()
	_, err := l.Read(t.Context(), eventlog.Events, eventlog.Cursor{Partition: p}, 1<<30, func(e eventlog.Entry) error {
		var ev event.Event
		kind, err := event.DecodeRecord(e.Data, &ev)
		if err == nil && kind == event.RecordControl {
			out = append(out, bytes.Clone(ev.Properties))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A catalogue is told to every partition that has another, and only then.
func TestCatalogueIsToldWhenItChanges(t *testing.T) {
	l, err := pebblelog.Open("data", pebblelog.Options{FS: vfs.NewMem(), Partitions: 2, ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	episode := catalog.Title{
		ID: "e1", Kind: catalog.Episode, Show: "s1", RuntimeMS: 60_000, Genres: []string{"drama", "drama"}, Language: "en", Cast: []string{"Ada\nB"},
	}
	titles := []catalog.Title{{ID: "show", Kind: catalog.Series}, {ID: "s1", Kind: catalog.Season, Show: "show"}, episode}
	e := &engine{log: slog.New(slog.NewTextHandler(io.Discard, nil)), events: l}
	tell := func(list []catalog.Title) {
		t.Helper()
		if e.catalog, err = catalog.New(list); err != nil {
			t.Fatal(err)
		}
		if err := e.tellCatalog(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	tell(nil)
	if n := len(controls(t, l, 1)); n != 0 {
		t.Fatalf("%d records of no catalogue", n)
	}
	tell(titles)
	got := controls(t, l, 1)
	if len(got) != 1 || len(controls(t, l, 0)) != 1 {
		t.Fatalf("%d records", len(got))
	}
	g := journey.New(journey.DefaultConfig(), nil)
	if err := g.Control(got[0]); err != nil {
		t.Fatal(err)
	}
	if l := g.Labels("e1"); l != "cast:Ada B\ngenre:drama\nlanguage:en\nshow:show" {
		t.Errorf("labels %q", l)
	}
	// Partition 0 has it in its state: only the other is told again.
	tx := eventlog.Transaction{Snapshot: true, State: []eventlog.KV{{Key: []byte{byte(journey.KindCatalog)}, Value: got[0]}}}
	if err := l.Commit(t.Context(), []eventlog.Transaction{tx}); err != nil {
		t.Fatal(err)
	}
	tell(titles)
	if a, b := len(controls(t, l, 0)), len(controls(t, l, 1)); a != 1 || b != 2 {
		t.Errorf("%d and %d records", a, b)
	}
	tell(titles[:1])
	if a := len(controls(t, l, 0)); a != 2 {
		t.Errorf("%d records after a change", a)
	}
}
