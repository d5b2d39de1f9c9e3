package columnar

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// ErrFile is wrapped by errors of files that Writer did not write, or that were
// damaged since, or that have another key.
var ErrFile = errors.New("not a readable file of columns")

// maxModule bounds what a damaged length can make the reader take, bytes.
const maxModule = 1 << 30

// File reads a file that Writer wrote. Every reader of Parquet can read those;
// this one reads no others, and is fast.
type File struct {
	in      io.ReaderAt
	zstd    *zstd.Decoder
	meta    format.FileMetaData
	columns map[string]int
	seal    *seal
	rooms   *Rooms
}

// Open reads the footer. key is nil for a file that is not encrypted. Errors:
// ErrFile, or of reading.
func Open(in io.ReaderAt, size int64, key []byte, z *zstd.Decoder) (*File, error) {
	tail := make([]byte, 8)
	if size < 12 {
		return nil, fmt.Errorf("%w: it has %d bytes", ErrFile, size)
	}
	if _, err := in.ReadAt(tail, size-8); err != nil {
		return nil, err
	}
	n := int64(binary.LittleEndian.Uint32(tail))
	if n > size-12 {
		return nil, fmt.Errorf("%w: its footer is longer than it", ErrFile)
	}
	footer := make([]byte, n)
	if _, err := in.ReadAt(footer, size-8-n); err != nil {
		return nil, err
	}
	f := &File{in: in, zstd: z, columns: map[string]int{}, rooms: &Rooms{}}
	footer, err := f.plainFooter(string(tail[4:]), footer, key)
	if err != nil {
		return nil, err
	}
	if err := thrift.Unmarshal(&thrift.CompactProtocol{}, footer, &f.meta); err != nil {
		return nil, fmt.Errorf("%w: footer: %w", ErrFile, err)
	}
	for i, e := range f.meta.Schema {
		if i > 0 {
			f.columns[e.Name] = i - 1
		}
	}
	return f, f.check()
}

// check refuses a footer that speaks of rows that no column has.
func (f *File) check() error {
	for i := range f.meta.RowGroups {
		g := &f.meta.RowGroups[i]
		if g.NumRows < 0 || g.NumRows > 0 && len(g.Columns) == 0 || len(g.Columns) > len(f.columns) {
			return fmt.Errorf("%w: row group %d has %d rows of %d columns", ErrFile, i, g.NumRows, len(g.Columns))
		}
		for _, c := range g.Columns {
			if c.MetaData.NumValues != g.NumRows {
				return fmt.Errorf("%w: row group %d has columns of different length", ErrFile, i)
			}
		}
	}
	return nil
}

// plainFooter decrypts the footer where the file is encrypted.
func (f *File) plainFooter(magic string, footer, key []byte) ([]byte, error) {
	switch {
	case magic == "PAR1" && key == nil:
		return footer, nil
	case magic == "PAR1":
		return nil, fmt.Errorf("%w: it is not encrypted, but a key was given", ErrFile)
	case magic != "PARE":
		return nil, fmt.Errorf("%w: it does not end as one", ErrFile)
	case key == nil:
		return nil, fmt.Errorf("%w: it is encrypted, and no key was given", ErrFile)
	}
	var crypto format.FileCryptoMetaData
	p := &thrift.CompactProtocol{}
	r := p.NewReaderFromBytes(footer)
	if err := thrift.NewDecoder(r).Decode(&crypto); err != nil {
		return nil, fmt.Errorf("%w: footer: %w", ErrFile, err)
	}
	algorithm, ok := crypto.EncryptionAlgorithm.Value.(*format.AesGcmV1)
	if !ok {
		return nil, fmt.Errorf("%w: its encryption is not AES_GCM_V1", ErrFile)
	}
	head, err := thrift.Marshal(p, &crypto)
	if err != nil || len(head) > len(footer) {
		return nil, fmt.Errorf("%w: footer", ErrFile)
	}
	if f.seal, err = newSeal(key); err != nil {
		return nil, err
	}
	f.seal.unique = algorithm.AadFileUnique
	plain, _, err := f.seal.open(footer[len(head):], moduleFooter)
	return plain, err
}

// open decrypts the module that data begins with and returns the rest.
func (s *seal) open(data []byte, kind byte, ordinals ...int16) (plain, rest []byte, err error) {
	if len(data) < 4 {
		return nil, nil, fmt.Errorf("%w: a module is cut short", ErrFile)
	}
	n := int(binary.LittleEndian.Uint32(data))
	nonce := s.aead.NonceSize()
	if n < nonce || n > len(data)-4 {
		return nil, nil, fmt.Errorf("%w: a module is cut short", ErrFile)
	}
	module, rest := data[4:4+n], data[4+n:]
	plain, err = s.aead.Open(nil, module[:nonce], module[nonce:], s.aad(kind, ordinals))
	if err != nil {
		return nil, nil, fmt.Errorf("%w: it does not decrypt: another key, or damaged", ErrFile)
	}
	return plain, rest, nil
}

// Meta is the value of a key of the file's own metadata, or "".
func (f *File) Meta(key string) string {
	for _, kv := range f.meta.KeyValueMetadata {
		if kv.Key == key {
			return kv.Value
		}
	}
	return ""
}

// Groups are the row groups' rows.
func (f *File) Groups() []int64 {
	rows := make([]int64, len(f.meta.RowGroups))
	for i := range rows {
		rows[i] = f.meta.RowGroups[i].NumRows
	}
	return rows
}

// Cursor goes over the values of a column in a row group; nil if the file has
// no such column. want is its declaration; another type gives ErrFile.
func (f *File) Cursor(group int, want *Column) (*Cursor, error) {
	i, ok := f.columns[want.Name]
	if !ok {
		return nil, nil
	}
	repetition, _ := f.meta.Schema[i+1].RepetitionType.Get()
	c := &Cursor{file: f, want: want, column: int16(i), optional: repetition == format.Optional}
	return c, c.enter(group)
}

// Whole goes over the values of a column in all row groups, as Cursor.
func (f *File) Whole(want *Column) (*Cursor, error) {
	if len(f.meta.RowGroups) == 0 {
		return nil, nil
	}
	c, err := f.Cursor(0, want)
	if c != nil {
		c.whole = true
	}
	return c, err
}

// Like reports whether the file has exactly these columns, and nulls only where
// they may be: Chunk.Merge takes it then.
func (f *File) Like(columns []Column) bool {
	if len(f.columns) != len(columns) {
		return false
	}
	for i := range columns {
		at, ok := f.columns[columns[i].Name]
		if !ok {
			return false
		}
		repetition, _ := f.meta.Schema[at+1].RepetitionType.Get()
		if (repetition == format.Optional) == columns[i].Required {
			return false
		}
	}
	return true
}

// Share makes the file's cursors take their memory from what others have left.
func (f *File) Share(r *Rooms) { f.rooms = r }
