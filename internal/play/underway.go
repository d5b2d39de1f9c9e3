package play

import (
	"playhead/internal/event"
	"playhead/internal/fact"
)

// Underway is a play that was open when its viewer's state was stored.
type Underway struct {
	// Row is the part under way as if it had ended with its last evidence. What
	// waits for the horizon is not settled in it, and a stall or a stretch that
	// goes on ends where it was last heard of.
	Row fact.Play
	// State is what the play was doing at that evidence. A pause that goes on is
	// Paused.
	State fact.SpanKind
	// Received is when the last of it was received, in the time that the engine was
	// told, epoch ms.
	Received int64
}

// ReadUnderway reads the open plays out of a stored state (see StateSink). The
// rows index into the dims and slots of out, which must be empty. Errors: ErrState.
func ReadUnderway(c Config, key event.ViewerKey, state []byte, out *fact.Batch) ([]Underway, error) {
	g := New(c, nil)
	g.Begin()
	v := newViewer(key)
	if err := g.restore(v, state); err != nil {
		return nil, err
	}
	var list []Underway
	for p := v.plays; p != nil; p = p.sibling {
		if !p.open() {
			continue
		}
		n := len(out.Plays)
		g.emitter(p, out).row(&p.tip, 1)
		list = append(list, Underway{Row: out.Plays[n], State: p.tip.doing(), Received: p.received})
		out.Plays = out.Plays[:n]
	}
	return list, nil
}

// doing is the kind of time that the fold's state takes.
func (f *fold) doing() fact.SpanKind {
	switch f.state {
	case playing:
		return fact.Playing
	case seeking:
		return fact.Seeking
	case paused:
		return fact.Paused
	case inAd:
		return fact.Ad
	case stalled:
		if f.seekCaused {
			return fact.SeekStalled
		}
		return fact.Stalled
	}
	return fact.Startup
}
