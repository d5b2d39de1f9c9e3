package audience

import (
	"testing"
	"time"
)

// end is when the kept audience ends: who watches depends on the day.
var end = time.UnixMilli(1_795_358_000_000)

// A crowd has as many events in each minute as it should, each happens when it is
// sent, and nobody is in two copies or in two rounds of one.
func TestCrowdWatchesInRealTime(t *testing.T) {
	const rate = 40.0 // three copies of a small audience
	c, err := NewCrowd(t.Context(), Options{Seed: 3, Events: 60_000, Viewers: 600, Batch: 100, End: end}, rate)
	if err != nil {
		t.Fatal(err)
	}
	if c.Copies() < 2 || c.Rate() < rate*0.7 || c.Rate() > rate*1.3 {
		t.Fatalf("%d copies, %.1f events a second", c.Copies(), c.Rate())
	}
	began := time.Now().Truncate(time.Millisecond)
	c.Begin(began, 0)
	whose := map[string]int64{} // of a copy's round
	minutes := make([]int, 300)
	var buf []byte
	var before time.Time
	times, late := 0, 0
	for {
		r := c.Next()
		if r.Due.Before(before) || r.Due.Before(began) {
			t.Fatalf("a request is due at %v after one of %v, begun %v", r.Due, before, began)
		}
		before = r.Due
		minute := int(r.Due.Sub(began) / time.Minute)
		if minute >= len(minutes) {
			break
		}
		var b Body
		b, buf = c.Body(buf, r.Number)
		minutes[minute] += b.Events
		number := r.Number / int64(len(c.bodies))
		for _, e := range events(t, b) {
			times++
			switch at := time.UnixMilli(millis(t, e.Time)); {
			case at.After(r.Due):
				t.Fatalf("%v is sent at %v", at, r.Due)
			case at.Before(r.Due.Add(-5 * time.Minute)):
				late++
			}
			for _, id := range []string{e.Viewer_ID, e.Anonymous_ID, e.Session_ID, e.Play_ID} {
				if had, ok := whose[id]; id != "" && ok && had != number {
					t.Fatalf("%s is in copies %d and %d", id, had, number)
				}
				whose[id] = number
			}
		}
	}
	if share := float64(late) / float64(times); share > 0.02 {
		t.Errorf("%.1f %% of the events were minutes ago", 100*share)
	}
	sum := 0
	for i, n := range minutes {
		sum += n
		if i%60 == 59 {
			if got := float64(sum) / 3600; got < rate*0.5 || got > rate*1.5 {
				t.Errorf("%.1f events a second in hour %d", got, i/60)
			}
			sum = 0
		}
	}
}

// What is sent again comes when it was said, as it was, and beside what is due then.
func TestCrowdSendsAgain(t *testing.T) {
	c, err := NewCrowd(t.Context(), Options{Seed: 3, Events: 20_000, Viewers: 200, Batch: 100, End: end}, 40)
	if err != nil {
		t.Fatal(err)
	}
	c.Begin(time.Now(), time.Minute)
	one := c.Next()
	first, _ := c.Body(nil, one.Number)
	at := one.Due.Add(time.Minute)
	c.Again(one.Number, at)
	for found := false; !found; {
		r := c.Next()
		if r.Due.After(at) {
			t.Fatal("it does not come again")
		}
		if found = r.Number == one.Number; found {
			if again, _ := c.Body(nil, r.Number); string(again.Data) != string(first.Data) || !r.Due.Equal(at) {
				t.Errorf("it comes at %v, and as another one", r.Due)
			}
		}
	}
	for range 1000 {
		if c.Next().Number == one.Number {
			t.Fatal("it comes a third time")
		}
	}
}
