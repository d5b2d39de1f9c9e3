package wire

import (
	"slices"
	"testing"

	"playhead/internal/event"
)

func TestRepairNames(t *testing.T) {
	names := RepairNames()
	if last := Repair(1) << (len(names) - 1); last != RepairErrorClass {
		t.Errorf("%d names, but the last repair is bit %b", len(names), RepairErrorClass)
	}
	if sorted := slices.Sorted(slices.Values(names)); len(slices.Compact(sorted)) != len(names) {
		t.Errorf("names are not different: %v", names)
	}
	for set, want := range map[Repair][]string{
		0:                             nil,
		RepairNegative:                {"negative_position"},
		RepairNoTime | RepairNegative: {"negative_position", "no_time"},
		RepairSkew | RepairFuture:     {"clock_skew", "future_time"},
	} {
		if got := set.Names(); !slices.Equal(got, want) {
			t.Errorf("names of %b: %v, want %v", set, got, want)
		}
	}
}

// The first thing that is wrong is what the sender is told.
func TestRejectKeepsTheFirstReason(t *testing.T) {
	var it Item
	it.Reject("time", CodeMalformed, "first")
	it.Reject("type", CodeMalformed, "second")
	if want := (event.Invalid{Field: "time", Code: CodeMalformed, Reason: "first"}); it.Bad != want {
		t.Errorf("bad %+v", it.Bad)
	}
	it.Index, it.Viewer = 3, "someone"
	it.Reset()
	if it.Bad.Code != "" || it.Index != 0 || it.Viewer != "" {
		t.Errorf("after a reset: %+v", it)
	}
}
