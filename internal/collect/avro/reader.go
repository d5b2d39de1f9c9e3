package avro

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/hamba/avro/v2"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

// ErrMalformed: what is read is no object container file, or is damaged beyond
// what its marks can mend. ErrTooLarge: a block or a record beyond the limits.
var (
	ErrMalformed = errors.New("not an Avro object container file, or damaged")
	ErrTooLarge  = errors.New("an Avro block or record is too large")
)

// RecordError is one record that cannot be read; the next ones may be.
type RecordError struct{ Reason string }

// Error is the reason.
func (e *RecordError) Error() string { return e.Reason }

// Limits of a Reader.
type Limits struct {
	// Block bounds a block as it is stored, and decompressed; bytes.
	Block int
	// Record bounds a record as JSON, bytes.
	Record int
	// Total bounds all blocks decompressed and all records as JSON, bytes; 0
	// means no bound.
	Total int
}

// maxSchema bounds the text of a schema, and each other entry of a header.
const maxSchema = 256 << 10

var magic = []byte("Obj\x01")

// IsFile tells an object container file by its first bytes.
func IsFile(text []byte) bool { return bytes.HasPrefix(text, magic) }

// Reader reads the records of an object container file as JSON. It must not be
// used by two goroutines at once.
type Reader struct {
	in     *bufio.Reader
	limits Limits
	schema avro.Schema
	codec  string
	sync   [16]byte
	stored []byte
	plain  []byte
	zstd   *zstd.Decoder
	c      cursor
	// spent of limits.Total.
	spent int
	// left records are in the block; damaged: they cannot be read.
	left    int64
	damaged bool
}

// NewReader reads the header. Errors: ErrMalformed, ErrTooLarge, those of in.
func NewReader(in io.Reader, limits Limits) (*Reader, error) {
	r := &Reader{in: bufio.NewReader(in), limits: limits, codec: "null", c: cursor{limit: limits.Record}}
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(r.in, head); err != nil || !IsFile(head) {
		return nil, ErrMalformed
	}
	var text []byte
	for {
		n, err := r.long()
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		if n < 0 {
			n = -n
			if _, err := r.long(); err != nil {
				return nil, err
			}
		}
		for ; n > 0; n-- {
			key, err := r.entry()
			if err != nil {
				return nil, err
			}
			value, err := r.entry()
			if err != nil {
				return nil, err
			}
			switch string(key) {
			case "avro.schema":
				text = value
			case "avro.codec":
				r.codec = string(value)
			}
		}
	}
	if _, err := io.ReadFull(r.in, r.sync[:]); err != nil {
		return nil, ended(err)
	}
	return r, r.begin(text)
}

// begin parses the writer's schema and checks the codec.
func (r *Reader) begin(text []byte) (err error) {
	if r.schema, err = avro.ParseBytesWithCache(text, "", &avro.SchemaCache{}); err != nil {
		return fmt.Errorf("%w: its schema cannot be read", ErrMalformed)
	}
	switch r.codec {
	case "null", "", "deflate", "snappy":
	case "zstandard":
		r.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxMemory(uint64(r.limits.Block)+1<<20), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			return fmt.Errorf("begin zstd: %w", err)
		}
	default:
		return fmt.Errorf("%w: only the codecs null, deflate, snappy and zstandard can be read", ErrMalformed)
	}
	return nil
}

// Close lets go of the decompressor.
func (r *Reader) Close() {
	if r.zstd != nil {
		r.zstd.Close()
	}
}

// Next gives the next record as JSON, good until the next call. Errors: io.EOF
// after the last; *RecordError for one that cannot be read; ErrMalformed,
// ErrTooLarge and those of the input end it.
func (r *Reader) Next() ([]byte, error) {
	for r.left == 0 {
		if err := r.block(); err != nil {
			return nil, err
		}
	}
	r.left--
	if r.damaged {
		return nil, &RecordError{"stands in a block after a record that cannot be read"}
	}
	if err := r.c.record(r.schema); err != nil {
		if err := r.spend(len(r.c.out)); err != nil {
			return nil, err
		}
		// Where the next one begins is lost with it; the next block is marked.
		r.damaged = true
		r.left = min(r.left, int64(len(r.plain)-r.c.p))
		return nil, &RecordError{err.Error()}
	}
	return r.c.out, r.spend(len(r.c.out))
}

func (r *Reader) spend(n int) error {
	if r.spent += n; r.limits.Total > 0 && r.spent > r.limits.Total {
		return ErrTooLarge
	}
	return nil
}

// block reads the next block.
func (r *Reader) block() error {
	if _, err := r.in.Peek(1); err != nil {
		return err // io.EOF here is the end
	}
	n, err := r.long()
	if err != nil {
		return err
	}
	size, err := r.long()
	if err != nil {
		return err
	}
	if n < 0 || size < 0 {
		return ErrMalformed
	}
	if size > int64(r.limits.Block) {
		return ErrTooLarge
	}
	var mark [16]byte
	if r.stored, err = readN(r.in, r.stored[:0], int(size)); err != nil {
		return ended(err)
	}
	if _, err := io.ReadFull(r.in, mark[:]); err != nil {
		return ended(err)
	}
	if mark != r.sync {
		return fmt.Errorf("%w: a block does not end with the file's mark", ErrMalformed)
	}
	r.left, r.damaged = n, false
	if err := r.decompress(); err != nil {
		if errors.Is(err, ErrTooLarge) {
			return err
		}
		r.damaged, r.plain, r.left = true, nil, min(n, size)
	}
	r.c.b, r.c.p = r.plain, 0
	return r.spend(len(r.plain))
}

// readN reads n bytes, growing only as they come.
func readN(in io.Reader, dst []byte, n int) ([]byte, error) {
	const step = 64 << 10
	for len(dst) < n {
		at := len(dst)
		dst = append(dst, make([]byte, min(step, n-at))...)
		if _, err := io.ReadFull(in, dst[at:]); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func (r *Reader) decompress() (err error) {
	switch r.codec {
	case "deflate":
		z := flate.NewReader(bytes.NewReader(r.stored))
		defer z.Close()
		r.plain, err = readUpTo(z, r.plain[:0], r.limits.Block)
		return err
	case "snappy":
		if len(r.stored) < 4 {
			return errShort
		}
		text, sum := r.stored[:len(r.stored)-4], r.stored[len(r.stored)-4:]
		n, err := snappy.DecodedLen(text)
		if err != nil {
			return err
		}
		if n > r.limits.Block || n > 256*len(text)+64 {
			return ErrTooLarge
		}
		if r.plain, err = snappy.Decode(r.plain[:cap(r.plain)], text); err != nil {
			return err
		}
		if crc32.ChecksumIEEE(r.plain) != binary.BigEndian.Uint32(sum) {
			return errors.New("checksum")
		}
		return nil
	case "zstandard":
		r.plain, err = r.zstd.DecodeAll(r.stored, r.plain[:0])
		if errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded) || len(r.plain) > r.limits.Block {
			return ErrTooLarge
		}
		return err
	}
	r.plain = r.stored
	return nil
}

// readUpTo reads all of in. Errors: ErrTooLarge beyond limit bytes.
func readUpTo(in io.Reader, dst []byte, limit int) ([]byte, error) {
	for {
		if len(dst) == cap(dst) {
			dst = append(dst, 0)[:len(dst)]
		}
		n, err := in.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		switch {
		case len(dst) > limit:
			return dst, ErrTooLarge
		case err == io.EOF:
			return dst, nil
		case err != nil:
			return dst, err
		}
	}
}

func (r *Reader) long() (int64, error) {
	u, err := binary.ReadUvarint(r.in)
	if err != nil {
		return 0, ended(err)
	}
	return int64(u>>1) ^ -int64(u&1), nil
}

// entry is a key or a value of the header.
func (r *Reader) entry() ([]byte, error) {
	n, err := r.long()
	if err != nil {
		return nil, err
	}
	if n < 0 || n > maxSchema {
		return nil, fmt.Errorf("%w: an entry of its header is too large", ErrMalformed)
	}
	text, err := readN(r.in, nil, int(n))
	return text, ended(err)
}

// ended: a file that ends within a block is damaged.
func ended(err error) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends in the middle", ErrMalformed)
	}
	return err
}
