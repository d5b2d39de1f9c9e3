package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"playhead/internal/access"
	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/rollup"
)

// lived makes an installation with a key, somebody, titles and events that its server has
// not processed.
func lived(t *testing.T, viewers int) string {
	t.Helper()
	dir := t.TempDir()
	s := DefaultSettings()
	s.DataDir, s.Partitions, s.LogLevel = dir, 3, "error"
	if err := os.WriteFile(filepath.Join(dir, uploadedCatalog), []byte("titles:\n  - {id: t1, name: One}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := openEngine(t.Context(), s, nil, s.Logger(io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.keys.Create(access.Write, "first"); err != nil {
		t.Fatal(err)
	}
	people, err := access.OpenPeople(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := people.Add("Ada", access.Admin); err != nil {
		t.Fatal(err)
	}
	var records []eventlog.Record
	for v := range viewers {
		records = append(records, watching(v, 0, e.events.Partitions())...)
	}
	if err := errors.Join(e.events.Append(t.Context(), eventlog.Events, records), e.close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

// watching are ten seconds of a play, from a second of it on.
func watching(viewer, from int, partitions int32) (records []eventlog.Record) {
	for n := from; n < from+10; n++ {
		var e event.Event
		e.Reset()
		e.Viewer[0], e.Viewer[1], e.Play[0], e.Play[1] = byte(viewer), 1, byte(viewer), 2
		e.Type, e.Seq, e.Time, e.PositionMS, e.DurationMS = event.Heartbeat, int64(n), 1_700_000_000_000+int64(n)*1000, int64(n)*1000, 60_000
		if n == 0 {
			e.Type = event.PlayStarted
		}
		e.Known, e.KeyID, e.TitleID = true, 1, "t1"
		records = append(records, eventlog.Record{Partition: event.PartitionOf(e.Viewer, partitions), Data: event.AppendRecord(nil, &e)})
	}
	return records
}

// An installation moves to Kafka and keeps DuckDB: what it had is there, what is open goes
// on, and nobody else's topics or folders are touched.
func TestMigrate(t *testing.T) {
	const viewers = 40
	brokers, dir := fakeKafka(t), lived(t, viewers)
	options := func(dir, to string) MigrateOptions {
		o := MigrateOptions{Settings: DefaultSettings(), To: to, Log: io.Discard, Out: io.Discard}
		o.DataDir, o.Kafka, o.KafkaReplication, o.LogLevel = dir, brokers, 1, "error"
		return o
	}
	to := filepath.Join(t.TempDir(), "new")
	var said bytes.Buffer
	run := func(o MigrateOptions) error {
		t.Helper()
		said.Reset()
		o.Out = &said
		return Migrate(t.Context(), o)
	}
	prepare := options(dir, to)
	prepare.Prepare = true
	if err := run(prepare); err != nil || !strings.Contains(said.String(), "1 keys, 1 people, 0 notes and 1 titles") {
		t.Fatalf("prepare: %v\n%s", err, said.String())
	}

	house := DefaultSettings()
	house.DataDir, house.Kafka, house.KafkaReplication, house.Partitions, house.LogLevel, house.Roles = to, brokers, 1, 3, "error", "collect,process,load,query"
	if _, err := openEngine(t.Context(), house, nil, house.Logger(io.Discard)); err == nil || !strings.Contains(err.Error(), "not all of it is there") {
		t.Fatalf("a processor starts before the move is through: %v", err)
	}
	collector := house
	collector.DataDir, collector.Roles, collector.RingFile = t.TempDir(), "collect", filepath.Join(to, "ring.json")
	c, err := openEngine(t.Context(), collector, nil, collector.Logger(io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	for v := range viewers { // the plays go on, and their last second comes once more
		if err := c.events.Append(t.Context(), eventlog.Events, watching(v, 9, 3)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}

	if err := run(options(dir, to)); err != nil || strings.Contains(said.String(), "DIFFERS") || strings.Count(said.String(), " same") < 20 {
		t.Fatalf("%v\n%s", err, said.String())
	}
	if err := run(options(dir, to)); err != nil || !strings.Contains(said.String(), "there is nothing to do") {
		t.Errorf("once more: %v\n%s", err, said.String())
	}
	if err := refuseMoved(dir); err == nil || !strings.Contains(err.Error(), "has moved") {
		t.Errorf("the old folder may be served from: %v", err)
	}
	for what, o := range map[string]MigrateOptions{
		"another installation has moved to": options(lived(t, 1), filepath.Join(t.TempDir(), "other")),
		"another installation has moved":    options(lived(t, 1), to),
		"is not empty":                      options(lived(t, 1), lived(t, 1)),
		"own folder":                        options(dir+"/", dir),
		"there is no installation":          options(t.TempDir(), ""),
	} {
		if what == "own folder" {
			o = options(lived(t, 1), "")
			o.To = o.DataDir
		}
		if err := run(o); !errors.Is(err, ErrSettings) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}

	// One server that has all of it says what is right.
	whole := DefaultSettings()
	whole.DataDir, whole.Partitions, whole.LogLevel = lived(t, viewers), 3, "error"
	want := ""
	processed(t, whole, func(e *engine) {
		for v := range viewers {
			if err := e.events.Append(t.Context(), eventlog.Events, watching(v, 9, 3)); err != nil {
				t.Fatal(err)
			}
		}
		soon(t, "one server to have all of it", func() bool { return e.loader.Stats(t.Context()).Events == viewers*20 })
		want = watchTime(t, e)
	})
	processed(t, house, func(e *engine) {
		got := ""
		soon(t, "the new house to say "+want, func() bool {
			was := got
			if got = watchTime(t, e); got != was {
				t.Log(got)
			}
			return got == want
		})
	})
}

// processed runs an engine while fn looks at it.
func processed(t *testing.T, s Settings, fn func(*engine)) {
	t.Helper()
	e, err := openEngine(t.Context(), s, nil, s.Logger(io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- stages(running, e.log, time.Minute, []stage{{"process", e.runner.Run}, {"load", e.loader.Run}})
	}()
	fn(e)
	stop()
	if err := errors.Join(<-ended, e.close()); err != nil {
		t.Fatal(err)
	}
}

// watchTime is what the warehouse and the memory above it say of the title's day.
func watchTime(t *testing.T, e *engine) string {
	t.Helper()
	day := int64(1_700_000_000_000) / (24 * rollup.HourMS) * 24 * rollup.HourMS
	a, err := e.store.Scan(t.Context(), rollup.Scan{Source: rollup.SourceTitleDay, From: day, To: day + 24*rollup.HourMS})
	if err != nil {
		t.Fatal(err)
	}
	var m rollup.Measures
	for _, g := range a.Groups {
		m = g.Measures
	}
	return fmt.Sprintf("%d requests, %d plays, watched for %d ms, %d of media", m[rollup.PlayRequests], m[rollup.Plays], m[rollup.WatchMS], m[rollup.MediaMS])
}
