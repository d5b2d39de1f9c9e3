package duck

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"
	"unsafe"

	duckdb "github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"
)

// rowWriter appends rows to a table, in the transaction under way if there is one. The
// values of a row are given column by column, in order, and lie in the engine's own
// vectors at once: the driver's appender takes each as an interface, and calls into the
// engine for each text and each NULL. What goes wrong with a value is told by next.
type rowWriter struct {
	ctx      context.Context // of the one call that it serves
	conn     mapping.Connection
	appender mapping.Appender
	types    []mapping.LogicalType
	chunk    mapping.DataChunk
	columns  []column
	capacity int // rows of a chunk
	row, at  int // of the value that comes next
	texts    textHeap
	waiting  int    // bytes that the engine does not have yet
	scratch  []byte // of the row under way
	err      error
}

// column is a column of the chunk. The slice of its type has a place for each row, in
// memory of the engine's.
type column struct {
	kind     mapping.Type
	vector   mapping.Vector
	int64s   []int64
	uint64s  []uint64
	doubles  []float64
	int32s   []int32
	uint32s  []uint32
	bytes    []uint8
	texts    []text
	validity []uint64 // a bit each row, 0 for NULL; nil as long as there is none
}

const (
	// waitingBytes is about how much gathers before the engine gets it: what waits in an
	// appender, the engine does not count as its memory.
	waitingBytes = 4 << 20
	// chunkTextBytes of long texts end a chunk before it has all of its rows.
	chunkTextBytes = 1 << 20
)

// newRowWriter writes to columns of a table, nil for all.
func newRowWriter(s session, table string, columns []string) (*rowWriter, error) {
	conn, err := handle(s.conn)
	if err != nil {
		return nil, err
	}
	w := &rowWriter{ctx: s.ctx, conn: conn, capacity: int(mapping.VectorSize())}
	if mapping.AppenderCreateExt(conn, "", "", table, &w.appender) == mapping.StateError {
		return nil, errors.Join(w.engineError(), w.free())
	}
	for _, c := range columns {
		if mapping.AppenderAddColumn(w.appender, c) == mapping.StateError {
			return nil, errors.Join(w.engineError(), w.free())
		}
	}
	for i := range mapping.AppenderColumnCount(w.appender) {
		w.types = append(w.types, mapping.AppenderColumnType(w.appender, i))
	}
	w.chunk = mapping.CreateDataChunk(w.types)
	w.columns = make([]column, len(w.types))
	for i := range w.columns {
		c := &w.columns[i]
		c.kind, c.vector = mapping.GetTypeId(w.types[i]), mapping.DataChunkGetVector(w.chunk, mapping.IdxT(i))
		if !c.attach(w.capacity) {
			return nil, errors.Join(fmt.Errorf("column %d of %s has a type that is not written: %v", i, table, c.kind), w.free())
		}
	}
	return w, nil
}

// handle is the engine's name for a connection, which the driver keeps to itself.
func handle(c *duckdb.Conn) (mapping.Connection, error) {
	v := reflect.ValueOf(c).Elem().FieldByName("conn")
	if !v.IsValid() || v.Type() != reflect.TypeFor[mapping.Connection]() {
		return mapping.Connection{}, errors.New("the driver of DuckDB keeps its connections in another way")
	}
	return mapping.Connection{Ptr: v.FieldByName("Ptr").UnsafePointer()}, nil
}

// attach finds the memory of a column of an empty chunk, which has room for n rows.
func (c *column) attach(n int) bool {
	*c = column{kind: c.kind, vector: c.vector}
	at := mapping.VectorGetData(c.vector)
	switch c.kind {
	case mapping.TypeBigInt:
		c.int64s = unsafe.Slice((*int64)(at), n)
	case mapping.TypeUBigInt:
		c.uint64s = unsafe.Slice((*uint64)(at), n)
	case mapping.TypeDouble:
		c.doubles = unsafe.Slice((*float64)(at), n)
	case mapping.TypeInteger:
		c.int32s = unsafe.Slice((*int32)(at), n)
	case mapping.TypeUInteger:
		c.uint32s = unsafe.Slice((*uint32)(at), n)
	case mapping.TypeUTinyInt, mapping.TypeBoolean:
		c.bytes = unsafe.Slice((*uint8)(at), n)
	case mapping.TypeVarchar, mapping.TypeBlob:
		c.texts = unsafe.Slice((*text)(at), n)
	default:
		return false
	}
	return true
}

var errColumn = errors.New("a value does not fit its column")

// put puts a value into the next column of the row; list picks the memory of its type.
func put[T any](w *rowWriter, list func(*column) []T, v T) {
	if w.at < len(w.columns) {
		if to := list(&w.columns[w.at]); w.row < len(to) {
			to[w.row] = v
			w.at++
			return
		}
	}
	w.refuse()
}

func (w *rowWriter) refuse() {
	if w.err == nil {
		w.err = fmt.Errorf("column %d of %d: %w", w.at, len(w.columns), errColumn)
	}
}

func (w *rowWriter) int64(v int64) {
	if w.at < len(w.columns) {
		if to := w.columns[w.at].int64s; w.row < len(to) {
			to[w.row] = v
			w.at++
			return
		}
	}
	w.refuse()
}

func (w *rowWriter) uint64(v uint64)   { put(w, func(c *column) []uint64 { return c.uint64s }, v) }
func (w *rowWriter) float64(v float64) { put(w, func(c *column) []float64 { return c.doubles }, v) }
func (w *rowWriter) int32(v int32)     { put(w, func(c *column) []int32 { return c.int32s }, v) }
func (w *rowWriter) uint32(v uint32)   { put(w, func(c *column) []uint32 { return c.uint32s }, v) }
func (w *rowWriter) uint8(v uint8)     { put(w, func(c *column) []uint8 { return c.bytes }, v) }

func (w *rowWriter) bool(v bool) {
	b := uint8(0)
	if v {
		b = 1
	}
	w.uint8(b)
}

// string puts a text. One that is no UTF-8 becomes what the engine makes of it.
func (w *rowWriter) string(v string) {
	if w.at < len(w.columns) && w.columns[w.at].kind == mapping.TypeVarchar && !utf8.ValidString(v) {
		w.texts.used += len(v)
		mapping.VectorAssignStringElement(w.columns[w.at].vector, mapping.IdxT(w.row), v)
		w.at++
		return
	}
	w.text(w.texts.text(unsafe.Slice(unsafe.StringData(v), len(v))))
}

// blob puts bytes, which need be no text; the writer keeps a copy.
func (w *rowWriter) blob(v []byte) {
	if w.at < len(w.columns) && w.columns[w.at].kind != mapping.TypeBlob {
		w.refuse()
		return
	}
	w.text(w.texts.text(v))
}

func (w *rowWriter) text(v text) {
	if w.at < len(w.columns) {
		if to := w.columns[w.at].texts; w.row < len(to) {
			to[w.row] = v
			w.at++
			return
		}
	}
	w.refuse()
}

func (w *rowWriter) null() {
	if w.at >= len(w.columns) {
		w.refuse()
		return
	}
	c := &w.columns[w.at]
	if c.validity == nil {
		mapping.VectorEnsureValidityWritable(c.vector)
		c.validity = unsafe.Slice((*uint64)(mapping.VectorGetValidity(c.vector)), (w.capacity+63)/64)
	}
	c.validity[w.row/64] &^= 1 << (w.row % 64)
	if c.texts != nil {
		c.texts[w.row] = text{} // what lay there may point to what is no more
	}
	w.at++
}

// next ends a row.
func (w *rowWriter) next() error {
	if w.err == nil && w.at != len(w.columns) {
		w.refuse()
	}
	if w.err != nil {
		return w.err
	}
	w.waiting += 16 * len(w.columns)
	w.at = 0
	if w.row++; w.row < w.capacity && w.texts.used < chunkTextBytes {
		return nil
	}
	if w.err = w.send(); w.err != nil || w.waiting < waitingBytes {
		return w.err
	}
	w.waiting = 0
	w.err = w.flush()
	return w.err
}

// send hands the rows of the chunk to the appender, which copies them.
func (w *rowWriter) send() error {
	if w.row == 0 {
		return nil
	}
	mapping.DataChunkSetSize(w.chunk, mapping.IdxT(w.row))
	if mapping.AppendDataChunk(w.appender, w.chunk) == mapping.StateError {
		return w.engineError()
	}
	mapping.DataChunkReset(w.chunk)
	for i := range w.columns {
		w.columns[i].attach(w.capacity)
	}
	w.row = 0
	w.waiting += w.texts.used
	w.texts.reset()
	return nil
}

// flush hands what was appended to the transaction. It can be given up.
func (w *rowWriter) flush() error {
	over := make(chan struct{})
	stop := context.AfterFunc(w.ctx, func() {
		mapping.Interrupt(w.conn)
		close(over)
	})
	state := mapping.AppenderFlush(w.appender)
	if !stop() {
		<-over // it must not come to what the connection does next
	}
	if state == mapping.StateError {
		return errors.Join(w.ctx.Err(), w.engineError())
	}
	return nil
}

// close hands the rest to the transaction, or nothing of it after an error, which it
// returns. The writer is not used after it.
func (w *rowWriter) close(err error) error {
	if err == nil {
		err = w.err
	}
	if err == nil {
		err = w.send()
	}
	if err == nil {
		err = w.flush()
	}
	if err != nil {
		mapping.AppenderClear(w.appender) // else its end would flush it
	}
	return errors.Join(err, w.free())
}

func (w *rowWriter) free() (err error) {
	mapping.DestroyDataChunk(&w.chunk)
	for i := range w.types {
		mapping.DestroyLogicalType(&w.types[i])
	}
	w.columns, w.types = nil, nil
	w.texts.free()
	if mapping.AppenderDestroy(&w.appender) == mapping.StateError {
		err = errors.New("the appender was not closed in order")
	}
	return err
}

// engineError is what the engine says went wrong with the appender.
func (w *rowWriter) engineError() error {
	data := mapping.AppenderErrorData(w.appender)
	defer mapping.DestroyErrorData(&data)
	return &duckdb.Error{Type: duckdb.ErrorType(mapping.ErrorDataErrorType(data)), Msg: mapping.ErrorDataMessage(data)}
}
