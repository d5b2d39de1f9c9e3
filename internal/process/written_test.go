package process

import (
	"runtime"
	"testing"
)

// A snapshot that is committed leaves nothing behind but a little room: the next one may
// be a minute away, and there is one of each partition.
func TestWrittenStatesAreLetGo(t *testing.T) {
	p := &partition{runner: &Runner{config: Config{}.withDefaults(4)}}
	const states, size = 3 * keptStates, 1000
	value := make([]byte, size)
	for range states {
		p.keep('o', []byte("a viewer's key"), value)
	}
	p.tx.Snapshot, p.changes = true, states
	p.committed()
	if p.changeBytes < size {
		t.Errorf("a state is weighed as %d bytes", p.changeBytes)
	}
	var after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&after)
	if most := uint64(states * size / 2); after.HeapAlloc > most {
		t.Errorf("%d bytes live after a snapshot of %d", after.HeapAlloc, states*size)
	}
	room := 0
	for _, b := range p.states.blocks {
		room += cap(b)
	}
	if room > stateRoom || cap(p.tx.State) > keptStates {
		t.Errorf("%d bytes and a list of %d states are kept", room, cap(p.tx.State))
	}

	// A small one keeps its list, without what was in it.
	p.keep('o', []byte("a"), value)
	p.tx.Snapshot = true
	p.committed()
	for _, kv := range p.tx.State[:cap(p.tx.State)] {
		if kv.Key != nil || kv.Value != nil {
			t.Fatal("a state is still held by the list")
		}
	}
}
