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

// silent is an engine in which n viewers have started a play each, and none of them said
// anything since: all rest, in the store or, without one that can be read, in memory.
func silent(t *testing.T, n int, store *memory) (*Engine, int64) {
	t.Helper()
	readable := store != nil
	if !readable {
		store = newMemory()
	}
	g := crowd(t, n, store)
	if !readable {
		g.Stored = nil
	}
	at, end := t0+int64(n)*1_000, t0+int64(n)*1_000+restAfter+2*restAgain
	var out fact.Batch
	for ; at < end; at += 5_000 {
		g.Tick(at, &out)
	}
	if len(g.resting.states) != n || g.viewers.n != 0 || g.OpenPlays() != n || g.Viewers() != n {
		t.Fatalf("%d of %d rest, %d are in memory; %d plays of %d viewers are open", len(g.resting.states), n, g.viewers.n, g.OpenPlays(), g.Viewers())
	}
	return g, at
}

// Who rests is woken by its own event, by what is due of it, by a settle of its key and by
// the bound of open plays, and nobody with it; what is said is what an engine says in which
// nobody rests.
func TestResting(t *testing.T) {
	const n = 300
	for name, c := range map[string]struct {
		do   func(*Engine, *fact.Batch, int64)
		left int
	}{
		"event": {func(g *Engine, out *fact.Batch, now int64) {
			e := ev(event.Heartbeat, 8_000, 1, 8_000)
			binary.BigEndian.PutUint64(e.Viewer[:], 0x9e3779b97f4a7c15)
			e.KeyID, e.ReceivedAt = 2, now
			must(t, g.Apply(&e, out))
		}, n - 1},
		"due":      {func(g *Engine, out *fact.Batch, _ int64) { g.Tick(t0+99_500+g.config.PlayTimeout, out) }, n - 100},
		"all due":  {func(g *Engine, out *fact.Batch, _ int64) { g.Tick(t0+9_000_000+g.config.PlayTimeout, out) }, 0},
		"settle":   {func(g *Engine, out *fact.Batch, _ int64) { g.Settle(2, event.Everybody, out) }, n - 100},
		"somebody": {func(g *Engine, out *fact.Batch, _ int64) { _, _ = g.viewer(&event.ViewerKey{1}) }, n},
		"bound": {func(g *Engine, out *fact.Batch, now int64) {
			g.config.MaxOpenPlays = n
			e := ev(event.PlayStarted, now-t0, 0, 0)
			e.Viewer, e.ReceivedAt = event.ViewerKey{0: 9, 15: 9}, now
			must(t, g.Apply(&e, out))
		}, n - 1},
	} {
		t.Run(name, func(t *testing.T) {
			kept, now := silent(t, n, nil)
			stored, _ := silent(t, n, newMemory())
			awake, _ := silent(t, n, nil)
			awake.rouseDue(1<<32 - 1)
			if awake.viewers.n != n || awake.resting.bytes() != 0 {
				t.Fatalf("%d of %d are awake", awake.viewers.n, n)
			}
			if k, s := kept.resting.bytes(), stored.resting.bytes(); k < 200*n || s < 50*n || s > 120*n {
				t.Errorf("%d at rest take %d bytes, or %d with their states", n, s, k)
			}
			said := map[*Engine]string{}
			for _, g := range []*Engine{kept, stored, awake} {
				var out fact.Batch
				g.Begin()
				c.do(g, &out, now)
				must(t, g.Err())
				l := facttest.NewLedger()
				l.Add(&out)
				said[g] = fmt.Sprint(l, out.Counts, g.OpenPlays(), g.Viewers())
			}
			for _, rests := range []*Engine{kept, stored} {
				if said[rests] != said[awake] {
					t.Errorf("with some at rest\n%s\nwithout\n%s", said[rests], said[awake])
				}
				if len(rests.resting.states) != c.left {
					t.Errorf("%d still rest, want %d", len(rests.resting.states), c.left)
				}
			}
		})
	}
}

// When all go silent at once, some are put to rest with each tick.
func TestRestAfterAnOutage(t *testing.T) {
	const n = restAtOnce + 100
	g := New(DefaultConfig(), nil)
	var out fact.Batch
	for i := range n {
		e := ev(event.PlayStarted, 0, 0, 0)
		binary.BigEndian.PutUint64(e.Viewer[:], uint64(i+1)*0x9e3779b97f4a7c15)
		must(t, g.Apply(&e, &out))
	}
	g.Snapshot(newMemory())
	for _, c := range []struct {
		at   int64
		want int
	}{{restAfter - 1_000, 0}, {restAfter + 1_000, restAtOnce}, {restAfter + 2_500, n}} {
		if g.Tick(t0+c.at, &out); len(g.resting.states) != c.want {
			t.Fatalf("after %d ms %d rest, want %d", c.at, len(g.resting.states), c.want)
		}
	}
	if g.Tick(t0+g.config.PlayTimeout+1_000, &out); g.OpenPlays() != 0 || len(g.resting.states) != 0 {
		t.Errorf("%d are open after the timeout, %d rest", g.OpenPlays(), len(g.resting.states))
	}
}

// A viewer who says something now and then does not rest, one of whom something is not
// stored does not, and one who was woken rests again.
func TestWhoMayRest(t *testing.T) {
	store := newMemory()
	g, now := silent(t, 1, store)
	var out fact.Batch
	beat := func(seq int64) {
		t.Helper()
		e := ev(event.Heartbeat, now-t0, seq, 8_000)
		binary.BigEndian.PutUint64(e.Viewer[:], 0x9e3779b97f4a7c15)
		e.KeyID, e.ReceivedAt = 2, now
		must(t, g.Apply(&e, &out))
	}
	for seq := range int64(40) { // twenty minutes
		beat(seq + 1)
		g.Snapshot(store)
		for range 3 {
			now += 10_000
			g.Tick(now, &out)
		}
		if len(g.resting.states) > 0 {
			t.Fatalf("it rests after %d beats", seq+1)
		}
	}
	beat(100)
	for range 30 {
		now += 10_000
		g.Tick(now, &out)
	}
	if len(g.resting.states) > 0 {
		t.Fatal("it rests though its state is not stored")
	}
	g.Snapshot(store)
	for range 13 {
		now += 10_000
		g.Tick(now, &out)
	}
	if len(g.resting.states) != 1 {
		t.Fatal("it does not rest again")
	}
	before := g.OpenPlays()
	for range 180 {
		now += 10_000
		g.Tick(now, &out)
	}
	if before != 1 || g.OpenPlays() != 0 || len(g.resting.states) != 0 {
		t.Errorf("%d plays were open and %d are after the timeout, %d rest", before, g.OpenPlays(), len(g.resting.states))
	}
}

// A state that is damaged or lost is found when its viewer is woken, and nothing goes on then.
func TestDamagedRest(t *testing.T) {
	damage := func(state []byte) []byte { return state[:len(state)-1] }
	for name, harm := range map[string]func(*Engine, *memory){
		"in memory": func(g *Engine, _ *memory) {
			for k, e := range g.resting.states {
				e.state = damage(e.state)
				g.resting.states[k] = e
			}
		},
		"in the store": func(_ *Engine, m *memory) {
			for k, state := range m.open {
				m.open[k] = damage(state)
			}
		},
		"gone": func(_ *Engine, m *memory) { clear(m.open) },
	} {
		t.Run(name, func(t *testing.T) {
			store := newMemory()
			if name == "in memory" {
				store = nil
			}
			g, _ := silent(t, 3, store)
			harm(g, store)
			var out fact.Batch
			g.Tick(t0+g.config.PlayTimeout*2, &out)
			if !errors.Is(g.Err(), ErrState) {
				t.Fatalf("got %v", g.Err())
			}
		})
	}
	store := newMemory()
	g, _ := silent(t, 3, store)
	disk := errors.New("the disk is gone")
	g.Stored = func(event.ViewerKey) ([]byte, error) { return nil, disk }
	if _, err := g.viewer(&event.ViewerKey{0x9e, 0x37, 0x79, 0xb9, 0x7f, 0x4a, 0x7c, 0x15}); !errors.Is(err, disk) || !errors.Is(g.Err(), disk) {
		t.Fatalf("got %v and %v", err, g.Err())
	}
}
