package audience_test

import (
	"bytes"
	"testing"
	"time"

	"playhead/tools/audience"
)

// The gate's figures are of these bytes: they must not depend on the day.
func TestSameOptionsGiveTheSameBytes(t *testing.T) {
	o := audience.Options{Seed: 4, Events: 1_500, Viewers: 50, Batch: 400, End: time.UnixMilli(1_795_358_000_000)}
	one, err := audience.Prepare(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Millisecond) // another now
	two, err := audience.Prepare(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(one) != len(two) || len(one) < 3 {
		t.Fatalf("%d and %d bodies", len(one), len(two))
	}
	events := 0
	for i := range one {
		if !bytes.Equal(one[i].Data, two[i].Data) {
			t.Fatalf("body %d differs", i)
		}
		if n := bytes.Count(one[i].Data, []byte("\n")); n != one[i].Events {
			t.Errorf("body %d says %d events and has %d lines", i, one[i].Events, n)
		}
		events += one[i].Events
	}
	if events < 1_500 {
		t.Errorf("%d events", events)
	}
}
