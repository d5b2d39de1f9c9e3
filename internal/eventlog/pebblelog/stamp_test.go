package pebblelog

import "testing"

// The times that are given never go back: they go on at half the pace of a clock
// that went back, whatever the pauses, until it has caught up.
func TestStamp(t *testing.T) {
	var s stamp
	s.start(0, 1_000)
	for i, step := range []struct{ clock, want int64 }{
		{1_000, 1_000}, {5_000, 5_000}, {5_000, 5_000},
		{2_000, 5_000}, // three seconds back
		{2_001, 5_000}, {2_002, 5_001}, {2_003, 5_001}, {2_005, 5_002}, {4_000, 6_000},
		{3_000, 6_000}, // and one more
		{4_000, 6_500}, {6_000, 7_500}, {7_999, 7_999}, {9_000, 9_000}, {9_001, 9_001},
		{86_400_000, 86_400_000}, // ahead: what is given follows at once
		{10_000, 86_400_000}, {20_000, 86_405_000}, {40_000_000, 86_410_000}, {40_000_002, 86_410_001},
	} {
		if got := s.next(step.clock); got != step.want {
			t.Fatalf("step %d: received at %d by a clock of %d, not at %d", i, got, step.clock, step.want)
		}
	}
}

// A start takes up the last time, and the clock's pace from there.
func TestStampAfterAStart(t *testing.T) {
	var s stamp
	s.start(100_000, 40_000)
	if got := s.next(40_000); got != 100_000 {
		t.Errorf("the first is received at %d", got)
	}
	if got := s.next(48_000); got != 104_000 {
		t.Errorf("8 s later it is %d", got)
	}
}
