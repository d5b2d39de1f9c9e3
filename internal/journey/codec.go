package journey

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unique"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// ErrState: stored state, or a control record, cannot be read.
var ErrState = errors.New("journey state is not readable")

var (
	errShort = errors.New("ends too early")
	errRange = errors.New("holds a value that cannot be")
)

// writer and reader are the plain varint codec of stored states. A text that was
// written before is a number.
type writer struct {
	data   []byte
	texts  map[string]uint64
	bases  map[base]uint64
	wholes map[where]uint64
}

// begin starts a record in the room of the last one.
func (w *writer) begin() {
	w.data = append(w.data[:0], stateVersion)
	clear(w.texts)
	clear(w.bases)
	clear(w.wholes)
}

func (w *writer) uint(v uint64) { w.data = binary.AppendUvarint(w.data, v) }
func (w *writer) int(v int64)   { w.data = binary.AppendVarint(w.data, v) }
func (w *writer) byte(v byte)   { w.data = append(w.data, v) }

func (w *writer) float(v float64) {
	w.data = binary.LittleEndian.AppendUint64(w.data, math.Float64bits(v))
}

func (w *writer) ref(v event.Ref) {
	if v.IsZero() {
		w.byte(0)
		return
	}
	w.byte(1)
	w.data = append(w.data, v[:]...)
}

func (w *writer) string(s string) {
	w.uint(uint64(len(s)))
	w.data = append(w.data, s...)
}

func (w *writer) text(s string) {
	n, ok := w.texts[s]
	w.uint(n)
	if ok {
		return
	}
	if w.texts == nil {
		w.texts = map[string]uint64{}
	}
	w.texts[s] = uint64(len(w.texts)) + 1
	w.string(s)
}

func (w *writer) handle(t text) { w.text(t.Value()) }

func (w *writer) base(b base) {
	n, ok := w.bases[b]
	w.uint(n)
	if ok {
		return
	}
	if w.bases == nil {
		w.bases = map[base]uint64{}
	}
	w.bases[b] = w.numbered() + 1
	w.dims(b.Value())
}

// numbered is how many dimension values have a number.
func (w *writer) numbered() uint64 { return uint64(len(w.bases) + len(w.wholes)) }

// whole writes dimension values with title and labels among them.
func (w *writer) whole(p where) {
	n, ok := w.wholes[p]
	w.uint(n)
	if ok {
		return
	}
	if w.wholes == nil {
		w.wholes = map[where]uint64{}
	}
	w.wholes[p] = w.numbered() + 1
	w.dims(p.dims())
}

func (w *writer) dims(d fact.Dims) {
	for _, s := range dimTexts(&d) {
		w.text(*s)
	}
	w.bits(d.Live)
}

// dimTexts are the texts of dims, in the order in which they are stored: append
// only.
func dimTexts(d *fact.Dims) [10]*string {
	return [10]*string{
		&d.Title, &d.Country, &d.Region, &d.DeviceType, &d.OS, &d.AppVersion, &d.Player, &d.CDN, &d.ISP, &d.Labels,
	}
}

func (w *writer) where(p where) {
	w.base(p.base)
	w.handle(p.title)
	w.handle(p.labels)
}

func (w *writer) slot(s slot) {
	w.handle(s.creative)
	w.handle(s.placement)
	w.handle(s.experiments)
	w.int(int64(s.rank))
}

func (w *writer) bits(on ...bool) {
	var v uint64
	for i, b := range on {
		if b {
			v |= 1 << i
		}
	}
	w.uint(v)
}

type reader struct {
	data  []byte
	err   error
	texts []string
	bases []base
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.data = nil
}

func (r *reader) skip(n int) bool {
	if n <= 0 || n > len(r.data) || r.err != nil {
		r.fail(errShort)
		return false
	}
	r.data = r.data[n:]
	return true
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.data)
	if !r.skip(n) {
		return 0
	}
	return v
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.data)
	if !r.skip(n) {
		return 0
	}
	return v
}

func (r *reader) byte() byte {
	if len(r.data) == 0 {
		r.fail(errShort)
		return 0
	}
	b := r.data[0]
	r.data = r.data[1:]
	return b
}

func (r *reader) float() float64 {
	if len(r.data) < 8 {
		r.fail(errShort)
		return 0
	}
	v := math.Float64frombits(binary.LittleEndian.Uint64(r.data))
	r.data = r.data[8:]
	return v
}

func (r *reader) ref() (v event.Ref) {
	if r.byte() == 0 {
		return v
	}
	if copy(v[:], r.data) < len(v) {
		r.fail(errShort)
		return event.Ref{}
	}
	r.data = r.data[len(v):]
	return v
}

// count is a length that cannot exceed what is left to read.
func (r *reader) count() int {
	n := r.uint()
	if n > uint64(len(r.data)) {
		r.fail(errShort)
		return 0
	}
	return int(n)
}

func (r *reader) string() string {
	n := r.count()
	if n == 0 {
		return ""
	}
	s := string(r.data[:n])
	r.data = r.data[n:]
	return s
}

func (r *reader) text() string {
	n := r.uint()
	switch {
	case n > uint64(len(r.texts)):
		r.fail(errRange)
		return ""
	case n > 0:
		return r.texts[n-1]
	}
	s := r.string()
	r.texts = append(r.texts, s)
	return s
}

func (r *reader) handle() text { return unique.Make(r.text()) }

func (r *reader) base() base {
	n := r.uint()
	switch {
	case n > uint64(len(r.bases)):
		r.fail(errRange)
	case n > 0:
		return r.bases[n-1]
	}
	var d fact.Dims
	for _, s := range dimTexts(&d) {
		*s = r.text()
	}
	r.bits(&d.Live)
	b := unique.Make(d)
	r.bases = append(r.bases, b)
	return b
}

func (r *reader) where() where { return where{base: r.base(), title: r.handle(), labels: r.handle()} }

func (r *reader) slot() slot {
	return slot{creative: r.handle(), placement: r.handle(), experiments: r.handle(), rank: int32(r.int())}
}

func (r *reader) bits(on ...*bool) {
	v := r.uint()
	for i, b := range on {
		*b = v&(1<<i) != 0
	}
}

// end is the error of what was read, also if something is left.
func (r *reader) end() error {
	if r.err == nil && len(r.data) > 0 {
		r.err = errRange
	}
	if r.err != nil {
		return fmt.Errorf("%w: %w", ErrState, r.err)
	}
	return nil
}

// version reads the first byte of a state.
func (r *reader) version() {
	if v := r.byte(); v != stateVersion && r.err == nil {
		r.fail(fmt.Errorf("version %d, this build reads %d", v, stateVersion))
	}
}
