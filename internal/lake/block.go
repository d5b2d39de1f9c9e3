package lake

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"
	"unicode/utf8"

	"playhead/internal/event"
)

// entry is one record of a block: where it goes and where it is.
type entry struct {
	hi, lo         uint64 // the viewer, big endian
	time, received int64  // epoch ms
	hour           int32  // of time, hours since 1970
	piece          uint32 // of the block's
	at, size       uint32 // in the piece
}

const (
	hourMS     = 3_600_000
	entryBytes = 56
	pieceBytes = 1 << 20 // a record that is larger has a piece of its own
)

// block holds records of the log until they become files: as they are stored,
// since that is a third of what they would be decoded. They are in pieces, since one
// that grows leaves several times as much behind.
type block struct {
	pieces  [][]byte
	used    int // pieces
	size    int // bytes of records
	entries []entry
	event   event.Event
}

func (b *block) reset() {
	for i := range b.pieces {
		b.pieces[i] = b.pieces[i][:0]
	}
	b.used, b.size, b.entries = 0, 0, b.entries[:0]
}

// bytes is the memory that the block's content takes.
func (b *block) bytes() int { return b.size + entryBytes*len(b.entries) }

// release empties the block and lets go of what a smaller one of so many bytes does not need.
func (b *block) release(keep int) {
	b.reset()
	if n := keep / pieceBytes; len(b.pieces) > n {
		clear(b.pieces[n:])
		b.pieces = b.pieces[:n]
	}
	if cap(b.entries) > keep/entryBytes {
		b.entries = nil
	}
}

// store copies a record and says where it is.
func (b *block) store(data []byte) (piece, at uint32) {
	for b.used == 0 || len(b.pieces[b.used-1])+len(data) > cap(b.pieces[b.used-1]) {
		if b.used == len(b.pieces) {
			b.pieces = append(b.pieces, make([]byte, 0, max(pieceBytes, len(data))))
		}
		b.used++
	}
	last := &b.pieces[b.used-1]
	at = uint32(len(*last))
	*last = append(*last, data...)
	b.size += len(data)
	return uint32(b.used - 1), at
}

// add keeps a record of the log if it is an event.
func (b *block) add(data []byte, received int64) error {
	kind, err := event.DecodeRecord(data, &b.event)
	if err != nil || kind != event.RecordEvent {
		return err
	}
	e := &b.event
	hour := e.Time / hourMS
	if e.Time%hourMS < 0 {
		hour--
	}
	piece, at := b.store(data)
	b.entries = append(b.entries, entry{
		hi: binary.BigEndian.Uint64(e.Viewer[:8]), lo: binary.BigEndian.Uint64(e.Viewer[8:]),
		time: e.Time, received: received, hour: int32(hour), piece: piece, at: at, size: uint32(len(data)),
	})
	return nil
}

// sort puts entries in the order of the files: by hour, and within it by viewer,
// time and arrival.
func (b *block) sort() {
	slices.SortFunc(b.entries, func(x, y entry) int {
		switch {
		case x.hour != y.hour:
			return cmp.Compare(x.hour, y.hour)
		case x.hi != y.hi:
			return cmp.Compare(x.hi, y.hi)
		case x.lo != y.lo:
			return cmp.Compare(x.lo, y.lo)
		case x.time != y.time:
			return cmp.Compare(x.time, y.time)
		}
		if x.piece != y.piece {
			return cmp.Compare(x.piece, y.piece)
		}
		return cmp.Compare(x.at, y.at) // a viewer's records came in one partition's order
	})
}

// hours calls fn with the entries of each hour, after sort.
func (b *block) hours(fn func(hour int32, entries []entry) error) error {
	rest := b.entries
	for len(rest) > 0 {
		n := 1
		for n < len(rest) && rest[n].hour == rest[0].hour {
			n++
		}
		if err := fn(rest[0].hour, rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// read decodes an entry into r. r points into the block.
func (b *block) read(x *entry, r *row) error {
	if _, err := event.DecodeRecord(b.pieces[x.piece][x.at:x.at+x.size], &r.Event); err != nil {
		return err
	}
	r.ReceivedAt = x.received
	r.experiments, r.traits = jsonOf(r.Experiments), jsonOf(r.Traits)
	return nil
}

// jsonOf is a map as JSON, in the order of its keys; nil if it is empty.
func jsonOf(m map[string]string) []byte {
	if len(m) == 0 {
		return nil
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	out := []byte{'{'}
	for i, k := range keys {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendString(out, k), ':')
		out = appendString(out, m[k])
	}
	return append(out, '}')
}

// appendString appends s as a JSON string.
func appendString(out []byte, s string) []byte {
	out = append(out, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', byte(c))
		case c < 0x20:
			out = append(out, '\\', 'u', '0', '0')
			if c < 0x10 {
				out = append(out, '0')
			}
			out = strconv.AppendInt(out, int64(c), 16)
		default:
			out = utf8.AppendRune(out, c)
		}
	}
	return append(out, '"')
}
