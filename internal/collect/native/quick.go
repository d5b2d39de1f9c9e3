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
	wayTime
	wayType
	wayObject
)

// place is where quick puts the value of a field.
type place struct {
	way   way
	limit uint16 // of a text, bytes
	begin field  // of an object
	named func(string) field
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
		fieldSeq: &e.Seq, fieldPosition: &e.PositionMS, fieldDuration: &e.DurationMS, fieldFrom: &e.FromMS, fieldRank: &e.Rank,
		fieldBitrate: &q.BitrateKbps, fieldDropped: &q.DroppedFrames, fieldStartup: &q.StartupMS,
	} {
		d.places[f] = place{way: wayWhole, whole: to}
	}
	d.places[fieldTime] = place{way: wayTime, whole: &e.Time}
	d.places[fieldType] = place{way: wayType, limit: event.MaxTextBytes}
	d.places[fieldContext] = place{way: wayObject, begin: startContext, named: contextField}
	d.places[fieldQuality] = place{way: wayObject, begin: startQuality, named: qualityField}
}

// quick reads members of the object at p, the first after the field prev, as
// long as they are as machines write them: names that a habit knows, no white
// space, texts without escapes, whole numbers. It makes of them what the long way
// makes, but the place in the text is in a register all the while. What it does
// not know it leaves to the long way, with p at the beginning of that member and
// last the field before it. More is false when the object's end was passed.
func (d *Decoder) quick(prev field) (last field, more bool, err error) {
	n := d.from + len(d.c.b)
	b := d.whole[:cap(d.whole)] // what lies behind the text may be read but not be used
	p, marks := d.from+d.c.p, d.marks
	for p+quickBytes <= len(b) {
		h := &d.habits[prev][0]
		if text := (*[habitBytes]byte)(b[p:]); !h.fits(text) {
			if h = d.habitual(text, prev); h == nil {
				break
			}
		}
		f := h.next
		to, i := &d.places[f], p+h.n
		switch to.way {
		case wayText, wayType:
			end := endOf(marks, i+1)
			if b[i] != '"' || end >= n || b[end] != '"' || !d.quickText(to, b[i+1:end]) {
				i = n
				break
			}
			i = end + 1
		case wayWhole, wayTime:
			value, digits := digitsOf(binary.LittleEndian.Uint64(b[i:]))
			if digits == 8 {
				rest, behind := digitsOf(binary.LittleEndian.Uint64(b[i+8:]))
				value, digits = value*powersOf10[behind]+rest, 8+behind
			}
			if digits == 0 || digits > quickDigits || digits > 1 && b[i] == '0' || !ends(b, i+digits, n) {
				i = n
				break
			}
			*to.whole = int64(value)
			d.item.HasTime = d.item.HasTime || to.way == wayTime
			i += digits
		case wayObject:
			if i >= n || b[i] != '{' {
				i = n
				break
			}
			d.c.p = i - d.from
			if err := d.fields(to.begin, to.named); err != nil {
				return f, false, err
			}
			if i = d.from + d.c.p; !ends(b, i, n) {
				// What the object says is known; what follows is for the long way.
				goesOn, err := d.c.next('}')
				return f, goesOn, err
			}
		default:
			i = n
		}
		if !ends(b, i, n) {
			break
		}
		p, prev = i+1, f
		if b[i] == '}' {
			d.c.p = p - d.from
			return f, false, nil
		}
	}
	d.c.p = p - d.from
	return prev, true, nil
}

// ends reports whether a member ends at i: what follows is in the text, and a
// comma or the object's end.
func ends(b []byte, i, n int) bool { return i < n && (b[i] == ',' || b[i] == '}') }

// quickText takes a text of a field, if it can be taken as it is.
func (d *Decoder) quickText(to *place, text []byte) bool {
	if len(text) > int(to.limit) {
		return false
	}
	s := unsafe.String(unsafe.SliceData(text), len(text))
	if n := len(s); n > 0 && (s[0] <= ' ' || s[0] >= utf8.RuneSelf || s[n-1] <= ' ' || s[n-1] >= utf8.RuneSelf) {
		return false // it may have spaces to be cut off
	}
	if to.way == wayType {
		t := event.ParseType(s)
		d.item.Event.Type = t
		return t != event.TypeUnknown
	}
	*to.text = s
	return true
}
