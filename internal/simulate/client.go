package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// sender posts to a collector and does not give up on what was not
// acknowledged.
type sender struct {
	client   *http.Client
	target   string
	key      string
	patience time.Duration
	retries  atomic.Int64
	accepted atomic.Int64
	repeats  atomic.Int64
}

// answer is the collector's.
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

// errRefused is an answer that trying again does not change.
var errRefused = errors.New("the server refused the request")

// RejectedError says that the server took a request but not all its events.
type RejectedError struct {
	Count   int64
	Reasons []string // the first few
}

func (e *RejectedError) Error() string {
	return fmt.Sprintf("%d events were rejected; the first: %q", e.Count, e.Reasons)
}

// wrapping is how events are put into a request.
type wrapping uint8

const (
	ndjson wrapping = iota
	// An envelope begins with stamped; its sent_at is set each time it is sent,
	// so that a retry does not look like a slow clock.
	envelope
)

// stamped is the beginning of an envelope, with a time of 13 digits.
const stamped = `{"sent_at":0000000000000,"events":[`

func stamp(body []byte) {
	strconv.AppendInt(body[:len(`{"sent_at":`)], time.Now().UnixMilli(), 10)
}

// post sends body until it is acknowledged: through refused and broken
// connections, answers of 5xx and 429, for as long as patience lasts.
func (s *sender) post(ctx context.Context, path string, kind wrapping, body []byte) ([]byte, error) {
	deadline := time.Now().Add(s.patience)
	wait := 20 * time.Millisecond
	for {
		data, after, err := s.try(ctx, path, kind, body)
		switch {
		case err == nil:
			return data, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, errRefused):
			return nil, err
		case time.Now().After(deadline):
			return nil, fmt.Errorf("gave up after %v: %w", s.patience, err)
		}
		s.retries.Add(1)
		timer := time.NewTimer(max(wait, after))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
		wait = min(wait*2, 2*time.Second)
	}
}

// try sends once. After is how long the server asks to be left alone.
func (s *sender) try(ctx context.Context, path string, kind wrapping, body []byte) (data []byte, after time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if kind == envelope {
		stamp(body)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.target+path, bytes.NewReader(body))
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %v", errRefused, err)
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	req.Header.Set("Content-Type", "application/x-ndjson")
	if kind == envelope {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, 0, fmt.Errorf("send events: %w", err)
	}
	defer resp.Body.Close()
	data, err = io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	switch {
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500 || resp.StatusCode == http.StatusRequestTimeout:
		seconds, _ := strconv.ParseFloat(resp.Header.Get("Retry-After"), 64)
		return nil, min(time.Duration(seconds*float64(time.Second)), 30*time.Second), fmt.Errorf("send events: server answered %s: %s", resp.Status, clip(data))
	case resp.StatusCode != http.StatusOK:
		return nil, 0, fmt.Errorf("%w: %s: %s", errRefused, resp.Status, clip(data))
	case err != nil:
		return nil, 0, fmt.Errorf("read answer: %w", err)
	}
	return data, 0, nil
}

func clip(data []byte) string {
	return string(bytes.ToValidUTF8(data[:min(len(data), 300)], []byte("?")))
}

// events sends a batch of n events and accounts for the answer.
func (s *sender) events(ctx context.Context, kind wrapping, body []byte, n int) error {
	data, err := s.post(ctx, "/v1/events", kind, body)
	if err != nil {
		return err
	}
	var a answer
	if err := json.Unmarshal(data, &a); err != nil {
		return fmt.Errorf("the server's answer is not JSON: %w: %s", err, clip(data))
	}
	s.accepted.Add(a.Accepted)
	s.repeats.Add(a.Duplicate)
	if len(a.Rejected) > 0 {
		e := &RejectedError{Count: int64(len(a.Rejected))}
		for _, r := range a.Rejected[:min(len(a.Rejected), 5)] {
			e.Reasons = append(e.Reasons, fmt.Sprintf("%s %s: %s", r.Field, r.Code, r.Reason))
		}
		return e
	}
	if a.Accepted+a.Duplicate != int64(n) {
		return fmt.Errorf("sent %d events, but the server accounts for %d", n, a.Accepted+a.Duplicate)
	}
	return nil
}

// settle says that everything that was sent with the key is complete.
func (s *sender) settle(ctx context.Context) error {
	_, err := s.post(ctx, "/v1/settle", ndjson, nil)
	if err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	return nil
}
