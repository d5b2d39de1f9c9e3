package process_test

import (
	"encoding/binary"
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

// stranger is the events of one device whose times are off by so much from those
// of the others.
func stranger(name string, key uint32, off time.Duration) (out []event.Event) {
	const t0 = 1_800_000_000_000
	for n := range int64(30) {
		var e event.Event
		e.Reset()
		e.Viewer, e.Play[0] = event.ViewerKey{byte(key), 0xee, 15: 1}, byte(key)
		e.Known, e.KeyID, e.TitleID, e.Context.Country = true, key, "strange-"+name, "US"
		e.Type, e.Time, e.Seq, e.PositionMS, e.DurationMS = event.Heartbeat, t0+off.Milliseconds()+n*10_000, n, n*10_000, 600_000
		if n == 0 {
			e.Type = event.PlayStarted
		}
		binary.BigEndian.PutUint64(e.ID[8:], uint64(n)+1) // the ordinal of what is imported
		out = append(out, e)
	}
	return out
}

// A device whose clock is an hour fast, one that brings what it queued while it
// was offline, and an import of last month's history come in between the others'
// events: the facts are the sum of what there would be of each of them alone.
func TestStrangersChangeNobodyElsesFigures(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 4))
	events := audience(r, 80)
	fast, offline := stranger("fast", 5, time.Hour), stranger("offline", 6, -10*time.Hour)
	imported := stranger("imported", 7, -30*24*time.Hour)
	for i := range imported {
		imported[i].Import = true
	}
	var mixed []event.Event
	for i, e := range events {
		mixed = append(mixed, e)
		if at := i / 20; i%20 == 0 && at < len(fast) { // one now and then
			mixed = append(mixed, fast[at], imported[at])
		}
		if i == len(events)/2 { // all at once
			mixed = append(mixed, offline...)
		}
	}
	alone := oracle(t, events)
	for _, list := range [][]event.Event{fast, offline, imported} {
		addOracle(t, alone, list)
	}
	l := open(t, vfs.NewMem(), &clock{})
	appendEvents(t, l, mixed)
	settle(t, l)
	run(t, l, 0)
	sum, counts := facts(t, l)
	if got, want := sum.String(), alone.String(); got != want {
		t.Errorf("facts differ\n--- got\n%s\n--- want\n%s", facttest.Diff(got, want), facttest.Diff(want, got))
	}
	if counts.LateDropped != 0 || counts.Duplicates != 0 || counts.Events != int64(len(mixed)) {
		t.Errorf("counts %+v of %d events", counts, len(mixed))
	}
	for _, name := range []string{"fast", "offline", "imported"} {
		frames := 0
		for line := range strings.Lines(sum.String()) {
			if strings.HasPrefix(line, fmt.Sprintf("mark {{0 %d ", fact.FirstFrame)) && strings.Contains(line, "strange-"+name) {
				frames++
			}
		}
		if frames != 1 {
			t.Errorf("%d plays of the stranger %s", frames, name)
		}
	}
}
