package lake

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"

	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/lake/columnar"
)

// writeFile writes events, in the order of the files, to one file.
func writeFile(t testing.TB, secret []byte, events []event.Event) string {
	t.Helper()
	w, err := newWriter(secret, quick)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := w.begin(path, "0:1-2"); err != nil {
		t.Fatal(err)
	}
	for i := range events {
		r := row{Event: events[i], experiments: jsonOf(events[i].Experiments), traits: jsonOf(events[i].Traits)}
		if err := w.add(&r); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.end(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFieldsComeBack writes events with every field and reads them again, plain
// and encrypted.
func TestFieldsComeBack(t *testing.T) {
	c := newCrowd(3)
	var events []event.Event
	for range 40_000 { // more than one page
		e := c.event()
		e.ReceivedAt = c.at
		events = append(events, e)
	}
	full := events[0]
	fillFields(reflect.ValueOf(&full).Elem())
	full.Seq, full.Type, full.Format = event.Absent, event.SeekStarted, event.FormatEPAS
	full.Experiments, full.Traits = map[string]string{"a\x01": "\u2028é"}, map[string]string{"b": ""}
	events = append(events, full)
	for _, secret := range [][]byte{nil, []byte("0123456789abcdef")} {
		path := writeFile(t, secret, events)
		n := 0
		err := ReadFile(path, secret, func(got *event.Event) error {
			want := events[n]
			want.ID = halfOf(&want)
			if !reflect.DeepEqual(*got, want) {
				t.Fatalf("event %d:\n got %+v\nwant %+v", n, *got, want)
			}
			n++
			return nil
		})
		if err != nil || n != len(events) {
			t.Fatalf("%d of %d events, %v", n, len(events), err)
		}
	}
}

// TestARepetitionThatFactsDoNotNameIsLeftOut writes an event without a number of its
// play twice, as a late retry brings it, between others of its time.
func TestARepetitionThatFactsDoNotNameIsLeftOut(t *testing.T) {
	base := event.Event{Type: event.Heartbeat, Format: event.FormatNative, KeyID: 1, Time: startMS, Viewer: event.ViewerKey{1}, Play: event.Ref{9}, Seq: event.Absent}
	of := func(change func(*event.Event)) event.Event {
		e := base
		change(&e)
		return e
	}
	events := []event.Event{
		of(func(e *event.Event) { e.ID = event.Ref{15: 1} }),
		of(func(e *event.Event) { e.ID = event.Ref{15: 2} }),
		of(func(e *event.Event) { e.ID, e.ReceivedAt = event.Ref{15: 1}, 5 }), // again
		of(func(e *event.Event) { e.ID, e.KeyID = event.Ref{15: 1}, 2 }),      // another sender's
		of(func(e *event.Event) { e.Seq = 1 }), of(func(e *event.Event) { e.Seq = 2 }),
		of(func(e *event.Event) { e.ID, e.Time = event.Ref{15: 1}, startMS+1 }),
		of(func(e *event.Event) { e.ID, e.Time, e.Viewer = event.Ref{15: 1}, startMS+1, event.ViewerKey{2} }),
	}
	n := 0
	if err := ReadFile(writeFile(t, nil, events), nil, func(*event.Event) error { n++; return nil }); err != nil || n != len(events)-1 {
		t.Errorf("%d rows of %d events, of which one came twice, %v", n, len(events), err)
	}
}

// TestOlderFilesHaveWholeIds reads a file of before "event": the id in it is whole,
// and merged it is the same event as in a file of now.
func TestOlderFilesHaveWholeIds(t *testing.T) {
	of := func(name string) columnar.Column {
		return columns[slices.IndexFunc(columns[:], func(c column) bool { return c.Name == name })].Column
	}
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	w := columnar.NewWriter(columnar.Options{Columns: []columnar.Column{of("time"), of("type"), of("id")}, Zstd: z})
	path := filepath.Join(t.TempDir(), "old.parquet")
	disk, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Begin(disk, []format.KeyValue{{Key: metaFormat, Value: formatVersion}}); err != nil {
		t.Fatal(err)
	}
	id := event.Ref{0: 1, 7: 2, 8: 3, 15: 4}
	w.Column(0).Int64(startMS)
	w.Column(1).Bytes([]byte(event.Impression.String()))
	w.Column(2).Ref((*[16]byte)(&id))
	if err := errors.Join(w.End(), disk.Close()); err != nil {
		t.Fatal(err)
	}
	one := func(path string) (e event.Event) {
		if err := ReadFile(path, nil, func(got *event.Event) error { e = *got; return nil }); err != nil {
			t.Fatal(err)
		}
		return e
	}
	old := one(path)
	if old.ID != id || old.Type != event.Impression || old.Time != startMS {
		t.Errorf("of the older file: %+v", old)
	}
	if now := one(writeFile(t, nil, []event.Event{old})); now.ID != (event.Ref{8: 3, 15: 4}) {
		t.Errorf("written anew: %s", now.ID)
	}
}

func TestEncryptedFileNeedsItsKey(t *testing.T) {
	c := newCrowd(4)
	secret := []byte("0123456789abcdef0123456789abcdef")
	e := c.event()
	e.TitleID = "a-title-nobody-may-read"
	path := writeFile(t, secret, []event.Event{e})
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte(e.TitleID)) || bytes.Contains(data, []byte("title_id")) || !bytes.HasPrefix(data, []byte("PARE")) {
		t.Error("an encrypted file shows what it holds")
	}
	none := func(*event.Event) error { return errors.New("an event was read") }
	if err := ReadFile(path, []byte("another key, 16!"), none); err == nil {
		t.Error("read with another key")
	}
	if err := ReadFile(path, nil, none); err == nil {
		t.Error("read without a key")
	}
	if _, err := Open(t.TempDir(), openLog(t), Options{Key: []byte("short")}); !errors.Is(err, ErrKey) {
		t.Errorf("a short key: %v", err)
	}
}

// fillFields sets each field to something.
func fillFields(v reflect.Value) {
	for i := range v.NumField() {
		f := v.Field(i)
		switch x := f.Addr().Interface().(type) {
		case *bool:
			*x = true
		case *uint32:
			*x = 1<<31 + 7
		case *int64:
			*x = int64(1e12) + int64(i)
		case *float64:
			*x = 0.5
		case *string:
			*x = v.Type().Field(i).Name
		case *[]byte:
			*x = []byte(`{"n":1}`)
		case *event.Ref:
			x[3] = byte(i + 1)
		case *event.ViewerKey:
			x[3] = byte(i + 1)
		default:
			if f.Kind() == reflect.Struct {
				fillFields(f)
			}
		}
	}
}

func TestEachEventOnce(t *testing.T) {
	log := openLog(t)
	feed := newFeeder(t, log)
	l, err := Open(filepath.Join(t.TempDir(), "lake"), log, Options{BlockBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	c := newCrowd(1)
	var events []event.Event
	for range 20 {
		var some []event.Event
		for range 300 {
			some = append(some, c.event())
		}
		feed.append(append(some, some[10:20]...)) // ten are sent again
		events = append(events, some...)
		feed.process()
		if c.r.IntN(3) == 0 {
			flushAll(t, l)
		}
	}
	feed.append([]event.Event{c.event()}) // no fact speaks of it yet
	flushAll(t, l)
	got := contents(t, l.Dir(), nil)
	once(t, got, events)
	if s := l.Stats(); s.Rows != int64(len(events)) || s.Missing != 0 || s.Files < 4 {
		t.Errorf("stats: %+v", s)
	}
	for _, f := range l.Files() {
		from, to, err := span(f.Period)
		if err != nil || f.From < from.UnixMilli() || f.To >= to.UnixMilli() {
			t.Errorf("file %+v is not of its period, %v", f, err)
		}
	}
}

// TestRowsAreSorted: the order that readers are promised, after merging too.
func TestRowsAreSorted(t *testing.T) {
	l, _ := filled(t, Options{})
	if err := l.Tidy(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, f := range l.Files() {
		var last *row
		err := ReadFile(l.path(f), nil, func(e *event.Event) error {
			r := &row{Event: *e}
			if last != nil && order(last, r) > 0 {
				t.Fatalf("%s: %v comes before %v", f.Path(), last, r)
			}
			last = r
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// filled is a lake of many small files, a day after their events.
func filled(t testing.TB, o Options) (*Lake, []event.Event) {
	t.Helper()
	log := openLog(t)
	feed := newFeeder(t, log)
	now := time.UnixMilli(startMS).Add(5 * time.Hour)
	o.Clock = func() time.Time { return now }
	l, err := Open(filepath.Join(t.TempDir(), "lake"), log, o)
	if err != nil {
		t.Fatal(err)
	}
	c := newCrowd(2)
	var events []event.Event
	for range 20 {
		var some []event.Event
		for range 500 {
			some = append(some, c.event())
		}
		feed.append(some)
		feed.process()
		flushAll(t, l)
		events = append(events, some...)
	}
	return l, events
}

func TestMerge(t *testing.T) {
	l, events := filled(t, Options{})
	before := len(l.Files())
	if err := l.Tidy(context.Background()); err != nil {
		t.Fatal(err)
	}
	once(t, contents(t, l.Dir(), nil), events)
	files := l.Files()
	seen := map[string]bool{}
	for _, f := range files {
		if seen[f.Period] {
			t.Errorf("the hour %s has several files although it is over", f.Period)
		}
		seen[f.Period] = true
	}
	if len(files) >= before || l.Stats().Merges == 0 {
		t.Errorf("%d files of %d, stats %+v", len(files), before, l.Stats())
	}
	// Days later, small hours become a day, and small days a month.
	l.options.Clock = func() time.Time { return time.UnixMilli(startMS).Add(80 * time.Hour) }
	if err := l.Tidy(context.Background()); err != nil {
		t.Fatal(err)
	}
	once(t, contents(t, l.Dir(), nil), events)
	if files := l.Files(); len(files) != 1 || files[0].Period != "2025-11-26" {
		t.Errorf("after days: %+v", files)
	}
	if left, _ := filepath.Glob(filepath.Join(l.Dir(), "period=*", "*")); len(left) != 1 {
		t.Errorf("on disk there are %v", left)
	}
}

// TestMergeLeavesLargeFilesAlone: sizes stay between the target and eight times that.
func TestMergeLeavesLargeFilesAlone(t *testing.T) {
	const target = 40 << 10
	l, events := filled(t, Options{TargetBytes: target})
	if err := l.Tidy(context.Background()); err != nil {
		t.Fatal(err)
	}
	once(t, contents(t, l.Dir(), nil), events)
	for _, f := range l.Files() {
		if f.Bytes > 8*target {
			t.Errorf("%s has %d bytes", f.Path(), f.Bytes)
		}
	}
}

func TestRetention(t *testing.T) {
	l, _ := filled(t, Options{Keep: 3 * time.Hour})
	cut := l.options.Clock().Add(-3 * time.Hour)
	if err := l.Tidy(context.Background()); err != nil {
		t.Fatal(err)
	}
	files := l.Files()
	if len(files) == 0 || l.Stats().Dropped == 0 {
		t.Fatalf("%d files are left, %d dropped", len(files), l.Stats().Dropped)
	}
	for _, f := range files {
		if _, to, _ := span(f.Period); to.Before(cut) {
			t.Errorf("%s is still there", f.Period)
		}
	}
}

// TestHold: nothing that the lake needs is trimmed.
func TestHold(t *testing.T) {
	log := openLog(t)
	feed := newFeeder(t, log)
	l, err := Open(filepath.Join(t.TempDir(), "lake"), log, Options{})
	if err != nil {
		t.Fatal(err)
	}
	kept := l.Hold(log)
	ctx := context.Background()
	trim := func() (first []int64) {
		for p := range log.Partitions() {
			for _, topic := range []eventlog.Topic{eventlog.Events, eventlog.Facts} {
				if err := kept.Trim(ctx, topic, eventlog.Cursor{Partition: p, Offset: 1 << 40}); err != nil {
					t.Fatal(err)
				}
				n, _, err := log.Bounds(ctx, topic, p)
				if err != nil {
					t.Fatal(err)
				}
				first = append(first, n)
			}
		}
		return first
	}
	c := newCrowd(5)
	feed.append([]event.Event{c.event(), c.event()})
	feed.process()
	if got := trim(); slices.Max(got) != 0 {
		t.Errorf("trimmed to %v before the lake had anything", got)
	}
	flushAll(t, l)
	if got := trim(); slices.Min(got) == 0 {
		t.Errorf("trimmed to %v after the lake had all", got)
	}
}

// TestLateStart: a lake that is new to an old log begins where facts tell it
// what the events are.
func TestLateStart(t *testing.T) {
	log := openLog(t)
	feed := newFeeder(t, log)
	c := newCrowd(6)
	some := func(n int) (out []event.Event) {
		for range n {
			out = append(out, c.event())
		}
		return out
	}
	ctx := context.Background()
	feed.append(some(200))
	feed.process()
	for p := range log.Partitions() { // the loader is done with the first batch
		if err := log.Trim(ctx, eventlog.Facts, eventlog.Cursor{Partition: p, Offset: 1}); err != nil {
			t.Fatal(err)
		}
	}
	l, err := Open(filepath.Join(t.TempDir(), "lake"), log, Options{})
	if err != nil {
		t.Fatal(err)
	}
	flushAll(t, l)
	lost := some(100)
	feed.append(lost)
	feed.process()
	flushAll(t, l)
	kept := some(100)
	feed.append(kept)
	feed.process()
	flushAll(t, l)
	once(t, contents(t, l.Dir(), nil), kept)
	if s := l.Stats(); s.Missing != 200+100+2*3 { // and two ticks a partition
		t.Errorf("%d records are missing", s.Missing)
	}
}

func TestSpan(t *testing.T) {
	for period, hours := range map[string]float64{"2025-11-26T23": 1, "2025-11-26": 24, "2025-11": 720, "1969-12-31T23": 1} {
		from, to, err := span(period)
		if err != nil || to.Sub(from).Hours() != hours {
			t.Errorf("%s: %v to %v, %v", period, from, to, err)
		}
	}
	if _, _, err := span("2025-13"); err == nil {
		t.Error("2025-13 was taken")
	}
}
