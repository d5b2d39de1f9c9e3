package segment

import (
	"playhead/internal/collect/rawjson"
	"playhead/internal/event"
)

// part is what an event of the Video spec is about.
type part uint8

const (
	playback part = iota + 1 // the player, with advertisements in its position and length
	content                  // the title
	advert                   // an advertisement: its asset, position and length are its own
)

// meaning of a track: the type it becomes and its part; 0 for one that is not
// of the Video spec. name is folded.
//
// Playback Started is the viewer's request and Content Started the first
// picture. An interruption (a call, a locked screen, a lost network) is a pause:
// nobody watches, and Resumed or the end follows. Content Completed says how
// far it came; the end is Playback Completed or Exited.
func meaning(name []byte) (event.Type, part) {
	switch string(name) {
	case "videoplaybackstarted":
		return event.PlayRequested, playback
	case "videoplaybackpaused", "videoplaybackinterrupted":
		return event.Paused, playback
	case "videoplaybackbufferstarted":
		return event.StallStarted, playback
	case "videoplaybackbuffercompleted":
		return event.StallEnded, playback
	case "videoplaybackseekstarted":
		return event.SeekStarted, playback
	case "videoplaybackseekcompleted":
		return event.Seeked, playback
	case "videoplaybackresumed":
		return event.Resumed, playback
	case "videoplaybackcompleted", "videoplaybackexited":
		return event.PlayEnded, playback
	case "videoplaybackerror":
		return event.Error, playback
	case "videoqualityupdated":
		return event.QualityChanged, playback
	case "videocontentstarted":
		return event.PlayStarted, content
	case "videocontentplaying", "videocontentcompleted":
		return event.Heartbeat, content
	case "videoadstarted":
		return event.AdStarted, advert
	case "videoadplaying":
		return event.Heartbeat, advert
	case "videoadcompleted", "videoadskipped":
		return event.AdEnded, advert
	}
	return event.TypeUnknown, 0
}

// video is what is read of the properties of a video event.
type video struct {
	assets, asset, title   string // content_asset_ids (its first), content_asset_id, asset_id
	several                bool   // more than one asset
	advert                 string // ad_asset_id
	position, length, seek int64
	message                string // of an error
}

// video makes the event of a track of the Video spec.
func (d *Decoder) video(t event.Type, about part) {
	it, e := &d.item, &d.item.Event
	v := video{position: event.Absent, length: event.Absent, seek: event.Absent}
	e.Type = t
	e.Quality.ErrorFatal = t == event.Error // unless it says otherwise
	var buf [40]byte
	d.msg.properties.Each(func(key string, value rawjson.Value) {
		d.property(folded(key, &buf), value, &v)
	})
	if it.Play == "" {
		it.Reject("properties.session_id", event.CodeMissing, "an event of the Video spec needs the session_id of its playback")
		return
	}
	if it.Viewer == "" && it.Anonymous == "" && it.Session == "" {
		it.Session = it.Play // its plays count, its viewers do not
	}
	if t != event.Error {
		e.Quality.ErrorCode, e.Quality.ErrorFatal = "", false
	} else if e.Quality.ErrorCode == "" {
		e.Quality.ErrorCode = v.message
	}
	e.TitleID = v.titleOf(t, about)
	v.place(e, about)
	if about == advert {
		e.Quality.BitrateKbps = event.Absent // the advertisement's
	}
	d.keep(d.msg.properties)
}

func (d *Decoder) property(key []byte, v rawjson.Value, to *video) {
	it, e := &d.item, &d.item.Event
	switch string(key) {
	case "sessionid":
		d.id("properties.session_id", v, &it.Play)
	case "contentassetids":
		d.asset(v, &to.assets, &to.several)
	case "contentassetid":
		d.asset(v, &to.asset, &to.several)
	case "assetid":
		d.asset(v, &to.title, &to.several)
	case "adassetid":
		var several bool
		d.asset(v, &to.advert, &several)
	case "position":
		d.seconds(v, &to.position)
	case "seekposition":
		d.seconds(v, &to.seek)
	case "totallength":
		d.seconds(v, &to.length)
	case "livestream":
		e.Live, _ = truth(v)
	case "bitrate":
		d.count(v, &e.Quality.BitrateKbps)
	case "droppedframes":
		d.count(v, &e.Quality.DroppedFrames)
	case "startuptime":
		d.seconds(v, &e.Quality.StartupMS)
	case "videoplayer":
		d.text(v, &e.Context.Player, event.MaxTextBytes)
	case "cdn":
		d.text(v, &e.Context.CDN, event.MaxTextBytes)
	case "playbackrate", "speed":
		if f, ok := d.number(v); ok && f > 0 && f <= event.MaxRate {
			e.Rate = f
		}
	case "errorcode", "code":
		d.text(v, &e.Quality.ErrorCode, event.MaxTextBytes)
	case "error", "errormessage", "message":
		if v.IsText() {
			d.text(v, &to.message, event.MaxTextBytes)
		}
	case "errorclass":
		d.text(v, &e.Quality.ErrorClass, event.MaxTextBytes)
	case "errorfatal", "fatal":
		if is, ok := truth(v); ok {
			e.Quality.ErrorFatal = is
		}
	default:
		d.shownAs(key, v)
	}
}

// asset reads an id, or the first of a list of ids.
func (d *Decoder) asset(v rawjson.Value, to *string, several *bool) {
	if !v.IsArray() {
		d.text(v, to, event.MaxIDBytes)
		return
	}
	n := 0
	v.Elements(func(v rawjson.Value) bool {
		if n++; n == 1 {
			d.text(v, to, event.MaxIDBytes)
		}
		return n < 2
	})
	*several = *several || n > 1
}

// titleOf is the title that the event names. A list of several names what the
// playback will play; only its start takes the first of it.
func (v *video) titleOf(t event.Type, about part) string {
	list := v.assets
	if v.several && t != event.PlayRequested {
		list = ""
	}
	order := [...]string{v.asset, list, v.title}
	switch about {
	case content:
		order = [...]string{v.title, v.asset, list}
	case advert:
		order[2] = "" // the advertisement
	}
	for _, id := range order {
		if id != "" {
			return id
		}
	}
	return ""
}

// place takes over position and length where they are the title's: not of an
// advertisement, and the length not from playback events, which count the
// advertisements in, but from the first of them, until a content event knows.
func (v *video) place(e *event.Event, about part) {
	if v.length > 0 && !e.Live && (about == content || e.Type == event.PlayRequested) {
		e.DurationMS = v.length
	}
	switch {
	case about == advert || about == playback && v.advert != "" && e.Type != event.PlayRequested:
	case e.Type == event.SeekStarted:
		e.FromMS, e.PositionMS = v.position, v.seek
	case e.Type == event.Seeked && v.position == event.Absent:
		e.PositionMS = v.seek
	default:
		e.PositionMS = v.position
	}
}
