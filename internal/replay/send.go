package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// What goes into one request.
const (
	batchEvents = 1_000
	batchBytes  = 1 << 20
	// maxRanges of record numbers go into one URL.
	maxRanges = 200
)

// ErrRefused: the server will never take what is sent as it is.
var ErrRefused = errors.New("the server refused")

// patience is how long a server may be away or busy before it is given up.
const patience = 10 * time.Minute

// sender sends batches of events, one after the other.
type sender struct {
	client *http.Client
	target string
	key    string
	// imports: the id of the import, "" when it is no import.
	imports string
	// patience with a server that does not answer.
	patience time.Duration
	onWait   func(reason string)
}

// batch is what goes into one request.
type batch struct {
	lines   bytes.Buffer
	records []int64 // their numbers in the file, growing
	ranges  int
}

func (b *batch) add(record int64, line []byte) {
	if n := len(b.records); n == 0 || b.records[n-1] != record-1 {
		b.ranges++
	}
	b.records = append(b.records, record)
	b.lines.Write(line)
	b.lines.WriteByte('\n')
}

func (b *batch) full() bool {
	return len(b.records) >= batchEvents || b.lines.Len() >= batchBytes || b.ranges >= maxRanges
}

func (b *batch) reset() {
	b.lines.Reset()
	b.records, b.ranges = b.records[:0], 0
}

// numbers are the batch's records as ranges.
func (b *batch) numbers() string {
	var out []byte
	for i := 0; i < len(b.records); {
		from := b.records[i]
		to := from
		for i++; i < len(b.records) && b.records[i] == to+1; i++ {
			to++
		}
		if len(out) > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendInt(out, from, 10)
		if to > from {
			out = strconv.AppendInt(append(out, '-'), to, 10)
		}
	}
	return string(out)
}

// answer is what the server says of a batch.
type answer struct {
	Accepted  int64 `json:"accepted"`
	Duplicate int64 `json:"duplicate"`
	Rejected  []struct {
		Index  int    `json:"index"`
		Field  string `json:"field"`
		Code   string `json:"code"`
		Reason string `json:"reason"`
	} `json:"rejected"`
}

// send sends a batch until it is acknowledged. Errors: ErrRefused, ctx's, and
// the last one of a server that was away for too long.
func (s *sender) send(ctx context.Context, b *batch) (a answer, err error) {
	path := "/v1/events"
	if s.imports != "" {
		path = "/v1/import?" + url.Values{"id": {s.imports}, "records": {b.numbers()}}.Encode()
	}
	body, err := s.post(ctx, path, b.lines.Bytes())
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return a, fmt.Errorf("%w: its answer is not one of Playhead", ErrRefused)
	}
	return a, nil
}

// complete says that all of the import was sent.
func (s *sender) complete(ctx context.Context) error {
	_, err := s.post(ctx, "/v1/import?complete=1&id="+s.imports, nil)
	return err
}

func (s *sender) post(ctx context.Context, path string, body []byte) ([]byte, error) {
	started, wait := time.Now(), 100*time.Millisecond
	for {
		text, after, err := s.try(ctx, path, body)
		if err == nil || errors.Is(err, ErrRefused) || ctx.Err() != nil {
			return text, errors.Join(ctx.Err(), err)
		}
		if time.Since(started) > s.patience {
			return nil, fmt.Errorf("given up after %v: %w", s.patience, err)
		}
		if wait = min(2*wait, 5*time.Second); after == 0 {
			after = wait
		}
		s.onWait(err.Error())
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(after):
		}
	}
}

// try is one request. after is what the server asks to wait.
func (s *sender) try(ctx context.Context, path string, body []byte) (text []byte, after time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.target+path, bytes.NewReader(body))
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	request.Header.Set("Authorization", "Bearer "+s.key)
	request.Header.Set("Content-Type", "application/x-ndjson")
	response, err := s.client.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	text, err = io.ReadAll(io.LimitReader(response.Body, 16<<20))
	if err != nil {
		return nil, 0, err
	}
	switch code := response.StatusCode; {
	case code == http.StatusOK:
		return text, 0, nil
	case code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code >= 500:
		if n, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && n > 0 && n < 600 {
			after = time.Duration(n) * time.Second
		}
		return nil, after, fmt.Errorf("the server answers %s", response.Status)
	}
	var p struct {
		Detail string `json:"detail"`
	}
	if json.Unmarshal(text, &p) != nil || p.Detail == "" {
		p.Detail = "no reason given"
	}
	return nil, 0, fmt.Errorf("%w: %s: %s", ErrRefused, response.Status, p.Detail)
}
