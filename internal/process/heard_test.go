package process

import "testing"

// Receipt time passes as it is while ticks come, and by at most ten seconds when
// none do, however long that was; what it is stored as goes on with it.
func TestHeard(t *testing.T) {
	const day = 86_400_000
	h := heard{most: 10_000}
	for i, step := range []struct {
		tick           bool
		received, want int64
	}{
		{false, 5 * day, 5 * day}, {true, 5*day + 500, 5*day + 500}, {false, 5*day + 700, 5*day + 700},
		{true, 5*day + 10_500, 5*day + 10_500},
		{false, 6 * day, 5*day + 20_500}, {false, 7 * day, 5*day + 20_500}, // down, or a jump: no tick
		{true, 7 * day, 5*day + 20_500}, {true, 7*day + 500, 5*day + 21_000}, {false, 7*day + 900, 5*day + 21_400},
		{true, 7*day + 500, 5*day + 21_000}, // the log's time never goes back, heard time would not follow
		{true, 8 * day, 5*day + 31_000}, {true, 8*day + 1_000, 5*day + 32_000},
	} {
		tell := h.event
		if step.tick {
			tell = h.ticked
		}
		if got := tell(step.received); got != step.want {
			t.Fatalf("step %d: heard %d, not %d", i, got, step.want)
		}
		again := heard{most: h.most}
		if err := again.restore(h.append(nil)); err != nil || again != h {
			t.Fatalf("step %d: %+v comes back as %+v, %v", i, h, again, err)
		}
	}
	if err := h.restore([]byte{9}); err == nil {
		t.Error("what is no heard time is read")
	}
}
