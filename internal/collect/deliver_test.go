package collect

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"playhead/internal/access"
	"playhead/internal/event"
	"playhead/internal/eventlog"
)

// shelfMark is where a record lies.
type shelfMark string

func (p shelfMark) String() string { return string(p) }

var carrierKey = access.Key{ID: 7, Name: "kafka", Kind: access.Write}

// deliver makes a collector and delivers to it.
func deliver(t *testing.T, r *rig, records ...Delivered) Receipt {
	t.Helper()
	got, err := r.collector.Deliver(t.Context(), carrierKey, event.FormatKafka, records)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestDeliver(t *testing.T) {
	r := newRig(t)
	entries, stop := r.tail.Subscribe(Filter{Result: "rejected"})
	defer stop()
	got := deliver(t, r,
		Delivered{Event: []byte(beat(`"id":"own"`)), ID: "t/0/1", Origin: shelfMark("topic t, partition 0, offset 1")},
		Delivered{Event: []byte(beat("")), ID: "t/0/2"},
		Delivered{Event: []byte(beat("")), ID: "t/0/3"}, // the same content is another event
		Delivered{Event: []byte(beat(`"seq":4`)), ID: "t/0/4"},
		Delivered{Event: []byte(beat(`"seq":4`)), ID: "t/0/5"}, // the same place in the same play
		Delivered{Event: []byte("[" + beat("") + "," + beat("") + "]"), ID: "t/0/6"},
		Delivered{Event: []byte("[" + beat("") + "," + beat("")), ID: "t/0/7"}, // nothing of half an array
		Delivered{Event: []byte(beat(`"position_ms":"far"`)), Origin: shelfMark("topic t, partition 0, offset 8")},
		Delivered{Event: []byte(`{"type":`), ID: "t/0/9"},
		Delivered{Bad: event.Invalid{Field: "type", Code: "unknown_value", Reason: "of the mapping"}, Raw: []byte(`{"user":"anna"}`)},
		Delivered{Ignored: "left_out"},
	)
	if got.Accepted != 6 || got.Duplicate != 1 || got.Ignored != 1 || len(got.Rejected) != 4 {
		t.Fatalf("%+v", got)
	}
	for i, want := range []RejectedRecord{{6, event.Invalid{Code: "malformed"}}, {7, event.Invalid{Field: "position_ms", Code: "invalid"}},
		{8, event.Invalid{Code: "malformed"}}, {9, event.Invalid{Field: "type", Code: "unknown_value"}}} {
		if is := got.Rejected[i]; is.Record != want.Record || is.Code != want.Code || is.Field != want.Field {
			t.Errorf("rejection %d is %+v", i, is)
		}
	}
	ids := map[event.Ref]bool{}
	for _, e := range r.log.events(t) {
		if e.Format != event.FormatKafka || e.KeyID != 7 {
			t.Errorf("%+v", e)
		}
		ids[e.ID] = true
	}
	if len(ids) != 6 {
		t.Errorf("%d ids of six events", len(ids))
	}
	<-entries
	shown := <-entries
	if shown.Origin != "topic t, partition 0, offset 8" || !strings.HasSuffix(shown.Reason, "(topic t, partition 0, offset 8)") || shown.Format != "kafka" || shown.Key != "kafka" {
		t.Errorf("%+v", shown)
	}
	<-entries
	if shown = <-entries; strings.Contains(shown.Raw, "anna") || !strings.Contains(shown.Raw, "user") {
		t.Errorf("shown as %q", shown.Raw)
	}
}

// What is delivered again after a crash has the ids it had.
func TestDeliveredAgainIsTheSame(t *testing.T) {
	a, b := newRig(t), newRig(t)
	b.collector.cfg.Ring = a.collector.cfg.Ring
	record := Delivered{Event: []byte("[" + beat("") + "," + beat("") + "]"), ID: "t/0/6@1795400000000"}
	deliver(t, a, record)
	deliver(t, b, record)
	first, second := a.log.events(t), b.log.events(t)
	if len(first) != 2 || len(second) != 2 || first[0].ID != second[0].ID || first[1].ID != second[1].ID || first[0].ID == first[1].ID {
		t.Errorf("%v then %v", first, second)
	}
}

// A record may lie about for an hour: that is nothing that a clock is off by.
func TestSentAtIsHeldAgainstTheRecord(t *testing.T) {
	r := newRig(t)
	hour := int64(3_600_000)
	sent := strings.Replace(beat(`"id":"1"`), `{`, `{"sent_at":`+strconv.FormatInt(now-hour, 10)+`,`, 1)
	fast := strings.Replace(beat(`"id":"2"`), `{`, `{"sent_at":`+strconv.FormatInt(now-hour+60_000, 10)+`,`, 1)
	deliver(t, r, Delivered{Event: []byte(sent), At: now - hour}, Delivered{Event: []byte(fast), At: now - hour}, Delivered{Event: []byte(beat(`"id":"3"`)), At: now - hour})
	got := r.log.events(t)
	if len(got) != 3 || got[0].Time != got[2].Time || got[1].Time != got[2].Time-60_000 {
		t.Errorf("%v", got)
	}
}

func TestRefusedDeliveries(t *testing.T) {
	pressed := time.Duration(0)
	r := newRig(t, func(c *Config) { c.Pressed = func() time.Duration { return pressed } })
	try := func(key access.Key) (Receipt, *RefusedError) {
		got, err := r.collector.Deliver(t.Context(), key, event.FormatKafka, []Delivered{{Event: []byte(beat("")), ID: "a"}})
		var refused *RefusedError
		if err != nil && !errors.As(err, &refused) {
			t.Fatal(err)
		}
		return got, refused
	}
	pressed = 10 * time.Second
	if _, err := try(carrierKey); err == nil || err.Code != "behind" || err.RetryAfter != pressed {
		t.Errorf("%+v", err)
	}
	pressed = 0
	r.log.err = eventlog.ErrFull
	if _, err := try(carrierKey); err == nil || err.Code != "full" || err.RetryAfter == 0 {
		t.Errorf("%+v", err)
	}
	r.log.err = nil
	if got, err := try(carrierKey); err != nil || got.Accepted != 1 {
		t.Errorf("%+v %+v", got, err)
	}
	slow := access.Key{ID: 9, Name: "slow", Kind: access.Write, EventsPerSecond: 1}
	if got, err := try(slow); err != nil || got.Accepted != 1 {
		t.Errorf("%+v %+v", got, err)
	}
	if _, err := try(slow); err == nil || err.Code != "rate_limited" || err.RetryAfter < time.Second {
		t.Errorf("%+v", err)
	}
}
