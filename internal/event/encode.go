package event

import (
	"encoding/binary"
	"math"
	"slices"
)

// AppendRecord appends e as one record of the log "events" and returns the
// extended slice. ReceivedAt is left out: the log stamps it. Equal events give
// equal bytes. It does not allocate beyond dst and does not keep e.
func AppendRecord(dst []byte, e *Event) []byte {
	dst = slices.Grow(dst, room(e))
	start := len(dst)
	w := writer{buf: dst[:cap(dst)], at: start + headerBytes}
	head := w.buf[start : start+headerBytes]
	head[0], head[1], head[2] = recordVersion<<4|byte(RecordEvent), byte(e.Type), byte(e.Format)
	w.flag(bitImport, e.Import)
	w.flag(bitKnown, e.Known)
	w.flag(bitLive, e.Live)
	w.flag(bitFatal, e.Quality.ErrorFatal)
	w.at += binary.PutVarint(w.buf[w.at:], e.Time)
	if e.KeyID != 0 {
		w.bits |= 1 << bitKeyID
		w.uvarint(uint64(e.KeyID))
	}
	w.ref(bitViewer, (*Ref)(&e.Viewer))
	w.ref(bitID, &e.ID)
	w.ref(bitSession, &e.Session)
	w.ref(bitPlay, &e.Play)
	w.ref(bitImpression, &e.Impression)
	w.ref(bitSearch, &e.Search)
	w.number(bitSeq, e.Seq)
	w.number(bitPosition, e.PositionMS)
	w.number(bitDuration, e.DurationMS)
	w.number(bitFrom, e.FromMS)
	w.number(bitRank, e.Rank)
	w.number(bitBitrate, e.Quality.BitrateKbps)
	w.number(bitDropped, e.Quality.DroppedFrames)
	w.number(bitStartup, e.Quality.StartupMS)
	w.number(bitSearchHits, e.SearchHits)
	w.float(bitPropensity, e.Propensity, 0)
	w.float(bitRate, e.Rate, 1)
	w.texts(e)
	for i := range bitmapBytes {
		head[3+i] = byte(w.bits >> (8 * i))
	}
	return w.buf[:w.at]
}

const (
	refBytes     = len(Ref{})
	refFields    = 6
	numberFields = 9
	textFields   = 21
	// fixedRoom is enough for all that is no text: header, time, key, references,
	// numbers, two floats, the lengths of all texts and of properties, the counts
	// of both maps.
	fixedRoom = headerBytes + 2*binary.MaxVarintLen64 + refFields*refBytes + numberFields*binary.MaxVarintLen64 + 2*8 +
		(textFields+3)*binary.MaxVarintLen64
)

// room is what e's record takes at most.
func room(e *Event) int {
	c, q := &e.Context, &e.Quality
	n := fixedRoom + len(e.Properties) + len(e.TitleID) + len(e.CreativeID) + len(e.Placement) + len(c.Country) + len(c.Region) + len(c.City) +
		len(c.DeviceType) + len(c.OS) + len(c.Browser) + len(c.AppVersion) + len(c.Player) + len(c.CDN) + len(c.ISP) + len(c.Connection) +
		len(c.Timezone) + len(c.DeviceTypeRaw) + len(q.ErrorCode) + len(q.ErrorClass) + len(e.SearchQuery) + len(c.OSVersion) + len(c.BrowserVersion)
	for _, m := range [...]map[string]string{e.Experiments, e.Traits} {
		for k, v := range m {
			n += len(k) + len(v) + 2*binary.MaxVarintLen64
		}
	}
	return n
}

// writer writes the present fields into room that is there and remembers which
// they were.
type writer struct {
	buf  []byte
	at   int
	bits uint64
}

func (w *writer) flag(bit int, v bool) {
	if v {
		w.bits |= 1 << bit
	}
}

func (w *writer) uvarint(v uint64) {
	for v >= 0x80 {
		w.buf[w.at] = byte(v) | 0x80
		w.at++
		v >>= 7
	}
	w.buf[w.at] = byte(v)
	w.at++
}

func (w *writer) ref(bit int, v *Ref) {
	if !v.IsZero() {
		w.bits |= 1 << bit
		*(*Ref)(w.buf[w.at:]) = *v
		w.at += refBytes
	}
}

func (w *writer) number(bit int, v int64) {
	if v != Absent {
		w.bits |= 1 << bit
		w.uvarint(uint64(v))
	}
}

func (w *writer) float(bit int, v, absent float64) {
	if v != absent {
		w.bits |= 1 << bit
		binary.LittleEndian.PutUint64(w.buf[w.at:], math.Float64bits(v))
		w.at += 8
	}
}

func (w *writer) text(bit int, v string) {
	if v != "" {
		w.bits |= 1 << bit
		w.string(v)
	}
}

func (w *writer) string(v string) {
	w.uvarint(uint64(len(v)))
	w.at += copy(w.buf[w.at:], v)
}

// texts writes everything of variable length.
func (w *writer) texts(e *Event) {
	w.text(bitTitle, e.TitleID)
	w.text(bitCreative, e.CreativeID)
	w.text(bitPlacement, e.Placement)
	c := &e.Context
	w.text(bitCountry, c.Country)
	w.text(bitRegion, c.Region)
	w.text(bitCity, c.City)
	w.text(bitDevice, c.DeviceType)
	w.text(bitOS, c.OS)
	w.text(bitBrowser, c.Browser)
	w.text(bitAppVersion, c.AppVersion)
	w.text(bitPlayer, c.Player)
	w.text(bitCDN, c.CDN)
	w.text(bitISP, c.ISP)
	w.text(bitConnection, c.Connection)
	w.text(bitTimezone, c.Timezone)
	w.text(bitDeviceRaw, c.DeviceTypeRaw)
	w.text(bitErrorCode, e.Quality.ErrorCode)
	w.text(bitErrorClass, e.Quality.ErrorClass)
	w.text(bitSearchQuery, e.SearchQuery)
	w.pairs(bitExperiments, e.Experiments)
	w.pairs(bitTraits, e.Traits)
	if len(e.Properties) > 0 {
		w.bits |= 1 << bitProperties
		w.uvarint(uint64(len(e.Properties)))
		w.at += copy(w.buf[w.at:], e.Properties)
	}
	w.text(bitOSVersion, c.OSVersion)
	w.text(bitBrowserVersion, c.BrowserVersion)
}

// pairs writes a map in the order of its keys, so that equal events are equal bytes.
func (w *writer) pairs(bit int, m map[string]string) {
	if len(m) == 0 {
		return
	}
	var names [16]string
	keys := names[:0]
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	w.bits |= 1 << bit
	w.uvarint(uint64(len(keys)))
	for _, k := range keys {
		w.string(k)
		w.string(m[k])
	}
}
