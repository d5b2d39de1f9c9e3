package play

import (
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/fact/facttest"
)

// crowd is n viewers with a play each, every one started a second after the one
// before, of key 1 or, every third, of key 2.
func crowd(t *testing.T, n int, store *memory) *Engine {
	t.Helper()
	g := store.engine(t)
	var out fact.Batch
	for i := range n {
		e := ev(event.PlayStarted, int64(i)*1_000, 0, 0)
		binary.BigEndian.PutUint64(e.Viewer[:], uint64(i+1)*0x9e3779b97f4a7c15)
		if e.KeyID = 1; i%3 == 0 {
			e.KeyID = 2
		}
		must(t, g.Apply(&e, &out))
	}
	g.Snapshot(store)
	return g
}

// Who sleeps since a start is woken by its own event, by what is due of it, by a
// settle of its key and by the bound of open plays, and nobody with it; what is
// said is what an engine says in which nobody sleeps.
func TestSleepers(t *testing.T) {
	const n = 300
	store := newMemory()
	crowd(t, n, store)
	for name, c := range map[string]struct {
		do   func(*Engine, *fact.Batch)
		left int
	}{
		"event": {func(g *Engine, out *fact.Batch) {
			e := ev(event.Heartbeat, 8_000, 1, 8_000)
			binary.BigEndian.PutUint64(e.Viewer[:], 0x9e3779b97f4a7c15)
			e.KeyID = 2
			must(t, g.Apply(&e, out))
		}, n - 1},
		"due":    {func(g *Engine, out *fact.Batch) { g.Tick(t0+99_500+g.config.PlayTimeout, out) }, n - 100},
		"settle": {func(g *Engine, out *fact.Batch) { g.Settle(2, event.Everybody, out) }, n - 100},
		"bound": {func(g *Engine, out *fact.Batch) {
			g.config.MaxOpenPlays = n
			e := ev(event.PlayStarted, int64(n)*1_000, 0, 0)
			e.Viewer = event.ViewerKey{0: 9, 15: 9}
			must(t, g.Apply(&e, out))
		}, n - 1},
	} {
		t.Run(name, func(t *testing.T) {
			asleep, awake := store.engine(t), store.engine(t)
			if asleep.asleep.left != n || asleep.OpenPlays() != n || asleep.Viewers() != n {
				t.Fatalf("%d sleep, %d plays of %d viewers are open", asleep.asleep.left, asleep.OpenPlays(), asleep.Viewers())
			}
			for awake.asleep.left > 0 {
				awake.wakeDue(1<<32 - 1)
			}
			said := map[*Engine]string{}
			for _, g := range []*Engine{asleep, awake} {
				var out fact.Batch
				g.Begin()
				c.do(g, &out)
				must(t, g.Err())
				l := facttest.NewLedger()
				l.Add(&out)
				said[g] = fmt.Sprint(l, out.Counts, g.OpenPlays(), g.Viewers())
			}
			if said[asleep] != said[awake] {
				t.Errorf("with sleepers\n%s\nwithout\n%s", said[asleep], said[awake])
			}
			if asleep.asleep.left != c.left {
				t.Errorf("%d still sleep, want %d", asleep.asleep.left, c.left)
			}
		})
	}
}

// A damaged state is found when its viewer is woken, and nothing goes on then.
func TestDamagedSleeper(t *testing.T) {
	store := newMemory()
	crowd(t, 3, store)
	for k, state := range store.open {
		store.open[k] = state[:len(state)-1]
	}
	g := store.engine(t)
	var out fact.Batch
	g.Begin()
	g.Tick(t0+g.config.PlayTimeout*2, &out)
	if !errors.Is(g.Err(), ErrState) {
		t.Fatalf("got %v", g.Err())
	}
	e := ev(event.Heartbeat, 8_000, 1, 8_000)
	binary.BigEndian.PutUint64(e.Viewer[:], 0x9e3779b97f4a7c15)
	if err := g.Apply(&e, &out); !errors.Is(err, ErrState) {
		t.Fatalf("an event gives %v", err)
	}
}
