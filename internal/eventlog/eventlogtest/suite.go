package eventlogtest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"playhead/internal/eventlog"
)

// Partitions is the number of partitions that the suite asks for.
const Partitions = 4

// Driver is what the suite is run on.
type Driver interface {
	eventlog.Log
	eventlog.StateStore
}

// Opener opens the log kept under dir with Partitions partitions and the clock.
// Opening a dir again, after Close, must find what was there. An error comes
// back; the suite closes what it opens.
type Opener func(dir string, clock func() int64) (Driver, error)

// Run runs every behaviour as a subtest, each on logs of its own.
func Run(t *testing.T, open Opener) { run(t, open, false, behaviours()) }

func run(t *testing.T, open Opener, shared bool, list []behaviour) {
	for _, b := range list {
		t.Run(b.name, func(t *testing.T) {
			s := &suite{T: t, open: open, dir: t.TempDir(), shared: shared}
			s.now.Store(1_700_000_000_000)
			b.run(s)
		})
	}
}

// ownClock is a behaviour of logs that stamp by a clock of ours.
const ownClock = "received times never decrease, whatever the clock does"

type behaviour struct {
	name string
	run  func(s *suite)
}

func behaviours() []behaviour {
	return []behaviour{
		{"an empty log has no bounds and nothing to read", emptyLog},
		{"append over several partitions keeps order within each", appendKeepsOrder},
		{"an append of nothing succeeds", appendNothing},
		{"a wrong partition or topic is refused and nothing is written", wrongPlace},
		{"appended data is not kept by reference", dataIsCopied},
		{"concurrent appends are all there after a reopen, each call whole and in order", concurrentAppends},
		{"large records survive", largeRecords},
		{"read starts at any cursor and stops at the byte limit", readFromCursor},
		{"read passes at least one entry", readAtLeastOne},
		{"the error of a reader comes back with the place", readerError},
		{"wait returns at once for what is there and wakes for what comes", waitWakes},
		{"wait ends with its context", waitEndsWithContext},
		{"trim moves the first offset, is idempotent and survives a reopen", trimMoves},
		{"trim past the end stops at the end and offsets go on", trimPastEnd},
		{"a trimmed offset is refused by name", trimmedOffset},
		{ownClock, receivedNeverDecreases},
		{"commit is atomic over partitions", commitAtomic},
		{"a conflict changes nothing", conflictChangesNothing},
		{"transactions of one partition may follow on each other", commitChain},
		{"state changes only with a snapshot", stateOnlyWithSnapshot},
		{"state is kept by partition and key, and deleted by nil", stateByKey},
		{"scan passes the states of a prefix in key order", scanState},
		{"progress survives a reopen", progressSurvives},
		{"commits and appends may run at the same time", commitBesideAppend},
		{"a cancelled context writes nothing", cancelledContext},
		{"close waits for calls under way", closeWaits},
		{"a closed log answers ErrClosed", closedLog},
		{"a second open is refused with ErrLocked", secondOpen},
	}
}

// suite is one behaviour's run.
type suite struct {
	*testing.T
	open Opener
	dir  string
	now  atomic.Int64 // the log's clock
	// shared: the log is Shared. Its offsets may have holes.
	shared bool
}

// log opens the suite's folder; it is closed with the test at the latest.
func (s *suite) log() Driver {
	s.Helper()
	l, err := s.open(s.dir, s.now.Load)
	if err != nil {
		s.Fatalf("open: %v", err)
	}
	s.Cleanup(func() { _ = l.Close() })
	return l
}

func (s *suite) reopen(l Driver) Driver {
	s.Helper()
	s.ok(l.Close())
	return s.log()
}

func (s *suite) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatalf("unexpected error: %v", err)
	}
}

func (s *suite) is(err, want error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Fatalf("error is %v, want %v", err, want)
	}
}

func (s *suite) append(l Driver, topic eventlog.Topic, p int32, texts ...string) {
	s.Helper()
	s.ok(l.Append(s.Context(), topic, records(p, texts...)))
}

func records(p int32, texts ...string) []eventlog.Record {
	list := make([]eventlog.Record, len(texts))
	for i, text := range texts {
		list[i] = eventlog.Record{Partition: p, Data: []byte(text)}
	}
	return list
}

// read reads everything of a partition from the offset on.
func (s *suite) read(l Driver, topic eventlog.Topic, p int32, from int64) []string {
	s.Helper()
	var texts []string
	at := from
	for {
		next, err := l.Read(s.Context(), topic, eventlog.Cursor{Partition: p, Offset: at}, 1<<20, func(e eventlog.Entry) error {
			if want := from + int64(len(texts)); e.Offset != want && !s.shared || e.Offset < max(want, at) {
				return fmt.Errorf("entry has offset %d, want %d", e.Offset, want)
			}
			texts = append(texts, string(e.Data))
			return nil
		})
		s.ok(err)
		if next == at {
			return texts
		}
		at = next
	}
}

// reads holds what a partition has from the offset on to what it shall have. Where
// several machines lead in turn, what was committed becomes readable a moment later.
func (s *suite) reads(l Driver, topic eventlog.Topic, p int32, from int64, want ...string) {
	s.Helper()
	got := s.read(l, topic, p, from)
	for until := time.Now().Add(patience); s.shared && len(got) < len(want) && time.Now().Before(until); {
		time.Sleep(time.Millisecond)
		got = s.read(l, topic, p, from)
	}
	s.want(got, want...)
}

// patience is for how long a shared log may take over what becomes so a moment later.
const patience = 30 * time.Second

func (s *suite) want(got []string, want ...string) {
	s.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		s.Fatalf("read %q, want %q", got, want)
	}
}

func (s *suite) bounds(l Driver, topic eventlog.Topic, p int32, first, next int64) {
	s.Helper()
	f, n, err := l.Bounds(s.Context(), topic, p)
	s.ok(err)
	if f != first || n != next {
		s.Fatalf("bounds of %s/%d are [%d,%d), want [%d,%d)", topic, p, f, n, first, next)
	}
}

func (s *suite) progress(l Driver, p int32, committed, snapshot int64) {
	s.Helper()
	got, err := l.Progress(s.Context(), p)
	s.ok(err)
	if want := (eventlog.Progress{Committed: committed, Snapshot: snapshot}); got != want {
		s.Fatalf("progress of %d is %+v, want %+v", p, got, want)
	}
}

func (s *suite) state(l Driver, p int32, key, want string) {
	s.Helper()
	got, err := l.State(s.Context(), p, []byte(key))
	s.ok(err)
	if string(got) != want || (got == nil) != (want == "") {
		s.Fatalf("state %q of %d is %q, want %q", key, p, got, want)
	}
}

func kv(key, value string) eventlog.KV {
	if value == "" {
		return eventlog.KV{Key: []byte(key)}
	}
	return eventlog.KV{Key: []byte(key), Value: []byte(value)}
}
