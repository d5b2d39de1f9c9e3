package app

import (
	"testing"
	"time"
)

func TestCrowd(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	used := time.Hour
	c := &crowd{processors: 2, clock: func() time.Time { return now }, at: now, used: used}
	for i, step := range []struct {
		past, used time.Duration
		want       bool
	}{
		{0, 0, false}, // nothing to compare with
		{time.Second, 1900 * time.Millisecond, true},
		{100 * time.Millisecond, 0, true}, // too short to say anything new
		{time.Second, time.Second, false},
		{500 * time.Millisecond, 800 * time.Millisecond, true},
		{time.Minute, 110 * time.Second, true}, // asked rarely, as after a long piece of work
		{time.Second, 200 * time.Millisecond, false},
		{time.Minute, time.Second, false},
		{time.Second, 1700 * time.Millisecond, true},
	} {
		now, used = now.Add(step.past), used+step.used
		if got := c.took(used); got != step.want {
			t.Errorf("step %d: full is %t, want %t", i, got, step.want)
		}
	}
	if real := newCrowd(time.Now); real.used <= 0 {
		t.Error("the process has used no processor time")
	}
}
