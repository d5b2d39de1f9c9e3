package columnar

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Options of a file.
type Options struct {
	Columns []Column
	// Sorted are the columns by which rows come in order, ascending, nulls first.
	Sorted []int
	// PageRows is the most rows of a page; 0 is 16,384. Larger ones compress
	// better and take more memory of who merges files.
	PageRows int
	// Zstd compresses pages; it is not used concurrently by one Writer.
	Zstd *zstd.Encoder
	// Light compresses Refs and Tags as they stand, which are random; nil is Zstd.
	Light *zstd.Encoder
	// Key encrypts the file if it is not nil: 16, 24 or 32 bytes.
	Key       []byte
	CreatedBy string
	// Meta is the file's own metadata.
	Meta []format.KeyValue
}

// Writer writes files, one after the other, and keeps its memory between them.
// It is not for several goroutines.
type Writer struct {
	options Options
	chunks  []*Chunk
	out     io.Writer
	at      int64 // bytes written
	seal    *seal
	group   int16
	groups  []format.RowGroup
	open    format.RowGroup // its columns that are written already
	rows    int64
	err     error

	page, scratch, packed []byte
	spare                 buffers
}

// NewWriter returns a writer of files that look alike.
func NewWriter(o Options) *Writer {
	if o.PageRows == 0 {
		o.PageRows = pageRows
	}
	if o.Light == nil {
		o.Light = o.Zstd
	}
	w := &Writer{options: o}
	for i := range o.Columns {
		c := &Chunk{w: w, decl: &o.Columns[i], index: i}
		if (c.decl.Coding == Dictionary || c.decl.Coding == Repeats) && c.decl.Kind != Bool {
			c.dict = newDictionary(c.decl.Kind)
		}
		w.chunks = append(w.chunks, c)
	}
	if len(o.Sorted) > 0 {
		if d := w.chunks[o.Sorted[0]].dict; d != nil {
			d.sorted = true
		}
	}
	return w
}

// Begin starts a file; what was begun before and not ended is forgotten.
func (w *Writer) Begin(out io.Writer, meta []format.KeyValue) error {
	for _, c := range w.chunks {
		c.rows, c.defs, c.idx, c.nums, c.plain = 0, c.defs[:0], c.idx[:0], c.nums[:0], c.plain[:0]
		c.reset()
	}
	w.out, w.at, w.group, w.groups, w.rows, w.err, w.seal = out, 0, 0, nil, 0, nil, nil
	w.open = format.RowGroup{}
	w.options.Meta = meta
	if w.options.Key != nil {
		if w.seal, w.err = newSeal(w.options.Key); w.err != nil {
			return w.err
		}
	}
	w.write(w.magic())
	return w.err
}

func (w *Writer) magic() []byte {
	if w.seal != nil {
		return []byte("PARE")
	}
	return []byte("PAR1")
}

// Column is where the values of column i go, one a row.
func (w *Writer) Column(i int) *Chunk { return w.chunks[i] }

// Held is about how much memory the open row group takes.
func (w *Writer) Held() (n int) {
	for _, c := range w.chunks {
		n += cap(c.pages) + cap(c.plain)
		if c.dict != nil {
			n += 3 * cap(c.dict.values)
		}
	}
	return n
}

func (w *Writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *Writer) write(b []byte) {
	if w.err != nil {
		return
	}
	n, err := w.out.Write(b)
	w.at += int64(n)
	w.err = err
}

// Fresh says that the next row has another value of the first sorted column than the
// one before. Refs of other columns are then taken for new ones.
func (w *Writer) Fresh() {
	for _, c := range w.chunks {
		if c.dict != nil {
			c.dict.fresh()
		}
	}
}

// EndColumn writes what the open row group has of the next column, for those who have
// given it whole; its memory is then free for the others. It is called for each column
// in turn, or for none.
func (w *Writer) EndColumn() error {
	c := w.chunks[len(w.open.Columns)]
	err := w.endColumn(c)
	c.lend()
	return err
}

func (w *Writer) endColumn(c *Chunk) error {
	c.cut()
	if c.values == 0 || w.err != nil {
		return w.err
	}
	if len(w.open.Columns) == 0 {
		w.open = format.RowGroup{NumRows: c.values, FileOffset: w.at, Ordinal: w.group, Columns: make([]format.ColumnChunk, 0, len(w.chunks))}
	}
	g := &w.open
	if c.values != g.NumRows {
		return fmt.Errorf("column %s has %d rows where others have %d", c.decl.Name, c.values, g.NumRows)
	}
	cc := w.chunk(c)
	g.TotalByteSize += cc.MetaData.TotalUncompressedSize
	g.TotalCompressedSize += cc.MetaData.TotalCompressedSize
	g.Columns = append(g.Columns, cc)
	c.pages = c.pages[:0]
	return w.err
}

// EndGroup writes the open row group, if it has rows.
func (w *Writer) EndGroup() error {
	for i := len(w.open.Columns); i < len(w.chunks); i++ {
		if err := w.endColumn(w.chunks[i]); err != nil {
			return err
		}
		if len(w.open.Columns) == 0 {
			return nil // there are no rows
		}
	}
	g := w.open
	for i, c := range w.chunks {
		w.bloom(c, &g.Columns[i].MetaData)
		c.reset()
	}
	for _, i := range w.options.Sorted {
		g.SortingColumns = append(g.SortingColumns, format.SortingColumn{ColumnIdx: int32(i), NullsFirst: true})
	}
	w.groups, w.open = append(w.groups, g), format.RowGroup{}
	w.rows += g.NumRows
	w.group++
	return w.err
}

// chunk writes the pages of a column.
func (w *Writer) chunk(c *Chunk) format.ColumnChunk {
	start := w.at
	m := format.ColumnMetaData{
		Type: c.decl.physical(), PathInSchema: []string{c.decl.Name}, Codec: format.Zstd, NumValues: c.values,
		Encoding: []format.Encoding{format.RLE}, Statistics: c.statistics(),
	}
	if c.dict != nil && (c.decl.Coding != Repeats || !c.given) {
		m.Encoding = append(m.Encoding, format.Plain, format.RLEDictionary)
		m.DictionaryPageOffset = start
		h := format.PageHeader{Type: format.DictionaryPage, DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{
			NumValues: c.dict.count, Encoding: format.Plain,
		})}
		w.write(c.appendPage(nil, &h, c.dict.values, 0))
	} else if c.decl.Coding == Delta || c.decl.Coding == Repeats {
		m.Encoding = append(m.Encoding, format.DeltaBinaryPacked)
	} else {
		m.Encoding = append(m.Encoding, format.Plain)
	}
	m.DataPageOffset = w.at
	w.write(c.pages)
	m.TotalCompressedSize, m.TotalUncompressedSize = w.at-start, c.sizeRaw
	cc := format.ColumnChunk{FileOffset: start, MetaData: m}
	if w.seal != nil {
		cc.CryptoMetadata.Value = &format.EncryptionWithFooterKey{}
	}
	return cc
}

// bloom writes a column's filter after the row group's pages.
func (w *Writer) bloom(c *Chunk, m *format.ColumnMetaData) {
	bits := c.filter()
	if bits == nil {
		return
	}
	h := format.BloomFilterHeader{NumBytes: int32(len(bits))}
	h.Algorithm.Value, h.Hash.Value, h.Compression.Value = &format.SplitBlockAlgorithm{}, &format.XxHash{}, &format.BloomFilterUncompressed{}
	head, err := thrift.Marshal(&thrift.CompactProtocol{}, &h)
	if err != nil {
		w.fail(fmt.Errorf("encode a bloom filter: %w", err))
	}
	if w.seal != nil {
		head = w.seal.module(nil, head, moduleBloomHeader, w.group, int16(c.index))
		bits = w.seal.module(nil, bits, moduleBloomBits, w.group, int16(c.index))
	}
	m.BloomFilterOffset, m.BloomFilterLength = w.at, int32(len(head)+len(bits))
	w.write(head)
	w.write(bits)
}

// End writes the open row group and the footer.
func (w *Writer) End() error {
	if err := w.EndGroup(); err != nil {
		return err
	}
	meta := format.FileMetaData{Version: 2, NumRows: w.rows, RowGroups: w.groups, KeyValueMetadata: w.options.Meta, CreatedBy: w.options.CreatedBy}
	root := format.SchemaElement{Name: "event", NumChildren: thrift.New(int32(len(w.chunks)))}
	meta.Schema = append(meta.Schema, root)
	for _, c := range w.chunks {
		meta.Schema = append(meta.Schema, c.decl.element())
		meta.ColumnOrders = append(meta.ColumnOrders, format.ColumnOrder{Value: &format.TypeDefinedOrder{}})
	}
	protocol := &thrift.CompactProtocol{}
	footer, err := thrift.Marshal(protocol, &meta)
	if err != nil {
		return fmt.Errorf("encode a footer: %w", err)
	}
	if w.seal != nil {
		var crypto format.FileCryptoMetaData
		crypto.EncryptionAlgorithm.Value = &format.AesGcmV1{AadFileUnique: w.seal.unique}
		head, err := thrift.Marshal(protocol, &crypto)
		if err != nil {
			return fmt.Errorf("encode a footer: %w", err)
		}
		footer = append(head, w.seal.module(nil, footer, moduleFooter)...)
	}
	footer = binary.LittleEndian.AppendUint32(footer, uint32(len(footer)))
	w.write(append(footer, w.magic()...))
	return w.err
}
