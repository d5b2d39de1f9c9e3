package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"playhead/internal/access"
	"playhead/internal/catalog"
	"playhead/internal/collect"
	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/fact"
	"playhead/internal/journey"
	"playhead/internal/play"
	"playhead/internal/privacy"
	"playhead/tools/audience"
)

// end is when everything that is sent has happened, epoch ms.
const end = 1_795_358_000_000

// data is what the paths run on, the same in each run: an audience's requests, what
// the collector makes of them, and what the engines do.
type data struct {
	ring    *privacy.Ring
	sink    *sink
	mux     *http.ServeMux
	bodies  []audience.Body
	records [][]byte // of all bodies
	events  []event.Event
	said    []event.Said // of each event
	catalog []byte
}

// ring is a key ring whose secret is nobody's: with one of chance every hash would
// differ from run to run.
//
//go:embed ring.json
var ring []byte

// sink is a log that keeps what it is given in memory.
type sink struct {
	eventlog.Log
	keep bool
	kept [][]byte
}

func (*sink) Partitions() int32 { return 1 }

func (s *sink) Append(_ context.Context, _ eventlog.Topic, records []eventlog.Record) error {
	for i := range records {
		if s.keep {
			s.kept = append(s.kept, append([]byte(nil), records[i].Data...))
		}
	}
	return nil
}

// anyKey takes every secret for the same write key.
type anyKey struct{}

func (anyKey) Lookup(string) (access.Key, bool) {
	return access.Key{ID: 1, Name: "gate", Kind: access.Write}, true
}

// prepare makes the data. What is random in it comes from seeds.
func prepare(ctx context.Context, dir string) (*data, error) {
	d := &data{sink: &sink{keep: true}, mux: http.NewServeMux()}
	var err error
	if d.ring, err = openRing(dir); err != nil {
		return nil, err
	}
	d.bodies, err = audience.Prepare(ctx, audience.Options{Seed: 11, Events: 12_000, Viewers: 400, Batch: batchEvents, End: time.UnixMilli(end)})
	if err != nil {
		return nil, fmt.Errorf("prepare requests: %w", err)
	}
	c, err := collect.New(collect.Config{Log: d.sink, Ring: d.ring, Keys: anyKey{}, Clock: func() int64 { return end }})
	if err != nil {
		return nil, err
	}
	c.Register(d.mux)
	for _, b := range d.bodies {
		if err := d.send("/v1/events", "application/x-ndjson", b); err != nil {
			return nil, err
		}
	}
	d.records, d.sink.keep = d.sink.kept, false
	d.events, d.said = make([]event.Event, len(d.records)), make([]event.Said, len(d.records))
	for i, r := range d.records {
		if _, err := event.DecodeSaid(r, &d.events[i], &d.said[i]); err != nil {
			return nil, fmt.Errorf("decode a record: %w", err)
		}
		d.events[i].ReceivedAt = d.events[i].Time
	}
	if len(d.events) < 12_000 {
		return nil, fmt.Errorf("of 12,000 events %d are there", len(d.events))
	}
	d.catalog = labels()
	return d, nil
}

// openRing opens the ring of a secret that everybody may know.
func openRing(dir string) (*privacy.Ring, error) {
	path := filepath.Join(dir, privacy.FileName)
	if err := os.WriteFile(path, ring, 0o600); err != nil {
		return nil, err
	}
	return privacy.OpenRing(dir, privacy.Options{})
}

// send gives the collector a request, without a network.
func (d *data) send(path, kind string, b audience.Body) error {
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(string(b.Data)))
	req.Header.Set("Authorization", "Bearer phw_gate")
	req.Header.Set("Content-Type", kind)
	w := httptest.NewRecorder()
	d.mux.ServeHTTP(w, req)
	if w.Code/100 != 2 {
		return fmt.Errorf("the collector answers %d: %s", w.Code, w.Body)
	}
	return nil
}

// labels is the demo's catalogue as the journeys are told it.
func labels() []byte {
	var titles []journey.Title
	for _, t := range catalog.Demo(1).Titles() {
		titles = append(titles, journey.Title{ID: t.ID, RuntimeMS: t.RuntimeMS, Labels: "genre:" + strings.Join(t.Genres, "\ngenre:")})
	}
	return journey.AppendCatalog(nil, titles, nil)
}

// engines are a partition's: plays, and what viewers do across them.
type engines struct {
	plays  *play.Engine
	across *journey.Engine
	told   int
}

func (d *data) engines() (*engines, error) {
	e := &engines{across: journey.New(journey.DefaultConfig(), nil), plays: play.New(play.DefaultConfig(), nil)}
	e.plays.Hooks = e.across.Hooks()
	if err := e.across.Control(d.catalog); err != nil {
		return nil, err
	}
	e.plays.Ready()
	return e, nil
}

// apply folds events as the processor does, as one epoch.
func (e *engines) apply(of epoch, out *fact.Batch) error {
	out.Reset()
	e.plays.Begin()
	e.across.Begin()
	for i := range of.events {
		ev, before := of.events[i], out.Counts
		e.told = len(e.plays.Changes)
		s := journey.Step{Event: &ev, Spans: len(out.Spans), Marks: len(out.Marks), Plays: len(out.Plays)}
		e.across.Before(&ev)
		if err := e.plays.ApplySaid(&ev, &of.said[i], out); err != nil {
			return err
		}
		s.Fresh = out.Counts.Duplicates == before.Duplicates && out.Counts.LateDropped == before.LateDropped
		s.Changes = e.plays.Changes[e.told:]
		if _, err := e.across.Apply(s, out); err != nil {
			return err
		}
	}
	out.FreshTo = end
	return nil
}

// epoch is a piece of the events in which the engines get them.
type epoch struct {
	events []event.Event
	said   []event.Said
}

// epochs are all events.
func (d *data) epochs() (list []epoch) {
	for from := 0; from+epochEvents <= len(d.events); from += epochEvents {
		to := from + epochEvents
		list = append(list, epoch{d.events[from:to], d.said[from:to]})
	}
	return list
}

// facts are the epochs' facts, the last one with everything that waits for silence.
func (d *data) facts() ([]fact.Batch, error) {
	e, err := d.engines()
	if err != nil {
		return nil, err
	}
	var list []fact.Batch
	for _, of := range d.epochs() {
		var b fact.Batch
		if err := e.apply(of, &b); err != nil {
			return nil, err
		}
		list = append(list, b)
	}
	if len(list) == 0 {
		return nil, errors.New("no epoch")
	}
	return list, nil
}

// members are numbers as good as random, the same each time.
func members(seed uint64, n int) [][16]byte {
	r := rand.New(rand.NewPCG(seed, 1))
	list := make([][16]byte, n)
	for i := range list {
		for j := range list[i] {
			list[i][j] = byte(r.Uint32())
		}
	}
	return list
}
