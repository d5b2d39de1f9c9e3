package columnar

import (
	"bufio"
	"fmt"
	"io"
)

// keptBytes is the largest packed page whose memory is kept for the next one.
const keptBytes = 256 << 10

// room is the memory that a cursor reads into.
type room struct {
	section io.SectionReader
	in      *bufio.Reader
	defs    []byte
	indexes []int32 // nil if the page is no dictionary's
	dict    data
	page    data
	flat    []byte // the page, decompressed, where its values are not decoded
	levels  []byte
	codes   []int32
	table   []int32 // for Chunk.Merge: 1 + the number there of a value of the dictionary, or 0
}

// Rooms is memory that cursors share or have left for others. The zero value is empty. It
// is not for several goroutines.
type Rooms struct {
	free         []*room
	packed, flat []byte // the page that is being read
}

func (r *Rooms) take() *room {
	if len(r.free) == 0 {
		return &room{in: bufio.NewReaderSize(nil, 8<<10)}
	}
	last := r.free[len(r.free)-1]
	r.free = r.free[:len(r.free)-1]
	return last
}

// Rest leaves the cursor's memory to others until its next row is asked for. The
// open page is read again then, and so is the dictionary.
func (c *Cursor) Rest() {
	if c == nil || c.room == nil {
		return
	}
	c.reached = c.tell()
	if c.row < c.rows {
		c.reached, c.skip = c.opened, c.row
		c.left += int64(c.rows)
		c.pages--
	}
	c.rows, c.row = 0, 0
	c.file.rooms.free = append(c.file.rooms.free, c.room)
	c.room = nil
}

// wake goes on after Rest, or begins.
func (c *Cursor) wake() error {
	if c.room != nil {
		return nil
	}
	c.room = c.file.rooms.take()
	reached := c.reached
	if err := c.begin(); err != nil {
		return err
	}
	if reached > 0 {
		c.seek(reached)
	}
	return nil
}

// begin goes to the first page of the row group.
func (c *Cursor) begin() error {
	c.seek(0)
	if !c.coded {
		return nil
	}
	return c.dictionary()
}

// seek goes to an offset of the chunk.
func (c *Cursor) seek(at int64) {
	c.section = *io.NewSectionReader(c.file.in, c.start+at, c.size-at)
	c.opened, c.reached = at, at
	c.in.Reset(&c.section)
}

// tell is the offset in the chunk of what is read next.
func (c *Cursor) tell() int64 {
	read, _ := c.section.Seek(0, io.SeekCurrent) // a section cannot fail there
	return c.reached + read - int64(c.in.Buffered())
}

// enter makes a row group the cursor's.
func (c *Cursor) enter(group int) error {
	g := &c.file.meta.RowGroups[group]
	if int(c.column) >= len(g.Columns) {
		return fmt.Errorf("%w: column %s is not in row group %d", ErrFile, c.want.Name, group)
	}
	m := &g.Columns[c.column].MetaData
	if m.Type != c.want.physical() {
		return fmt.Errorf("%w: column %s has another type", ErrFile, c.want.Name)
	}
	c.start, c.coded = m.DataPageOffset, m.DictionaryPageOffset > 0
	if c.coded {
		c.start = m.DictionaryPageOffset
	}
	c.size, c.left, c.group, c.pages, c.reached = m.TotalCompressedSize, m.NumValues, int16(group), 0, 0
	return nil
}
