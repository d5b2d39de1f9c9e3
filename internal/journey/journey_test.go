package journey_test

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"testing"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/fact/facttest"
	"playhead/internal/journey"
	"playhead/internal/play"
)

var stories = flag.Int("stories", 1500, "random stories for the oracle")

// store is where states are kept between lives.
type store map[string][]byte

func (s store) put(kind byte, key, state []byte) {
	k := string(append([]byte{kind}, key...))
	if state == nil {
		delete(s, k)
		return
	}
	s[k] = bytes.Clone(state)
}

// Viewer implements play.StateSink.
func (s store) Viewer(at play.Place, key event.ViewerKey, state []byte) {
	if at == play.Open {
		s.put('o', key[:], state)
	} else {
		s.put('i', key[:], state)
	}
}

// Meta implements play.StateSink.
func (s store) Meta(state []byte) { s.put('m', nil, state) }

// stream runs both engines over a log in memory, with cuts, snapshots and crashes.
type stream struct {
	t      *testing.T
	store  store
	plays  *play.Engine
	across *journey.Engine
	batch  fact.Batch
	sum    *facttest.Ledger
	slots  map[event.Ref]map[string]int32
	// since are the log's records since the last snapshot.
	since  []record
	muted  bool
	counts fact.Counts
}

// record is an event, or a tick at a time.
type record struct {
	event *event.Event
	tick  int64
}

func newStream(t *testing.T) *stream {
	s := &stream{t: t, store: store{}, sum: facttest.NewLedger(), slots: map[event.Ref]map[string]int32{}}
	s.open()
	s.check(s.across.Control(journey.AppendCatalog(nil, shelfTitles(), shelfShares())))
	s.snapshot()
	return s
}

func shelfTitles() []journey.Title { t, _ := shelf(); return t }
func shelfShares() []journey.Share { _, s := shelf(); return s }

func (s *stream) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stream) open() {
	s.across = journey.New(journey.DefaultConfig(), func(kind journey.Kind, key []byte) ([]byte, error) {
		return s.store[string(append([]byte{byte(kind)}, key...))], nil
	})
	s.plays = play.New(play.DefaultConfig(), func(key event.ViewerKey) ([]byte, error) {
		return s.store["i"+string(key[:])], nil
	})
	s.plays.Hooks = s.across.Hooks()
	if meta := s.store["m"]; meta != nil {
		s.check(s.plays.RestoreMeta(meta))
	}
	for k, state := range s.store {
		var key event.ViewerKey
		copy(key[:], k[1:])
		switch k[0] {
		case 'o':
			s.check(s.plays.Restore(key, state))
		case byte(journey.KindAgenda):
			s.check(s.across.RestoreAgenda(key, state))
		case byte(journey.KindMeta):
			s.check(s.across.RestoreMeta(state))
		case byte(journey.KindCatalog):
			s.check(s.across.RestoreCatalog(state))
		}
	}
	s.plays.Ready()
	s.begin()
}

func (s *stream) begin() {
	s.batch.Reset()
	s.plays.Begin()
	s.across.Begin()
}

// cut ends the batch.
func (s *stream) cut() {
	if !s.muted {
		s.tally()
	}
	s.begin()
}

// tally keeps what the journey says; that of the plays is proven elsewhere.
func (s *stream) tally() {
	own := fact.Batch{Dims: s.batch.Dims, Slots: s.batch.Slots, Tastes: s.batch.Tastes,
		Exposures: s.batch.Exposures, Sessions: s.batch.Sessions, Searches: s.batch.Searches}
	for _, m := range s.batch.Marks {
		if m.Kind >= fact.SessionEnd && m.Kind <= fact.NewViewer {
			own.Marks = append(own.Marks, m)
		}
	}
	s.sum.Add(&own)
	for _, p := range s.batch.Plays {
		slot := ""
		if p.Slot > 0 {
			o := s.batch.Slots[p.Slot-1]
			slot = o.Creative + "|" + o.Placement
		}
		m := s.slots[p.Play]
		if m == nil {
			m = map[string]int32{}
			s.slots[p.Play] = m
		}
		if m[slot] += p.N; m[slot] == 0 {
			delete(m, slot)
		}
	}
	s.counts.Duplicates += s.batch.Counts.Duplicates
	s.counts.LateDropped += s.batch.Counts.LateDropped
	s.counts.Evicted += s.batch.Counts.Evicted
}

func (s *stream) take(r record) {
	s.since = append(s.since, r)
	s.fold(r)
}

func (s *stream) fold(r record) {
	step := journey.Step{Spans: len(s.batch.Spans), Marks: len(s.batch.Marks), Plays: len(s.batch.Plays)}
	told, before := len(s.plays.Changes), s.batch.Counts
	if r.event == nil {
		s.plays.Tick(r.tick, &s.batch)
	} else {
		e := *r.event
		step.Event = &e
		s.across.Before(&e)
		s.check(s.plays.Apply(&e, &s.batch))
		step.Fresh = s.batch.Counts.Duplicates == before.Duplicates && s.batch.Counts.LateDropped == before.LateDropped
	}
	step.Changes = s.plays.Changes[told:]
	_, err := s.across.Apply(step, &s.batch)
	s.check(err)
	if r.event == nil {
		s.check(s.across.Tick(r.tick, &s.batch))
	}
}

// snapshot stores what changed.
func (s *stream) snapshot() {
	s.cut()
	s.plays.Snapshot(s.store)
	s.across.Snapshot(func(kind journey.Kind, key, state []byte) { s.store.put(byte(kind), key, state) })
	s.since = s.since[:0]
}

// crash begins a new life: what was said since the snapshot is folded again and
// not said twice.
func (s *stream) crash() {
	s.cut()
	s.open()
	s.muted = true
	for _, r := range s.since {
		s.fold(r)
	}
	s.cut()
	s.muted = false
}

// live streams a story with ticks, cuts, snapshots and crashes at random.
func (s *stream) live(r *rand.Rand, events []event.Event) {
	now := int64(0)
	for i := range events {
		e := &events[i]
		for now > 0 && now+second < e.ReceivedAt { // a log ticks each second; not each matters
			switch left := e.ReceivedAt - now; {
			case left > 2*day:
				now += r.Int64N(day)
			case left > minute:
				now += 1 + r.Int64N(left/2)
			default:
				now = e.ReceivedAt - r.Int64N(second)
			}
			s.take(record{tick: now})
		}
		now = e.ReceivedAt
		s.take(record{event: e})
		switch r.IntN(40) {
		case 0, 1, 2:
			s.take(record{tick: now})
		case 3, 4:
			s.cut()
		case 5:
			s.snapshot()
		case 6:
			s.crash()
		}
	}
	for range 60 {
		now += day
		s.take(record{tick: now})
	}
	s.cut()
}

// Whatever order within the horizon, repetition, cuts and crashes: the stream says
// what the oracle says.
func TestOracle(t *testing.T) {
	for seed := range uint64(*stories) {
		r := rand.New(rand.NewPCG(seed, 4))
		told := tell(r, int(seed), 5)
		o := newOracle(told)
		want := facttest.NewLedger()
		want.Add(o.tell())
		s := newStream(t)
		s.live(r, told.arrive())
		if !s.sum.Equal(want) {
			got, want := s.sum.String(), want.String()
			t.Fatalf("seed %d: facts differ\n--- got\n%s\n--- want\n%s", seed, facttest.Diff(got, want), facttest.Diff(want, got))
		}
		for ref, slot := range o.slots {
			if m := s.slots[ref]; len(m) != 1 || m[slot] != 1 {
				t.Fatalf("seed %d: play %s has slots %v, want %q", seed, ref, m, slot)
			}
		}
		if s.counts.LateDropped > 0 || s.counts.Evicted > 0 {
			t.Fatalf("seed %d: counts %+v", seed, s.counts)
		}
	}
}
