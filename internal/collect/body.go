package collect

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// readers are the decompressors between requests.
type readers struct {
	limit      int64
	gzip, zstd sync.Pool
}

// errLarge: more bytes than allowed.
var errLarge = errors.New("too large")

// capped gives errLarge after n bytes, where io.LimitReader would end quietly.
type capped struct {
	r io.Reader
	n int64
}

func (c *capped) Read(p []byte) (int, error) {
	if c.n < 0 {
		return 0, errLarge
	}
	if int64(len(p)) > c.n+1 {
		p = p[:c.n+1]
	}
	n, err := c.r.Read(p)
	if c.n -= int64(n); c.n < 0 {
		return n, errLarge
	}
	return n, err
}

// hold is what one request keeps of the bytes that all together may have under
// way: it grows with the buffer, so that bodies that come slowly count too.
type hold struct {
	of    *atomic.Int64
	limit int64
	n     int64
}

// errBusy: all requests together have too many bytes under way.
var errBusy = errors.New("too many bytes under way")

// grow holds up to n bytes. Errors: errBusy.
func (h *hold) grow(n int) error {
	more := int64(n) - h.n
	if more <= 0 {
		return nil
	}
	h.n += more
	if h.of.Add(more) > h.limit {
		return errBusy
	}
	return nil
}

func (c *Collector) hold() hold { return hold{of: &c.inFlight, limit: c.cfg.Limits.MaxInFlightBytes} }

func (h *hold) release() { h.of.Add(-h.n) }

// readBody reads the whole body into dst, decompressed. Errors: *problem.
func (c *Collector) readBody(w http.ResponseWriter, r *http.Request, dst []byte, held *hold) ([]byte, error) {
	limit := c.cfg.Limits.MaxBodyBytes
	if r.ContentLength > limit {
		return dst, c.bodyProblem(errLarge, "")
	}
	// Not every writer (of a test, of a proxy in front) has deadlines.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(c.cfg.Limits.BodyTimeout))
	in := &capped{r: r.Body, n: limit}
	encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding")))
	if len(r.Header.Values("Content-Encoding")) > 1 {
		encoding = "several"
	}
	var err error
	switch encoding {
	case "", "identity":
		dst, err = readAll(in, dst, held)
	case "gzip", "x-gzip":
		dst, err = c.readers.gunzip(in, dst, held)
	case "zstd":
		dst, err = c.readers.unzstd(in, dst, held)
	default:
		w.Header().Set("Accept-Encoding", "gzip, zstd")
		return dst, newProblem(http.StatusUnsupportedMediaType, "unknown_encoding", "Content-Encoding must be gzip or zstd, or be left out")
	}
	if err != nil {
		return dst, c.bodyProblem(err, encoding)
	}
	return dst, nil
}

// leastHeld is what the shortest body counts for.
const leastHeld = 512

// readAll reads r into dst's room, growing it as needed.
func readAll(r io.Reader, dst []byte, held *hold) ([]byte, error) {
	for {
		if len(dst) == cap(dst) {
			dst = append(dst, 0)[:len(dst)]
		}
		if err := held.grow(min(cap(dst), 2*len(dst)+leastHeld)); err != nil {
			return dst, err
		}
		n, err := r.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if err == io.EOF {
			return dst, nil
		}
		if err != nil {
			return dst, err
		}
	}
}

func (p *readers) gunzip(in io.Reader, dst []byte, held *hold) ([]byte, error) {
	z, _ := p.gzip.Get().(*gzip.Reader)
	if z == nil {
		z = new(gzip.Reader)
	}
	defer p.gzip.Put(z)
	if err := z.Reset(in); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return dst, err
	}
	return readAll(&capped{r: z, n: p.limit}, dst, held)
}

func (p *readers) unzstd(in io.Reader, dst []byte, held *hold) ([]byte, error) {
	z, _ := p.zstd.Get().(*zstd.Decoder)
	if z == nil {
		var err error
		// One goroutine's worth of memory, and no window larger than a body.
		z, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxMemory(uint64(p.limit)+1<<20), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			return dst, err
		}
	}
	defer p.zstd.Put(z)
	if err := z.Reset(in); err != nil {
		return dst, err
	}
	return readAll(&capped{r: z, n: p.limit}, dst, held)
}

// bodyProblem says why a body could not be read.
func (c *Collector) bodyProblem(err error, encoding string) *problem {
	p := newProblem(http.StatusBadRequest, "unreadable_body", "the body could not be read")
	switch {
	case errors.Is(err, errLarge), errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		p = newProblem(http.StatusRequestEntityTooLarge, "too_large", "a body may have at most 5 MiB, decompressed too; send it in parts")
		if c.cfg.Limits.MaxBodyBytes != 5<<20 {
			p.Detail = "the body is larger than this server takes, decompressed too; send it in parts"
		}
	case errors.Is(err, errBusy):
		p = newProblem(http.StatusTooManyRequests, "busy", "the server is busy; nothing was stored").after(1)
	case errors.Is(err, os.ErrDeadlineExceeded):
		p = newProblem(http.StatusRequestTimeout, "slow_body", "the body did not come in time")
	case encoding != "" && encoding != "identity" && errors.Is(err, io.ErrUnexpectedEOF):
		p.Code, p.Detail = "truncated_body", "the "+encoding+" body is truncated: it ends in the middle"
	case errors.Is(err, io.ErrUnexpectedEOF):
		p.Code, p.Detail = "truncated_body", "the body is shorter than its Content-Length"
	case encoding != "" && encoding != "identity":
		p.Code, p.Detail = "damaged_body", "the body is not "+encoding+", or it is damaged"
	}
	return p
}
