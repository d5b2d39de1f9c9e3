package columnar

import (
	"encoding/binary"
	"fmt"
)

// Marks of Chunk.Merge beside the number of a cursor.
const (
	// MostSources is how many cursors may be merged at once.
	MostSources = 64
	// Drop: the row is passed over.
	Drop = 1 << 7
	// Fresh: the row has another value of the first sorted column than the one before.
	Fresh = 1 << 6
)

// Merge appends rows of other files: for each of from the next row of the cursor of that
// number. It is much cheaper than a value at a time, since a value of a dictionary is
// looked up once. The cursors rest afterwards, so that one column's memory is the next
// one's. The cursors are of the same declaration.
func (c *Chunk) Merge(from []uint8, cursors []*Cursor) error {
	var err error
	c.borrow()
	for _, s := range from {
		r := cursors[s&(MostSources-1)]
		if s&Fresh != 0 && c.dict != nil {
			c.dict.fresh()
		}
		for r.row == r.rows {
			if err = r.turn(); err != nil {
				return fmt.Errorf("column %s: %w", c.decl.Name, err)
			}
		}
		row := r.row
		r.row++
		there := !r.optional || r.defs[row] != 0
		if there {
			r.at = r.next
			r.next++
		}
		switch {
		case s&Drop != 0:
		case !there:
			c.Null()
		case r.indexes != nil && c.dict != nil && !c.given:
			c.coded(r, r.indexes[r.at])
		default:
			c.value(r)
		}
	}
	for _, r := range cursors {
		r.Rest()
	}
	return nil
}

// coded appends the i-th value of the cursor's dictionary.
func (c *Chunk) coded(r *Cursor, i int32) {
	if int(i) >= len(r.table) {
		n := r.dict.len(r.want.Kind)
		if cap(r.table) < n {
			r.table = make([]int32, n)
		}
		r.table = r.table[:n]
		clear(r.table)
	}
	n := r.table[i]
	if n == 0 {
		n = 1 + c.number(r, i)
		r.table[i] = n
	}
	c.there()
	c.idx = append(c.idx, n-1)
	c.row()
}

// number is what the i-th value of the cursor's dictionary has in the chunk's.
func (c *Chunk) number(r *Cursor, i int32) int32 {
	d := &r.dict
	switch c.decl.Kind {
	case Ref:
		return c.dict.ref((*[16]byte)(d.bytes[16*i:]))
	case Text, JSON:
		at := d.offsets[i]
		size := int32(binary.LittleEndian.Uint32(d.bytes[at:]))
		return c.dict.text(d.bytes[at+4 : at+4+size])
	}
	return c.dict.number(int64(binary.LittleEndian.Uint64(d.bytes[8*i:])))
}

// value appends the cursor's value.
func (c *Chunk) value(r *Cursor) {
	switch c.decl.Kind {
	case Time, Number:
		c.Int64(r.Int64())
	case Float:
		c.Float64(r.Float64())
	case Bool:
		c.Bool(r.Bool())
	case Ref:
		c.Ref((*[16]byte)(r.Ref()))
	case Tag:
		c.Tag((*[8]byte)(r.Tag()))
	default:
		c.Bytes(r.Bytes())
	}
}

// buffers are what a column needs while it is written.
type buffers struct {
	defs, plain, pages, values []byte
	idx                        []int32
	nums                       []int64
}

// lend leaves the buffers of a column that is written to the next one.
func (c *Chunk) lend() {
	b := &c.w.spare
	b.defs, c.defs = c.defs[:0], nil
	b.plain, c.plain = c.plain[:0], nil
	b.pages, c.pages = c.pages[:0], nil
	b.idx, c.idx = c.idx[:0], nil
	b.nums, c.nums = c.nums[:0], nil
	if c.dict != nil && !c.decl.Bloom { // a filter is made of the values later
		b.values, c.dict.values = c.dict.values[:0], nil
	}
}

// borrow takes the buffers that another column left, if there are any.
func (c *Chunk) borrow() {
	b := &c.w.spare
	if c.rows > 0 || c.values > 0 || b.pages == nil {
		return
	}
	c.defs, c.plain, c.pages, c.idx, c.nums = b.defs, b.plain, b.pages, b.idx, b.nums
	if c.dict != nil && !c.decl.Bloom && b.values != nil {
		c.dict.values, b.values = b.values, nil
	}
	b.defs, b.plain, b.pages, b.idx, b.nums = nil, nil, nil, nil, nil
}
