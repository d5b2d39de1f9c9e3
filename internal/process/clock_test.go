package process_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/fact/facttest"
)

// steady is what a ledger says but for what cannot be taken back, once it was
// said too early: sessions and searches that seemed to be over.
func steady(l *facttest.Ledger) string {
	var out []string
	for line := range strings.Lines(l.String()) {
		if !strings.HasPrefix(line, "session ") && !strings.HasPrefix(line, "search ") && !strings.HasPrefix(line, fmt.Sprintf("mark {{0 %d ", fact.SessionEnd)) {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return strings.Join(out, "\n")
}

// The log's clock jumps ahead and back by up to three days again and again while
// plays are under way: what is closed as silent too early is taken back by what
// comes next.
func TestClockJumps(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	events := audience(r, 150)
	searches := int64(0)
	for i := range events {
		if events[i].Type == event.Search {
			searches++
		}
	}
	want := steady(oracle(t, events))
	c := &clock{}
	c.now.Store(1_800_000_000_000)
	l := open(t, vfs.NewMem(), c)
	for len(events) > 0 {
		n := min(len(events), 1+r.IntN(300))
		appendEvents(t, l, events[:n])
		events = events[n:]
		c.now.Add((r.Int64N(145) - 72) * time.Hour.Milliseconds())
		run(t, l, 25*time.Millisecond) // a few ticks at the new time
	}
	settle(t, l)
	run(t, l, 0)
	sum, counts := facts(t, l)
	// Of a search that was said too early, refinements come too late.
	if counts.LateDropped > searches || counts.Duplicates > 0 {
		t.Errorf("counts %+v", counts)
	}
	if got := steady(sum); got != want {
		t.Fatalf("facts differ\n--- got\n%s\n--- want\n%s", facttest.Diff(got, want), facttest.Diff(want, got))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// The clock goes back an hour, ahead by weeks (a time server's mistake), and back
// to where it should be, while plays and sessions are under way. No fact differs
// from those of a good clock: nobody's silence is heard in a jump, and no play or
// session is forgotten by it.
func TestClockIsWrongByWeeks(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 6))
	events := audience(r, 150)
	want := oracle(t, events).String()
	c := &clock{}
	c.now.Store(1_800_000_000_000)
	l := open(t, vfs.NewMem(), c)
	quarter := len(events) / 4
	for i, then := range []time.Duration{-time.Hour, 40 * 24 * time.Hour, -40 * 24 * time.Hour, 0} {
		part := events[i*quarter:]
		if i < 3 {
			part = part[:quarter]
		}
		appendEvents(t, l, part)
		run(t, l, 0)
		c.now.Add(then.Milliseconds())
		run(t, l, 30*time.Millisecond) // a few ticks at the new time
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
