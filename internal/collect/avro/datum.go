package avro

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/hamba/avro/v2"
)

// maxDepth bounds the nesting of values; a schema may refer to itself.
const maxDepth = 32

var (
	errShort  = errors.New("the record ends in the middle of a value")
	errDeep   = fmt.Errorf("nested deeper than %d levels", maxDepth)
	errHuge   = errors.New("the record is too large")
	errUnion  = errors.New("a union without such a branch")
	errSymbol = errors.New("an enum without such a symbol")
	errVarint = errors.New("a number of more than 64 bits")
)

// cursor reads data of a schema at p and writes JSON to out.
type cursor struct {
	b   []byte
	p   int
	out []byte
	// limit bounds out.
	limit int
}

// record reads one datum and gives its JSON.
func (c *cursor) record(s avro.Schema) error {
	c.out = c.out[:0]
	return c.value(s, 0)
}

func (c *cursor) value(s avro.Schema, depth int) error {
	if depth > maxDepth {
		return errDeep
	}
	if len(c.out) > c.limit {
		return errHuge
	}
	switch s := s.(type) {
	case *avro.RefSchema:
		return c.value(s.Schema(), depth)
	case *avro.RecordSchema:
		return c.fields(s, depth)
	case *avro.UnionSchema:
		i, err := c.long()
		if err != nil {
			return err
		}
		if i < 0 || i >= int64(len(s.Types())) {
			return errUnion
		}
		return c.value(s.Types()[i], depth+1)
	case *avro.ArraySchema:
		return c.blocks('[', ']', func() error { return c.value(s.Items(), depth+1) })
	case *avro.MapSchema:
		return c.blocks('{', '}', func() error {
			key, err := c.bytes()
			if err != nil {
				return err
			}
			c.out = append(appendText(c.out, key), ':')
			return c.value(s.Values(), depth+1)
		})
	case *avro.EnumSchema:
		i, err := c.long()
		if err != nil {
			return err
		}
		if i < 0 || i >= int64(len(s.Symbols())) {
			return errSymbol
		}
		c.out = appendText(c.out, []byte(s.Symbols()[i]))
		return nil
	case *avro.FixedSchema:
		text, err := c.take(int64(s.Size()))
		if err != nil {
			return err
		}
		c.out = append(c.out, '"')
		c.out = fmt.Appendf(c.out, "%x", text)
		c.out = append(c.out, '"')
		return nil
	}
	return c.primitive(s)
}

func (c *cursor) primitive(s avro.Schema) error {
	switch s.Type() {
	case avro.Null:
		c.out = append(c.out, "null"...)
	case avro.Boolean:
		b, err := c.take(1)
		if err != nil {
			return err
		}
		c.out = strconv.AppendBool(c.out, b[0] != 0)
	case avro.Int, avro.Long:
		n, err := c.long()
		if err != nil {
			return err
		}
		c.out = strconv.AppendInt(c.out, millis(s, n), 10)
	case avro.Float:
		b, err := c.take(4)
		if err != nil {
			return err
		}
		c.float(float64(math.Float32frombits(binary.LittleEndian.Uint32(b))))
	case avro.Double:
		b, err := c.take(8)
		if err != nil {
			return err
		}
		c.float(math.Float64frombits(binary.LittleEndian.Uint64(b)))
	case avro.String, avro.Bytes:
		text, err := c.bytes()
		if err != nil {
			return err
		}
		if c.out = appendText(c.out, text); len(c.out) > c.limit {
			return errHuge
		}
	default:
		return fmt.Errorf("values of type %s are not known", s.Type())
	}
	return nil
}

// millis makes times of other precision milliseconds.
func millis(s avro.Schema, n int64) int64 {
	p, ok := s.(*avro.PrimitiveSchema)
	if !ok || p.Logical() == nil {
		return n
	}
	switch p.Logical().Type() {
	case avro.TimestampMicros, avro.LocalTimestampMicros:
		return n / 1000
	case avro.Date:
		return n * 86_400_000
	}
	return n
}

// float writes what JSON can hold; what it cannot is nothing.
func (c *cursor) float(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		c.out = append(c.out, "null"...)
		return
	}
	c.out = strconv.AppendFloat(c.out, f, 'g', -1, 64)
}

// fields writes a record; what is null is left out.
func (c *cursor) fields(s *avro.RecordSchema, depth int) error {
	c.out = append(c.out, '{')
	start := len(c.out)
	for _, f := range s.Fields() {
		before := len(c.out)
		if before > start {
			c.out = append(c.out, ',')
		}
		c.out = append(appendText(c.out, []byte(f.Name())), ':')
		at := len(c.out)
		if err := c.value(f.Type(), depth+1); err != nil {
			return err
		}
		switch {
		case string(c.out[at:]) == "null":
			c.out = c.out[:before]
		case depth == 0 && f.Name() == "properties":
			c.openText(at)
		}
	}
	c.out = append(c.out, '}')
	return nil
}

// openText makes an object of a string at the end of out that holds one: Avro
// has no open map.
func (c *cursor) openText(at int) {
	var s string
	if c.out[at] != '"' || json.Unmarshal(c.out[at:], &s) != nil {
		return
	}
	if len(s) > 0 && s[0] == '{' && json.Valid([]byte(s)) {
		c.out = append(c.out[:at], s...)
	}
}

// blocks reads the blocks of an array or a map.
func (c *cursor) blocks(open, end byte, item func() error) error {
	c.out = append(c.out, open)
	first := true
	for {
		n, err := c.long()
		if err != nil {
			return err
		}
		if n == 0 {
			c.out = append(c.out, end)
			return nil
		}
		if n < 0 { // its size in bytes follows
			n = -n
			if _, err := c.long(); err != nil {
				return err
			}
		}
		// Items of no bytes come to an end at the limit of out.
		for ; n > 0; n-- {
			if !first {
				c.out = append(c.out, ',')
			}
			first = false
			if err := item(); err != nil {
				return err
			}
		}
	}
}

func (c *cursor) long() (int64, error) {
	u, n := binary.Uvarint(c.b[c.p:])
	switch {
	case n == 0:
		return 0, errShort
	case n < 0:
		return 0, errVarint
	}
	c.p += n
	return int64(u>>1) ^ -int64(u&1), nil
}

func (c *cursor) bytes() ([]byte, error) {
	n, err := c.long()
	if err != nil {
		return nil, err
	}
	return c.take(n)
}

func (c *cursor) take(n int64) ([]byte, error) {
	if n < 0 || n > int64(len(c.b)-c.p) {
		return nil, errShort
	}
	b := c.b[c.p : c.p+int(n)]
	c.p += int(n)
	return b, nil
}

const hex = "0123456789abcdef"

// appendText writes a JSON string with only the escapes that it needs. What is
// not UTF-8 stays so, and is refused by who reads it.
func appendText(dst, s []byte) []byte {
	dst = append(dst, '"')
	for _, ch := range s {
		switch {
		case ch == '"' || ch == '\\':
			dst = append(dst, '\\', ch)
		case ch == '\n':
			dst = append(dst, '\\', 'n')
		case ch < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[ch>>4], hex[ch&15])
		default:
			dst = append(dst, ch)
		}
	}
	return append(dst, '"')
}
