package avro

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/hamba/avro/v2"

	"playhead/internal/collect/native"
	"playhead/internal/collect/wire"
)

// ErrTooMany: the request holds more events than allowed. ErrUnknown: the body
// says nothing of its schema. ErrSchema: a single object of another schema than
// the published one.
var (
	ErrTooMany = errors.New("too many events")
	ErrUnknown = errors.New("the body is neither an Avro object container file nor a single object")
	ErrSchema  = errors.New("the single object is not of the published schema: send a container file, or take /schema/event.avsc")
)

var single = []byte{0xc3, 0x01}

// IsSingle tells a single object by its first bytes.
func IsSingle(text []byte) bool { return bytes.HasPrefix(text, single) }

// Options of one Decode.
type Options struct {
	// MaxEvents bounds the events of the body; 0 means no bound.
	MaxEvents int
	// MaxBytes bounds a block decompressed, and with a factor all of them with
	// their records as JSON.
	MaxBytes int
}

// maxRecord bounds a record as JSON: more than an event may have, properties
// included. expansion is how much longer the JSON of a body may be.
const (
	maxRecord = 512 << 10
	expansion = 8
)

// Schema is the published schema, ready for use. It is safe for any number of
// goroutines.
type Schema struct {
	schema avro.Schema
	mark   []byte // what a single object of it begins with
}

// ParseSchema reads the published schema.
func ParseSchema(text []byte) (*Schema, error) {
	s, err := avro.ParseBytesWithCache(text, "", &avro.SchemaCache{})
	if err != nil {
		return nil, fmt.Errorf("parse the published schema: %w", err)
	}
	print, err := s.FingerprintUsing(avro.CRC64AvroLE)
	if err != nil {
		return nil, fmt.Errorf("parse the published schema: %w", err)
	}
	return &Schema{schema: s, mark: append(bytes.Clone(single), print...)}, nil
}

// Mark is what a single object of the schema begins with: two bytes of magic and
// the fingerprint.
func (s *Schema) Mark() []byte { return s.mark }

// Decoder decodes bodies, one after the other. It must not be used by two
// goroutines at once.
type Decoder struct {
	schema *Schema
	native *native.Decoder
	item   wire.Item
	index  int
	opts   Options
	fn     func(*wire.Item)
}

// NewDecoder makes a decoder; schema is that of single objects.
func NewDecoder(schema *Schema) *Decoder {
	return &Decoder{schema: schema, native: native.NewDecoder()}
}

// Decode calls fn for each event of body in order; the item is good during the
// call only. An event that is wrong has Bad set. Errors: ErrUnknown, ErrSchema,
// ErrMalformed, ErrTooLarge, ErrTooMany.
func (d *Decoder) Decode(body []byte, opts Options, fn func(*wire.Item)) error {
	d.opts, d.fn, d.index = opts, fn, 0
	defer func() { d.fn = nil; d.item.Reset() }()
	switch {
	case IsFile(body):
		return d.file(body)
	case IsSingle(body):
		return d.singles(body)
	}
	return ErrUnknown
}

func (d *Decoder) file(body []byte) error {
	r, err := NewReader(bytes.NewReader(body), Limits{Block: d.opts.MaxBytes, Record: maxRecord, Total: expansion * d.opts.MaxBytes})
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		text, err := r.Next()
		var bad *RecordError
		switch {
		case err == io.EOF:
			return nil
		case errors.As(err, &bad):
			err = d.reject(bad.Reason)
		case err == nil:
			err = d.event(text)
		}
		if err != nil {
			return err
		}
	}
}

// singles reads single objects, one after the other.
func (d *Decoder) singles(body []byte) error {
	c := cursor{b: body, limit: maxRecord}
	for c.p < len(body) {
		if !bytes.HasPrefix(body[c.p:], d.schema.mark) {
			return ErrSchema
		}
		c.p += len(d.schema.mark)
		if err := c.record(d.schema.schema); err != nil {
			// Where it ends is lost: the next one begins with the next mark.
			if err := d.reject(err.Error()); err != nil {
				return err
			}
			next := bytes.Index(body[c.p:], d.schema.mark)
			if next < 0 {
				return nil
			}
			c.p += next
			continue
		}
		if err := d.event(c.out); err != nil {
			return err
		}
	}
	return nil
}

// event gives fn what the JSON of one record says.
func (d *Decoder) event(text []byte) error {
	if d.full() {
		return d.tooMany()
	}
	first, given := d.index, 0
	err := d.native.Decode(text, native.Options{MaxEvents: d.room()}, func(it *wire.Item) {
		it.Index = first + given
		given++
		d.fn(it)
	})
	d.index += given
	switch {
	case errors.Is(err, native.ErrTooMany):
		return d.tooMany()
	case err != nil || given == 0:
		return d.reject("the record is not an event")
	}
	return nil
}

func (d *Decoder) reject(reason string) error {
	if d.full() {
		return d.tooMany()
	}
	d.item.Reset()
	d.item.Index = d.index
	d.index++
	d.item.Reject("", wire.CodeMalformed, reason)
	d.fn(&d.item)
	return nil
}

func (d *Decoder) full() bool { return d.opts.MaxEvents > 0 && d.index >= d.opts.MaxEvents }

// room is how many more events there may be, 0 for any number.
func (d *Decoder) room() int {
	if d.opts.MaxEvents == 0 {
		return 0
	}
	return d.opts.MaxEvents - d.index
}

func (d *Decoder) tooMany() error {
	return fmt.Errorf("%w: more than %d", ErrTooMany, d.opts.MaxEvents)
}
