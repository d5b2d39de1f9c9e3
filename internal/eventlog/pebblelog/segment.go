package pebblelog

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/zeebo/xxh3"

	"playhead/internal/eventlog"
)

// A segment is a file of consecutive batches of events:
//
//	magic(8) version(1) number(8) received_at(8) partitions(4) { next offset(8) }… checksum(8)
//	{ batch }…
//
// little endian: what it begins after, by partition, and the time that records
// were received at last before it. A batch is what became durable together, and
// is there as a whole or not at all:
//
//	mark(4) blocks(4) { partition(4) base(8) records(4) bytes(4) }… checksum(8) { block }…
//
// Checksums are XXH3-64 over what precedes them in their part, a batch's seeded
// with its place. Blocks have their own.
const (
	segmentMagic   = "PHEVENTS"
	segmentVersion = 1
	segmentFixed   = 8 + 1 + 8 + 8 + 4
	batchMark      = 0x31424850 // "PHB1"
	batchFixed     = 4 + 4
	refBytes       = 4 + 8 + 4 + 4
	// windowBytes is what is read at once to find the next batch.
	windowBytes = 16 << 10
)

// segmentName is the file of a segment; Pebble leaves alone what is not named
// like its own.
func segmentName(number uint64) string { return fmt.Sprintf("events-%012d.seg", number) }

// segmentNumber is the number in a segment's name.
func segmentNumber(name string) (number uint64, ok bool) {
	text, ok := strings.CutPrefix(name, "events-")
	if !ok {
		return 0, false
	}
	if text, ok = strings.CutSuffix(text, ".seg"); !ok {
		return 0, false
	}
	number, err := strconv.ParseUint(text, 10, 64)
	return number, err == nil
}

// segmentHead is the beginning of a segment.
type segmentHead struct {
	number uint64
	last   int64   // time of the last record before it, epoch ms
	start  []int64 // next offset by partition
}

func segmentHeadBytes(partitions int32) int64 { return segmentFixed + 8*int64(partitions) + 8 }

func (h *segmentHead) append(to []byte) []byte {
	from := len(to)
	to = append(to, segmentMagic...)
	to = append(to, segmentVersion)
	to = binary.LittleEndian.AppendUint64(to, h.number)
	to = binary.LittleEndian.AppendUint64(to, uint64(h.last))
	to = binary.LittleEndian.AppendUint32(to, uint32(len(h.start)))
	for _, next := range h.start {
		to = binary.LittleEndian.AppendUint64(to, uint64(next))
	}
	return binary.LittleEndian.AppendUint64(to, xxh3.Hash(to[from:]))
}

// readSegmentHead reads the beginning of the segment that should have the number.
// torn: a crash cut it short, before anything in it was acknowledged.
func readSegmentHead(w *window, number uint64, partitions int32) (h segmentHead, torn bool, err error) {
	size := segmentHeadBytes(partitions)
	if w.size < size {
		return h, true, nil
	}
	data, err := w.bytes(0, size)
	if err != nil {
		return h, false, err
	}
	if version := data[8]; string(data[:8]) == segmentMagic && version != segmentVersion && version != 0 {
		return h, false, fmt.Errorf("%s has version %d, which is not known; this program knows %d", segmentName(number), version, segmentVersion)
	}
	body := data[:size-8]
	if xxh3.Hash(body) != binary.LittleEndian.Uint64(data[size-8:]) || string(data[:8]) != segmentMagic {
		if torn, err = w.unwritten(0, size); torn || err != nil {
			return h, torn, err
		}
		return h, false, fmt.Errorf("%w: %s: its beginning does not match its checksum", eventlog.ErrCorrupt, segmentName(number))
	}
	h = segmentHead{number: binary.LittleEndian.Uint64(body[9:]), last: int64(binary.LittleEndian.Uint64(body[17:]))}
	if n := binary.LittleEndian.Uint32(body[25:]); h.number != number || n != uint32(partitions) {
		return h, false, fmt.Errorf("%w: %s says that it is segment %d of %d partitions", eventlog.ErrCorrupt, segmentName(number), h.number, n)
	}
	for at := segmentFixed; at < len(body); at += 8 {
		h.start = append(h.start, int64(binary.LittleEndian.Uint64(body[at:])))
	}
	return h, false, nil
}

// ref says where a block is.
type ref struct {
	partition int32
	base      int64
	count     uint32
	at, size  int64 // in the file
}

func (r *ref) end() int64 { return r.base + int64(r.count) }

// batchHead is the beginning of a batch.
type batchHead struct {
	refs []ref
	end  int64 // in the file
}

func batchSeed(number uint64, at int64) uint64 { return number*0x9E3779B97F4A7C15 ^ uint64(at) }

// appendBatchHead appends the beginning of a batch that lies at a place.
func appendBatchHead(to []byte, number uint64, at int64, refs []ref) []byte {
	from := len(to)
	to = binary.LittleEndian.AppendUint32(to, batchMark)
	to = binary.LittleEndian.AppendUint32(to, uint32(len(refs)))
	for i := range refs {
		r := &refs[i]
		to = binary.LittleEndian.AppendUint32(to, uint32(r.partition))
		to = binary.LittleEndian.AppendUint64(to, uint64(r.base))
		to = binary.LittleEndian.AppendUint32(to, r.count)
		to = binary.LittleEndian.AppendUint32(to, uint32(r.size))
	}
	return binary.LittleEndian.AppendUint64(to, xxh3.HashSeed(to[from:], batchSeed(number, at)))
}

// readBatchHead reads the beginning of the batch at a place into h, whose memory
// it uses again. Whether its blocks are there is not looked at. Not ok: it is not
// what was written, or the file ends.
func readBatchHead(w *window, number uint64, at int64, h *batchHead) (ok bool, err error) {
	if w.size-at < batchFixed+8 {
		return false, nil
	}
	data, err := w.bytes(at, batchFixed)
	if err != nil {
		return false, err
	}
	n := int64(binary.LittleEndian.Uint32(data[4:]))
	size := batchFixed + n*refBytes + 8
	if binary.LittleEndian.Uint32(data) != batchMark || n == 0 || size > w.size-at {
		return false, nil
	}
	if data, err = w.bytes(at, size); err != nil {
		return false, err
	}
	if xxh3.HashSeed(data[:size-8], batchSeed(number, at)) != binary.LittleEndian.Uint64(data[size-8:]) {
		return false, nil
	}
	h.refs, h.end = h.refs[:0], at+size
	for data = data[batchFixed : size-8]; len(data) > 0; data = data[refBytes:] {
		r := ref{
			partition: int32(binary.LittleEndian.Uint32(data)), base: int64(binary.LittleEndian.Uint64(data[4:])),
			count: binary.LittleEndian.Uint32(data[12:]), at: h.end, size: int64(binary.LittleEndian.Uint32(data[16:])),
		}
		h.refs, h.end = append(h.refs, r), h.end+r.size
	}
	return true, nil
}

// window reads a file piece by piece.
type window struct {
	f    vfs.File
	size int64 // of the file, or what of it may be read
	buf  []byte
	at   int64 // of buf in the file
}

// open has the window look at another file.
func (w *window) open(f vfs.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	w.f, w.size, w.buf, w.at = f, info.Size(), w.buf[:0], 0
	return nil
}

// bytes returns n bytes from a place on, which must be in the file, good until the
// next call.
func (w *window) bytes(at, n int64) ([]byte, error) {
	if at < w.at || at+n > w.at+int64(len(w.buf)) {
		want := min(max(n, windowBytes), w.size-at)
		if int64(cap(w.buf)) < want {
			w.buf = make([]byte, max(want, windowBytes))
		}
		w.buf, w.at = w.buf[:want], at
		got, err := w.f.ReadAt(w.buf, at)
		w.buf = w.buf[:got]
		if int64(got) < n {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	return w.buf[at-w.at : at-w.at+n : at-w.at+n], nil
}

// emptyBytes is how many zeros before the end of a sector tell that it was not
// written to its end: nothing that is written has as many there but by chance.
const emptyBytes = 16

// unwritten reports whether a sector of these places was not written, or not to its
// end: where a crash tears a file, what had not been synced is not there.
func (w *window) unwritten(from, to int64) (bool, error) {
	for end := (from/sector + 1) * sector; end <= w.size && end < to+sector; end += sector {
		begin := max(from, end-emptyBytes)
		data, err := w.bytes(begin, end-begin)
		if err != nil {
			return false, err
		}
		if len(bytes.Trim(data, "\x00")) == 0 {
			return true, nil
		}
	}
	return false, nil
}
