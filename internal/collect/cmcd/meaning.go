package cmcd

import "playhead/internal/event"

// meaning is the event type of a report, or why it is none.
//
// Only play-state reports (e=ps) change the state of a play. Interval reports
// (e=t) repeat the state at a time of their own and are heartbeats whatever it
// is while a play goes on: taking them as changes would count a stall again
// each time the interval falls into it. After the end or before the start they
// say nothing.
func meaning(e, state string) (event.Type, string) {
	switch e {
	case "ps":
		return stateMeaning(state)
	case "t":
		switch state {
		case "d":
			return 0, "preloading"
		case "e", "q", "f":
			return 0, "idle"
		}
		return event.Heartbeat, ""
	case "e":
		return event.Error, ""
	case "bc", "pr":
		return event.QualityChanged, ""
	case "as", "abs":
		return event.AdStarted, ""
	case "ae", "abe", "sk":
		return event.AdEnded, ""
	case "":
		return 0, ""
	}
	return 0, otherMeaning(e)
}

// otherMeaning names events that say nothing about a play.
func otherMeaning(e string) string {
	switch e {
	case "rr":
		return "response"
	case "c":
		return "content_id" // the reports after it carry the new one
	case "b":
		return "backgrounded"
	case "m", "um":
		return "muted"
	case "pe", "pc":
		return "resized"
	case "ce", "h":
		return "custom"
	}
	return "other_event"
}

// stateMeaning is the event type of a change of state. A player that begins to
// play says p each time, be it at the first frame, after a pause, a stall or a
// seek: the play engine knows which.
func stateMeaning(state string) (event.Type, string) {
	switch state {
	case "s":
		return event.PlayRequested, ""
	case "p":
		return event.Resumed, ""
	case "r", "w":
		return event.StallStarted, ""
	case "k":
		return event.SeekStarted, ""
	case "a":
		return event.Paused, ""
	case "e", "q":
		return event.PlayEnded, ""
	case "f":
		return event.Error, ""
	case "d":
		return 0, "preloading"
	case "":
		return 0, "no_state"
	}
	return 0, "other_state"
}

// Reasons are the names of Item.Ignored: a closed set.
func Reasons() []string {
	return []string{
		"preloading", "idle", "response", "content_id", "backgrounded", "muted", "resized", "custom", "other_event", "no_state", "other_state",
	}
}

// ours reads custom events of our own as what they stand for.
func (rep *report) ours() {
	if rep.event != "ce" {
		return
	}
	switch rep.custom {
	case EventError:
		rep.event, rep.state = "e", "f"
	case EventEnd:
		rep.event, rep.state = "ps", "q"
	}
}

// habits mends what single players say otherwise than they mean it; typ is what
// the report says.
//
// shaka-player never says s: it begins with r, before it knows the manifest.
//
// dash.js says f of errors of the media element alone. Its other errors are e=e
// with a number of its own, which the reports after it repeat: a player that
// waits after one that ends playback will not play on.
func (rep *report) habits(typ event.Type) event.Type {
	waits := rep.state == "r" || rep.state == "w"
	if typ == event.StallStarted && rep.first && !rep.loaded {
		return event.PlayRequested
	}
	if rep.dashError == 0 || !endsPlayback(rep.dashError) {
		return typ
	}
	if typ == event.StallStarted || typ == event.Error && (waits || rep.state == "s") {
		rep.state = "f"
		return event.Error
	}
	return typ
}

// endsPlayback tells the error numbers of dash.js after which nothing plays:
// manifest, segments, appending, missing abilities, keys. Others are of single
// tracks, clocks, remote elements.
func endsPlayback(number int) bool {
	switch number {
	case 10, 11, 15, 17, 19, 20, 23, 25, 26, 27, 28, 31, 32, 34, 35:
		return true
	}
	return number >= 100 && number <= 114 && number != 109
}
