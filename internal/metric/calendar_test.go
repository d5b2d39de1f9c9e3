package metric

import (
	"testing"
	"time"
)

// TestStartOfDay compares with the definition: the first quarter of an hour
// whose local date is the day's. The zones skip midnight, have it twice, or
// repeat the hour before it.
func TestStartOfDay(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Havana", "America/Sao_Paulo", "Asia/Beirut", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Tehran", "America/Asuncion", "Atlantic/Azores"} {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
		last := time.UnixMilli(at - 900_000).In(loc).YearDay()
		for end := at + 4*366*86_400_000; at < end; at += 900_000 {
			l := time.UnixMilli(at).In(loc)
			if l.YearDay() == last {
				if at%7_200_000 == 0 && GrainDay.floor(at, loc) > at {
					t.Fatalf("%s: floor of %s is later", name, l)
				}
				continue
			}
			last = l.YearDay()
			if got := GrainDay.floor(at, loc); got != at {
				t.Errorf("%s: day of %s starts at %s", name, l, time.UnixMilli(got).In(loc))
			}
			if prev := GrainDay.floor(at-1, loc); GrainDay.next(prev, loc) != at {
				t.Errorf("%s: day after %s is %s, want %s", name, time.UnixMilli(prev).In(loc), time.UnixMilli(GrainDay.next(prev, loc)).In(loc), l)
			}
		}
	}
}

func TestBoundaries(t *testing.T) {
	ny, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	f := func(g Grain, from, to string, loc *time.Location, want ...string) {
		t.Helper()
		got := g.boundaries(mustTime(t, from), mustTime(t, to), loc)
		if len(got) != len(want) {
			t.Fatalf("%d boundaries, want %d", len(got), len(want))
		}
		for i := range got {
			if s := stamp(got[i], loc); s != want[i] {
				t.Errorf("boundary %d is %s, want %s", i, s, want[i])
			}
		}
	}
	// The clock goes forward on 8 March and back on 1 November.
	f(GrainDay, "2026-03-07T05:00:00Z", "2026-03-10T04:00:00Z", ny,
		"2026-03-07T00:00:00-05:00", "2026-03-08T00:00:00-05:00", "2026-03-09T00:00:00-04:00", "2026-03-10T00:00:00-04:00")
	f(GrainHour, "2026-11-01T05:00:00Z", "2026-11-01T08:00:00Z", ny,
		"2026-11-01T01:00:00-04:00", "2026-11-01T01:00:00-05:00", "2026-11-01T02:00:00-05:00", "2026-11-01T03:00:00-05:00")
	f(GrainWeek, "2026-03-04T12:00:00Z", "2026-03-17T00:00:00Z", ny,
		"2026-03-04T07:00:00-05:00", "2026-03-09T00:00:00-04:00", "2026-03-16T00:00:00-04:00", "2026-03-16T20:00:00-04:00")
	f(GrainMonth, "2026-01-01T05:00:00Z", "2026-03-01T05:00:00Z", ny,
		"2026-01-01T00:00:00-05:00", "2026-02-01T00:00:00-05:00", "2026-03-01T00:00:00-05:00")
}

func TestBoundariesIn(t *testing.T) {
	f := func(from, to, fresh, want int64) {
		t.Helper()
		if got := boundariesIn(from, to, fresh); got != want {
			t.Errorf("boundariesIn(%d, %d, %d) = %d, want %d", from, to, fresh, got, want)
		}
	}
	f(0, 60_000, 1<<40, 6)
	f(1, 60_001, 1<<40, 6)
	f(1, 60_000, 1<<40, 5)
	f(0, 60_000, 20_000, 3)
	f(0, 60_000, 19_999, 2)
	f(0, 60_000, -1, 0)
	f(20_000, 20_000, 1<<40, 0)
}
