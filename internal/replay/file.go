package replay

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"playhead/internal/collect/avro"
	"playhead/internal/mapping"
)

// RecordError is one record that cannot be used; the next ones may be.
type RecordError = mapping.RecordError

// source gives the records of a file as JSON, one after the other.
type source interface {
	// next gives a record, good until the next call. Errors: io.EOF after the
	// last, *RecordError for one that cannot be read; any other ends the file.
	next() ([]byte, error)
}

// file is an open file of records.
type file struct {
	source
	size int64
	read atomic.Int64 // of the file as it is stored
	ends []func()
}

func (f *file) close() {
	for i := len(f.ends) - 1; i >= 0; i-- {
		f.ends[i]()
	}
}

var (
	gzipMagic    = []byte{0x1f, 0x8b}
	zstdMagic    = []byte{0x28, 0xb5, 0x2f, 0xfd}
	parquetMagic = []byte("PAR1")
)

// errFormat: nothing that replay reads.
var errFormat = errors.New("neither JSON by lines, a JSON array, Avro nor Parquet")

// openFile opens a file and tells its format by its first bytes.
func openFile(path string) (f *file, err error) {
	f = &file{}
	defer func() {
		if err != nil {
			f.close()
			err = fmt.Errorf("read %s: %w", path, err)
		}
	}()
	in, err := os.Open(path)
	if err != nil {
		return f, err
	}
	f.ends = append(f.ends, func() { _ = in.Close() }) // read only
	info, err := in.Stat()
	if err != nil {
		return f, err
	}
	f.size = info.Size()
	text, packed, err := f.plain(in)
	if err != nil {
		return f, err
	}
	head, err := text.Peek(len(parquetMagic))
	if err != nil && err != io.EOF {
		return f, err
	}
	switch {
	case avro.IsFile(head):
		f.source, err = newAvroSource(text, f)
	case bytes.Equal(head, parquetMagic) && !packed:
		f.source, err = newParquetSource(in, f.size, f)
	case bytes.Equal(head, parquetMagic):
		f.source, err = unpackParquet(text, f)
	default:
		f.source, err = newJSONSource(text)
	}
	return f, err
}

// counting counts what is read of a file.
type counting struct {
	r io.Reader
	n *atomic.Int64
}

func (c counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// plain is the file's text, decompressed; packed tells whether it was compressed.
func (f *file) plain(in io.Reader) (text *bufio.Reader, packed bool, err error) {
	const buffer = 1 << 20
	text = bufio.NewReaderSize(counting{in, &f.read}, buffer)
	head, err := text.Peek(len(zstdMagic))
	if err != nil && err != io.EOF {
		return nil, false, err
	}
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		z, err := gzip.NewReader(text)
		if err != nil {
			return nil, true, err
		}
		return bufio.NewReaderSize(z, buffer), true, nil
	case bytes.Equal(head, zstdMagic):
		z, err := zstd.NewReader(text, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<30))
		if err != nil {
			return nil, true, err
		}
		f.ends = append(f.ends, z.Close)
		return bufio.NewReaderSize(z, buffer), true, nil
	}
	return text, false, nil
}

// identity is what makes two files the same import: what they hold, however
// compressed.
func identity(path string) (string, error) {
	f := &file{}
	defer f.close()
	in, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	defer in.Close()
	text, _, err := f.plain(in)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, text); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return hex.EncodeToString(sum.Sum(nil)[:16]), nil
}

// avroSource reads an object container file.
type avroSource struct{ r *avro.Reader }

func newAvroSource(text io.Reader, f *file) (source, error) {
	r, err := avro.NewReader(text, avro.Limits{Block: 256 << 20, Record: maxRecord})
	if err != nil {
		return nil, err
	}
	f.ends = append(f.ends, r.Close)
	return &avroSource{r}, nil
}

func (s *avroSource) next() ([]byte, error) {
	record, err := s.r.Next()
	if bad, ok := errors.AsType[*avro.RecordError](err); ok {
		return nil, &RecordError{Code: "malformed", Reason: bad.Reason}
	}
	return record, err
}
