package audience

import (
	"encoding/json"
	"testing"
	"time"

	"bytes"
)

type heard struct {
	Type, Session_ID, Play_ID, ID, Viewer_ID, Anonymous_ID string
	Time                                                   any
	Seq                                                    *int64
}

func events(t *testing.T, b Body) (list []heard) {
	t.Helper()
	for line := range bytes.Lines(b.Data) {
		var h heard
		if err := json.Unmarshal(line, &h); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		list = append(list, h)
	}
	return list
}

func millis(t *testing.T, v any) int64 {
	t.Helper()
	switch x := v.(type) {
	case float64:
		return int64(x)
	case string:
		at, err := time.Parse(time.RFC3339Nano, x)
		if err != nil {
			t.Fatal(err)
		}
		return at.UnixMilli()
	}
	t.Fatalf("time %v", v)
	return 0
}

// Another cycle has the same viewers, later, in other plays; nothing else changes.
func TestLoopComesAgainWithOtherPlays(t *testing.T) {
	now := time.UnixMilli(1_795_358_000_000) // who watches depends on the day, and one viewer in sixteen writes times as text
	bodies, err := Prepare(t.Context(), Options{Seed: 3, Events: 3_000, Viewers: 100, Batch: 500, End: now})
	if err != nil {
		t.Fatal(err)
	}
	l, err := loopOf(bodies, 3, true)
	if err != nil {
		t.Fatal(err)
	}
	n := int64(len(bodies))
	var buf []byte
	texts := 0
	for i := range n {
		var first, last Body
		var ok bool
		if first, _, ok = l.Body(nil, i); !ok {
			t.Fatal("no first")
		}
		if last, buf, ok = l.Body(buf, i+2*n); !ok {
			t.Fatal("no last")
		}
		if !bytes.Equal(last.Data[len(last.Data)-1:], []byte("\n")) || last.Events != first.Events {
			t.Fatal("another shape")
		}
		one, three := events(t, first), events(t, last)
		for j := range one {
			a, b := one[j], three[j]
			if a.Type != b.Type || a.Viewer_ID != b.Viewer_ID || a.Anonymous_ID != b.Anonymous_ID {
				t.Fatalf("%+v became %+v", a, b)
			}
			if a.Session_ID == b.Session_ID || a.Play_ID != "" && a.Play_ID == b.Play_ID || a.ID != "" && a.ID == b.ID {
				t.Fatalf("%+v has an id of %+v", b, a)
			}
			if got := millis(t, b.Time) - millis(t, a.Time); got != 2*l.span {
				t.Fatalf("%d ms later, not %d", got, 2*l.span)
			}
			if _, text := a.Time.(string); text {
				texts++
			}
			if at := millis(t, b.Time); at > now.UnixMilli() || i == n-1 && at < now.Add(-6*time.Hour).UnixMilli() {
				t.Fatalf("the last cycle has an event of %v", time.UnixMilli(at))
			}
		}
	}
	if texts == 0 {
		t.Error("no time was text")
	}
	if _, _, ok := l.Body(nil, 3*n); ok {
		t.Error("there is a fourth cycle")
	}
	if l.Next() != 0 || l.Next() != 1 {
		t.Error("numbers do not count up")
	}
}

// Where they need not return, each cycle has as many viewers, and others.
func TestLoopHasOtherViewers(t *testing.T) {
	l, err := NewCycles(t.Context(), Options{Seed: 3, Events: 3_000, Viewers: 100, Batch: 500}, 3)
	if err != nil {
		t.Fatal(err)
	}
	cycle, n := map[string]int64{}, int64(len(l.Kept()))
	each := make([]int, 3)
	for i := range 3 * n {
		b, _, ok := l.Body(nil, i)
		if !ok {
			t.Fatal("no body")
		}
		for _, e := range events(t, b) {
			who := e.Viewer_ID + e.Anonymous_ID
			if who == "" {
				continue
			}
			if at, ok := cycle[who]; ok && at != i/n {
				t.Fatalf("%s comes in cycles %d and %d", who, at, i/n)
			} else if !ok {
				cycle[who] = i / n
				each[i/n]++
			}
		}
	}
	if each[0] < 15 || each[1] != each[0] || each[2] != each[0] {
		t.Errorf("%d viewers by cycle", each)
	}
}

func BenchmarkRenew(b *testing.B) {
	bodies, err := Prepare(b.Context(), Options{Seed: 3, Events: 20_000})
	if err != nil {
		b.Fatal(err)
	}
	l, err := loopOf(bodies, 1<<40, false)
	if err != nil {
		b.Fatal(err)
	}
	var buf []byte
	n := 0
	for b.Loop() {
		var body Body
		body, buf, _ = l.Body(buf, l.Next())
		n += body.Events
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/event")
}
