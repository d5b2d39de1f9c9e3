package play

import (
	"fmt"
	"slices"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// What is told of a play, by the oracle and by whoever listens to the engine.

// oracleTold is what a play comes to.
type oracleTold struct {
	requested, frame, ended int64
	media                   int64
	cover                   string
	// qualified is the media time at the event that qualified the play, and that
	// event's time.
	qualified   string
	reached     Reached
	atLeast     Reached // these bits too, and perhaps more: a duration can change
	parts, over int
}

// told says what there is to be told of the play once all is known.
func (o *oraclePlayer) told() oracleTold {
	t := oracleTold{requested: o.requested, frame: o.frame, parts: len(o.parts), over: len(o.parts)}
	if len(o.parts) == 0 {
		return t
	}
	t.ended = o.parts[len(o.parts)-1].ended
	duration := o.duration
	var union []Range
	distinct := int64(0)
	for _, c := range oracleCover(o.watched) {
		distinct += c.To - c.From
		if n := len(union); n > 0 && union[n-1].To == c.From {
			union[n-1].To = c.To
			continue
		}
		union = append(union, Range{c.From, c.To})
	}
	t.cover = fmt.Sprint(union)
	if distinct >= 120_000 {
		t.reached |= TwoMinutes
	}
	if live := o.moments[len(o.moments)-1].dims.Live; !live && duration > 0 {
		if distinct*10 >= duration*7 {
			t.atLeast |= SeventyPercent
		}
		if distinct*10 >= duration*9 {
			t.atLeast |= NinetyPercent
		}
	}
	o.qualify(&t)
	return t
}

// qualify sums media time event by event: of a wait that turns out to be none
// it is known when it is over.
func (o *oraclePlayer) qualify(t *oracleTold) {
	for i := range o.moments {
		media, waited := int64(0), int64(0)
		for k := range i {
			m := &o.moments[k]
			if m.kind != fact.Playing {
				continue
			}
			waited += m.credited
			if m.state != oWaiting || o.moments[k+1].state != oWaiting {
				media, waited = media+waited, 0
			}
		}
		t.media = media
		if media >= 120_000 && t.qualified == "" {
			t.qualified = fmt.Sprint(media, " at ", o.moments[i].e.Time)
			t.reached |= Qualified
		}
	}
}

// listener takes note of what an engine tells of plays.
type listener map[event.Ref]*oracleTold

func (l listener) hear(changes []Change) error {
	for i := range changes {
		c := &changes[i]
		t := l[c.Play]
		if t == nil {
			t = &oracleTold{}
			l[c.Play] = t
		}
		switch c.Kind {
		case Opened:
			t.requested = c.Time
		case FirstFrame, Closed:
			at := &t.frame
			if c.Kind == Closed {
				at = &t.ended
			}
			if c.Gone != (*at != 0) || c.Gone && *at != c.Time {
				return fmt.Errorf("%+v is said after %d", c, *at)
			}
			if *at = c.Time; c.Gone {
				*at = 0
			}
		case Final:
			if c.MediaMS < t.media || c.New&t.reached&^Over != 0 || c.New|t.reached != c.Reached {
				return fmt.Errorf("%+v takes back what was said: %+v", c, t)
			}
			t.media, t.reached, t.cover = c.MediaMS, c.Reached, fmt.Sprint(slices.Clone(c.Cover))
			if c.New&Qualified != 0 {
				t.qualified = fmt.Sprint(c.MediaMS, " at ", c.Time)
			}
			t.parts = max(t.parts, int(c.Part)+1)
		}
	}
	return nil
}

// agrees reports whether what was heard is what the definitions say.
func (l listener) agrees(want map[event.Ref]oracleTold) error {
	for ref, w := range want {
		got := oracleTold{}
		if t := l[ref]; t != nil {
			got = *t
		}
		if w.parts == 0 {
			if got != (oracleTold{}) {
				return fmt.Errorf("play %d never began, heard %+v", ref[0], got)
			}
			continue
		}
		if got.reached&Over == 0 || got.reached&w.atLeast != w.atLeast {
			return fmt.Errorf("play %d: heard %+v, want %+v", ref[0], got, w)
		}
		got.reached &= Qualified | TwoMinutes
		w.atLeast, w.over, got.over = 0, 0, 0
		if got != w {
			return fmt.Errorf("play %d:\nheard %+v\n want %+v", ref[0], got, w)
		}
	}
	return nil
}
