package journey

import (
	"bytes"
	"encoding/binary"
	"testing"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// Nobody who is silent is held, nor is the room that a crowd took: neither with
// the viewers nor with those who wait for a settle.
func TestACrowdThatWentLeavesNoRoom(t *testing.T) {
	const crowd = 5_000
	g := New(DefaultConfig(), nil)
	state := map[string][]byte{}
	g.load = func(kind Kind, key []byte) ([]byte, error) { return state[string(kind)+string(key)], nil }
	save := func(kind Kind, key, data []byte) { state[string(kind)+string(key)] = bytes.Clone(data) }
	var out fact.Batch
	const now = 1_800_000_000_000
	for n := range crowd {
		var e event.Event
		e.Reset()
		binary.BigEndian.PutUint64(e.Viewer[:], uint64(n+1))
		e.Known, e.KeyID, e.Type, e.Time, e.ReceivedAt = true, 1, event.Search, now, now
		e.ID[0], e.Search[0] = 1, 1
		if _, err := g.Apply(Step{Event: &e, Fresh: true}, &out); err != nil {
			t.Fatal(err)
		}
	}
	g.Snapshot(save)
	if g.Viewers() != crowd || len(g.keys[1].viewers) != crowd {
		t.Fatalf("%d viewers are held, %d wait, of %d", g.Viewers(), len(g.keys[1].viewers), crowd)
	}
	if err := g.Tick(now+2*hour, &out); err != nil {
		t.Fatal(err)
	}
	g.Snapshot(save)
	g.Snapshot(save) // with nothing to store, the list of what is to be stored is given back
	if len(out.Searches) != crowd || len(out.Sessions) != crowd {
		t.Errorf("%d searches and %d sessions of %d viewers", len(out.Searches), len(out.Sessions), crowd)
	}
	if g.Viewers() != 0 || g.viewers.Bytes() > 1<<15 || len(g.keys) != 0 || cap(g.dirty) != 0 || g.Bytes() != 0 {
		t.Errorf("%d viewers are held, %d bytes to find them, %d keys, %d to be stored, %d bytes", g.Viewers(), g.viewers.Bytes(), len(g.keys), cap(g.dirty), g.Bytes())
	}
}
