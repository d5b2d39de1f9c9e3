package native

import (
	"encoding/binary"
	"unicode/utf8"
	"unsafe"

	"playhead/internal/event"
)

// way is how quick reads a field's value.
type way uint8

const (
	wayNone way = iota // not at all
	wayText
	wayWhole // a number that is whole, not negative and not large
)

// place is where quick puts the value of a field.
type place struct {
	way   way
	limit uint16 // of a text, bytes
	text  *string
	whole *int64
}

// quickBytes must be left behind a place for quick to look at it, so that it needs
// no further look at where the buffer ends. It is more than a name and a number take.
const quickBytes = 64

// quickDigits is how many digits a number may have for quick: whatever they are,
// it is exact as a float, too.
const quickDigits = 15

// setPlaces says where the fields go that most events have. The others take the
// long way.
func (d *Decoder) setPlaces() {
	it, e := &d.item, &d.item.Event
	x, q := &e.Context, &e.Quality
	for f, to := range map[field]*string{
		fieldID: &it.ID, fieldViewer: &it.Viewer, fieldAnonymous: &it.Anonymous, fieldSession: &it.Session, fieldPlay: &it.Play,
		fieldImpression: &it.Impression, fieldSearchID: &it.Search, fieldTitle: &e.TitleID, fieldCreative: &e.CreativeID,
	} {
		d.places[f] = place{way: wayText, limit: event.MaxIDBytes, text: to}
	}
	for f, to := range map[field]*string{
		fieldPlacement: &e.Placement, fieldCountry: &x.Country, fieldRegion: &x.Region, fieldCity: &x.City, fieldDeviceType: &x.DeviceType,
		fieldOS: &x.OS, fieldBrowser: &x.Browser, fieldOSVersion: &x.OSVersion, fieldBrowserVersion: &x.BrowserVersion,
		fieldAppVersion: &x.AppVersion, fieldPlayer: &x.Player, fieldCDN: &x.CDN, fieldISP: &x.ISP, fieldConnection: &x.Connection,
		fieldTimezone: &x.Timezone, fieldErrorCode: &q.ErrorCode, fieldErrorClass: &q.ErrorClass,
	} {
		d.places[f] = place{way: wayText, limit: event.MaxTextBytes, text: to}
	}
	for f, to := range map[field]*int64{
		fieldTime: &e.Time, fieldSeq: &e.Seq, fieldPosition: &e.PositionMS, fieldDuration: &e.DurationMS, fieldFrom: &e.FromMS, fieldRank: &e.Rank,
		fieldBitrate: &q.BitrateKbps, fieldDropped: &q.DroppedFrames, fieldStartup: &q.StartupMS,
	} {
		d.places[f] = place{way: wayWhole, whole: to}
	}
}

// stop is why quick stopped.
type stop uint8

const (
	stopName  stop = iota // at a name that no habit knows
	stopValue             // at a value that is for the long way
	stopEnd               // behind the object's end
)

// quick reads members of the object at p, the first after the field prev, as
// long as they are as machines write them: names that a habit knows, no white
// space, texts without escapes, whole numbers. It makes of them what the long way
// makes, but the place in the text is in a register all the while: it calls
// nothing. What it does not know it leaves to the long way: a name that follows
// the field last, or the value of last.
func (d *Decoder) quick(prev field) (last field, why stop) {
	room := cap(d.whole) // what lies behind the text may be read but not be used
	b := d.whole[:d.from+len(d.c.b)]
	p, marks := d.from+d.c.p, d.marks
	for p+quickBytes <= room {
		w := (*[quickBytes]byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), p))
		habits, k := &d.habits[prev%fieldRoom], 0
		for k < len(habits) && !habits[k].fits(w) {
			k++
		}
		if k == len(habits) {
			break
		}
		f, size := habits[k].next, int(habits[k].n%habitRoom)
		to, i := &d.places[f%fieldRoom], p+size
		if to.way == wayText {
			i = endOf(marks, i+1)
			n := i - p - size - 1
			if w[size] != '"' || !ends(b, i+1) || b[i] != '"' || n > int(to.limit) || bare(w[size+1]) || bare(b[i-1]) {
				return d.leave(p, size, prev, f)
			}
			*to.text = unsafe.String(&w[size+1], n)
			i++
		} else if to.way == wayWhole {
			value, digits := digitsOf(binary.LittleEndian.Uint64(w[size:]))
			if digits == 8 {
				rest, behind := digitsOf(binary.LittleEndian.Uint64(w[size+8:]))
				value, digits = value*powersOf10[behind%len(powersOf10)]+rest, 8+behind
			}
			if i += digits; uint(digits-1) >= quickDigits || digits > 1 && w[size] == '0' || !ends(b, i) {
				return d.leave(p, size, prev, f)
			}
			*to.whole = int64(value)
			d.item.HasTime = d.item.HasTime || f == fieldTime
		} else {
			return d.leave(p, size, prev, f)
		}
		if prev, p = f, i+1; b[i] == '}' {
			d.c.p = p - d.from
			return f, stopEnd
		}
	}
	d.c.p = p - d.from
	return prev, stopName
}

// leave stops quick at the value of the member at p, whose name takes size bytes,
// if all of the name is in the text.
func (d *Decoder) leave(p, size int, prev, f field) (last field, why stop) {
	if p -= d.from; p+size > len(d.c.b) {
		d.c.p = p
		return prev, stopName
	}
	d.c.p = p + size
	return f, stopValue
}

// ends reports whether a member ends at i: a comma or the object's end follows.
func ends(b []byte, i int) bool { return uint(i) < uint(len(b)) && (b[i] == ',' || b[i] == '}') }

// bare reports whether a byte is at no end of a text that can be taken as it is: it
// is a space, or may be of one. The quotes of an empty text are none.
func bare(ch byte) bool { return ch-(' '+1) >= utf8.RuneSelf-(' '+1) }
