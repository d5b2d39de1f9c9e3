package live

import "playhead/internal/fact"

// rates count marks by the second of event time, for the last minute and a
// little of the clients' future.
type rates struct {
	seconds [128]struct {
		at int64
		n  PerMinute
	}
}

const minuteSeconds = 60

func (r *rates) add(m *fact.Mark, now int64) {
	second := m.Time / 1000
	if age := now/1000 - second; age >= minuteSeconds || age < -minuteSeconds {
		return
	}
	slot := &r.seconds[second%int64(len(r.seconds))]
	if slot.at != second {
		slot.at, slot.n = second, PerMinute{}
	}
	switch m.Kind {
	case fact.FirstFrame:
		slot.n.Plays += int64(m.N)
	case fact.Stall:
		slot.n.Stalls += int64(m.N)
	case fact.PlaybackFailure:
		slot.n.Failures += int64(m.N)
	case fact.StartFailure: // dated by its request
		slot.n.Failures += int64(m.N)
	}
}

func (r *rates) minute(now int64) PerMinute {
	var sum PerMinute
	for i := range r.seconds {
		slot := &r.seconds[i]
		if age := now/1000 - slot.at; age >= 0 && age < minuteSeconds {
			sum.Plays += slot.n.Plays
			sum.Stalls += slot.n.Stalls
			sum.Failures += slot.n.Failures
		}
	}
	return sum
}

// flow measures what comes in.
type flow struct {
	seconds [8]struct{ at, events int64 }
	all     int64
	// worst receipt-to-here time of this second and of the one before, ms.
	at, worst, before int64
}

const flowSeconds = 5

func (f *flow) add(b *fact.Batch, now int64) {
	second := now / 1000
	slot := &f.seconds[second%int64(len(f.seconds))]
	if slot.at != second {
		slot.at, slot.events = second, 0
	}
	slot.events += b.Counts.Events - b.Counts.Imported
	f.all += b.Counts.Events
	if b.OldestReceived == 0 {
		return
	}
	if f.at != second {
		f.at, f.before, f.worst = second, f.worst, 0
	}
	f.worst = max(f.worst, now-b.OldestReceived)
}

// rate is events a second over the last whole seconds.
func (f *flow) rate(now int64) float64 {
	var n int64
	for i := range f.seconds {
		if age := now/1000 - f.seconds[i].at; age >= 1 && age <= flowSeconds {
			n += f.seconds[i].events
		}
	}
	return float64(n) / flowSeconds
}

func (f *flow) freshness(now int64) int64 {
	if f.at == now/1000 && f.before > 0 {
		return max(f.worst, f.before)
	}
	return f.worst
}
