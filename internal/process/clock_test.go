package process_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"playhead/internal/fact/facttest"
)

// The log's clock jumps ahead and back by up to two hours while plays are under
// way: what is closed as silent too early is taken back by what comes next.
func TestClockJumps(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	events := audience(r, 150)
	want := oracle(t, events).String()
	c := &clock{}
	c.now.Store(1_800_000_000_000)
	l := open(t, vfs.NewMem(), c)
	for len(events) > 0 {
		n := min(len(events), 1+r.IntN(300))
		appendEvents(t, l, events[:n])
		events = events[n:]
		c.now.Add((r.Int64N(241) - 120) * time.Minute.Milliseconds())
		run(t, l, 25*time.Millisecond) // a few ticks at the new time
	}
	settle(t, l)
	run(t, l, 0)
	sum, counts := facts(t, l)
	if counts.LateDropped > 0 || counts.Duplicates > 0 {
		t.Errorf("counts %+v", counts)
	}
	if got := sum.String(); got != want {
		t.Fatalf("facts differ\n--- got\n%s\n--- want\n%s", facttest.Diff(got, want), facttest.Diff(want, got))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}
