package simulate

import "testing"

// TestMillionths: a half is a half, also where floating point says it is less.
func TestMillionths(t *testing.T) {
	for _, x := range []struct{ part, whole, want int64 }{
		{0, 1000, 0}, {1, 3, 333_333}, {2, 3, 666_667}, {1000, 1000, 1_000_000}, {2000, 1000, 1_000_000},
		{1, 2_000_000, 1}, {1, 2_000_001, 0},
		{893_473, 1_744_000, 512_313}, // 512,312.5
	} {
		if got := millionths(x.part, x.whole); got != x.want {
			t.Errorf("%d of %d: %d millionths, want %d", x.part, x.whole, got, x.want)
		}
	}
}
