package event

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unsafe"

	"playhead/internal/avrohead"
)

// ErrRecord is wrapped by every error of DecodeRecord: the data is no record
// that this version of Playhead wrote.
var ErrRecord = errors.New("malformed event record")

// RecordKind is what one record of the log "events" holds.
type RecordKind uint8

// Record kinds. The numbers are stored in the log: append only.
const (
	RecordInvalid RecordKind = iota
	// RecordEvent holds one Event.
	RecordEvent
	// RecordTick says only that time has passed: the log's ReceivedAt.
	RecordTick
	// RecordSettle closes the open plays of one write key as silence would.
	RecordSettle
	// RecordControl changes what the records after it mean: a new catalogue. Who
	// works on events keeps the newest as part of its state.
	RecordControl
	recordKindCount
)

// recordVersion is the upper half of a record's first byte; the kind is the lower.
const recordVersion = 1

// Bits of the presence bitmap, in the order in which the fields are written.
// The positions are stored in the log: append only.
const (
	bitImport = iota
	bitKnown
	bitLive
	bitFatal
	bitKeyID
	bitViewer
	bitID
	bitSession
	bitPlay
	bitImpression
	bitSearch
	bitSeq
	bitPosition
	bitDuration
	bitFrom
	bitRank
	bitBitrate
	bitDropped
	bitStartup
	bitSearchHits
	bitPropensity
	bitRate
	bitTitle
	bitCreative
	bitPlacement
	bitCountry
	bitRegion
	bitCity
	bitDevice
	bitOS
	bitBrowser
	bitAppVersion
	bitPlayer
	bitCDN
	bitISP
	bitConnection
	bitTimezone
	bitDeviceRaw
	bitErrorCode
	bitErrorClass
	bitSearchQuery
	bitExperiments
	bitTraits
	bitProperties
	bitOSVersion
	bitBrowserVersion
	bitCount
)

// The bitmap takes six bytes, little endian, after the kind, type and format.
const (
	bitmapBytes = 6
	headerBytes = 3 + bitmapBytes
)

// AppendTick appends the record of a tick.
func AppendTick(dst []byte) []byte {
	return append(dst, recordVersion<<4|byte(RecordTick))
}

// AppendSettle appends the record that settles what a write key sent of the
// viewers up to the reach.
func AppendSettle(dst []byte, keyID uint32, reach Reach) []byte {
	dst = binary.AppendUvarint(append(dst, recordVersion<<4|byte(RecordSettle)), uint64(keyID))
	if reach != Everybody {
		dst = binary.AppendUvarint(dst, uint64(reach))
	}
	return dst
}

// AppendControl appends the record of a control; its data are the processor's.
func AppendControl(dst, data []byte) []byte {
	return append(append(dst, recordVersion<<4|byte(RecordControl)), data...)
}

// DecodeRecord resets e and reads one record of any Form into it. For a settle only KeyID
// and Reach are set, for a control only Properties: its data, for a tick nothing. The strings and Properties of e point into data,
// so they are good only as long as data is kept and left unchanged; the two
// maps are made only when the event has them. Any other data gives an error
// that wraps ErrRecord, and then e holds nothing of use.
func DecodeRecord(data []byte, e *Event) (RecordKind, error) {
	var said Said
	return DecodeSaid(data, e, &said)
}

// DecodeSaid does what DecodeRecord does and returns in said how the record says what
// Said compares, which is good as long as the strings of e are.
func DecodeSaid(data []byte, e *Event, said *Said) (RecordKind, error) {
	e.Reset()
	*said = Said{}
	if len(data) == 0 {
		return RecordInvalid, fmt.Errorf("%w: empty", ErrRecord)
	}
	if avrohead.Begins(data) {
		return decodeAvro(data, e)
	}
	if v := data[0] >> 4; v != recordVersion {
		return RecordInvalid, fmt.Errorf("%w: version %d is not known", ErrRecord, v)
	}
	kind := RecordKind(data[0] & 15)
	r := reader{data: data, at: 1}
	switch kind {
	case RecordTick:
	case RecordSettle:
		e.KeyID = r.uint32()
		if r.at < len(data) {
			reach := r.uvarint()
			r.bad = r.bad || reach == 0 || reach > math.MaxUint16
			e.Reach = Reach(reach)
		}
	case RecordControl:
		e.Properties = r.bytes(uint64(len(data) - 1))
	case RecordEvent:
		r.event(e)
		if !r.bad {
			*said = Said{bits: r.bits & saidBits, text: data[r.saidFrom:r.saidTo]}
		}
	default:
		return RecordInvalid, fmt.Errorf("%w: kind %d is not known", ErrRecord, kind)
	}
	if r.bad {
		return RecordInvalid, fmt.Errorf("%w: cut short or out of range at byte %d", ErrRecord, r.at)
	}
	if r.at != len(data) {
		return RecordInvalid, fmt.Errorf("%w: %d bytes too many", ErrRecord, len(data)-r.at)
	}
	return kind, nil
}

// reader walks over a record. After the first fault bad is set and everything
// it returns is zero.
type reader struct {
	data []byte
	at   int
	bits uint64
	bad  bool
	// Where the texts are that Said compares.
	saidFrom, saidTo int
}

func (r *reader) has(bit int) bool { return r.bits&(1<<bit) != 0 }

// uvarint reads a number; most take one byte, as the length of nearly every text does.
func (r *reader) uvarint() uint64 {
	if at := r.at; at < len(r.data) && r.data[at] < 0x80 {
		r.at++
		return uint64(r.data[at])
	}
	return r.longUvarint()
}

func (r *reader) longUvarint() uint64 {
	v, n := binary.Uvarint(r.data[r.at:])
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.at += n
	return v
}

func (r *reader) uint32() uint32 {
	v := r.uvarint()
	if v > math.MaxUint32 {
		r.bad = true
		return 0
	}
	return uint32(v)
}

// bytes returns the next n bytes of the record itself.
func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.data)-r.at) {
		r.bad = true
		return nil
	}
	b := r.data[r.at : r.at+int(n) : r.at+int(n)]
	r.at += int(n)
	return b
}

// string reads a length and that many bytes, without a copy.
func (r *reader) string() string {
	n := r.uvarint()
	if r.bad || n == 0 {
		return ""
	}
	return unsafeText(r.bytes(n))
}

// unsafeText is a text that shares its bytes.
func unsafeText(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b))
}

func (r *reader) text(bit int, to *string) {
	if r.has(bit) {
		*to = r.string()
	}
}

func (r *reader) ref(bit int, to *Ref) {
	if r.has(bit) {
		copy(to[:], r.bytes(16))
	}
}

func (r *reader) number(bit int, to *int64) {
	if r.has(bit) {
		*to = int64(r.uvarint())
	}
}

func (r *reader) float(bit int, to *float64) {
	if !r.has(bit) {
		return
	}
	if b := r.bytes(8); !r.bad {
		*to = math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
}

// event reads what follows the kind byte of a RecordEvent.
func (r *reader) event(e *Event) {
	if len(r.data) < headerBytes {
		r.bad = true
		return
	}
	e.Type, e.Format = Type(r.data[1]), Format(r.data[2])
	for i := range bitmapBytes {
		r.bits |= uint64(r.data[3+i]) << (8 * i)
	}
	r.at = headerBytes
	if e.Type >= typeCount || e.Format >= formatCount || r.bits>>bitCount != 0 {
		r.bad = true
		return
	}
	e.Import, e.Known, e.Live = r.has(bitImport), r.has(bitKnown), r.has(bitLive)
	e.Quality.ErrorFatal = r.has(bitFatal)
	v, n := binary.Varint(r.data[r.at:])
	if n <= 0 {
		r.bad = true
		return
	}
	e.Time = v
	r.at += n
	if r.has(bitKeyID) {
		e.KeyID = r.uint32()
	}
	r.ref(bitViewer, (*Ref)(&e.Viewer))
	r.ref(bitID, &e.ID)
	r.ref(bitSession, &e.Session)
	r.ref(bitPlay, &e.Play)
	r.ref(bitImpression, &e.Impression)
	r.ref(bitSearch, &e.Search)
	r.number(bitSeq, &e.Seq)
	r.number(bitPosition, &e.PositionMS)
	r.number(bitDuration, &e.DurationMS)
	r.number(bitFrom, &e.FromMS)
	r.number(bitRank, &e.Rank)
	r.number(bitBitrate, &e.Quality.BitrateKbps)
	r.number(bitDropped, &e.Quality.DroppedFrames)
	r.number(bitStartup, &e.Quality.StartupMS)
	r.number(bitSearchHits, &e.SearchHits)
	r.float(bitPropensity, &e.Propensity)
	r.float(bitRate, &e.Rate)
	r.texts(e)
}

// texts reads what writer.texts wrote.
func (r *reader) texts(e *Event) {
	r.saidFrom = r.at
	r.text(bitTitle, &e.TitleID)
	r.text(bitCreative, &e.CreativeID)
	r.text(bitPlacement, &e.Placement)
	if r.bits>>bitCountry == 0 {
		r.saidTo = r.at
		return
	}
	c := &e.Context
	r.text(bitCountry, &c.Country)
	r.text(bitRegion, &c.Region)
	r.text(bitCity, &c.City)
	r.text(bitDevice, &c.DeviceType)
	r.text(bitOS, &c.OS)
	r.text(bitBrowser, &c.Browser)
	r.text(bitAppVersion, &c.AppVersion)
	r.text(bitPlayer, &c.Player)
	r.text(bitCDN, &c.CDN)
	r.text(bitISP, &c.ISP)
	r.saidTo = r.at
	r.text(bitConnection, &c.Connection)
	r.text(bitTimezone, &c.Timezone)
	r.text(bitDeviceRaw, &c.DeviceTypeRaw)
	r.text(bitErrorCode, &e.Quality.ErrorCode)
	r.text(bitErrorClass, &e.Quality.ErrorClass)
	r.text(bitSearchQuery, &e.SearchQuery)
	r.pairs(bitExperiments, &e.Experiments)
	r.pairs(bitTraits, &e.Traits)
	if r.has(bitProperties) {
		if b := r.bytes(r.uvarint()); len(b) > 0 {
			e.Properties = b
		}
	}
	r.text(bitOSVersion, &c.OSVersion)
	r.text(bitBrowserVersion, &c.BrowserVersion)
}

func (r *reader) pairs(bit int, to *map[string]string) {
	if !r.has(bit) {
		return
	}
	n := r.uvarint()
	// Each pair takes at least two bytes, so a wrong count cannot make a large map.
	if n > uint64(len(r.data)-r.at)/2 {
		r.bad = true
	}
	if r.bad || n == 0 {
		return
	}
	m := make(map[string]string, min(n, 64))
	for range n {
		k, v := r.string(), r.string()
		if r.bad {
			return
		}
		m[k] = v
	}
	*to = m
}
