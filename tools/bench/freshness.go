package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"playhead/tools/figures"
)

// probeCountry is where no synthetic viewer lives, so that a probe is seen as
// one more there.
const probeCountry = "AQ"

// probeEvery is the pace of the probes: all of them fit into the minute that a
// silent player stays in the gauge.
const probeEvery = 500 * time.Millisecond

// tracker notes when the n-th probe was first seen.
type tracker struct {
	mu   sync.Mutex
	seen []time.Time
}

func (t *tracker) reached(n int, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.seen) < n {
		t.seen = append(t.seen, at)
	}
}

// delays are from when each probe was sent to when it was seen; those never seen
// are left out.
func (t *tracker) delays(sentAt []time.Time) []time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []time.Duration
	for i := range min(len(sentAt), len(t.seen)) {
		out = append(out, t.seen[i].Sub(sentAt[i]))
	}
	return out
}

// measureFreshness sends at a steady rate and beside that one new viewer after
// the other, and watches when the live stream and when a query first know each.
func measureFreshness(ctx context.Context, o options, r *figures.Report, rate float64) error {
	length := time.Duration(o.probes)*probeEvery + 3*time.Second
	bodies, err := prepare(ctx, 3, int64(rate*length.Seconds()))
	if err != nil {
		return err
	}
	s, err := startServer(ctx, o.binary, "serve")
	if err != nil {
		return err
	}
	defer s.stop()
	key, err := s.key(ctx, "write")
	if err != nil {
		return err
	}
	token, err := s.key(ctx, "read")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var others sync.WaitGroup
	var live, queried tracker
	var loadErr, liveErr, queryErr error
	others.Go(func() { _, loadErr = send(ctx, s, key, bodies, o.connections, length, rate) })
	others.Go(func() { liveErr = s.followLive(ctx, token, &live) })
	others.Go(func() { queryErr = s.followQuery(ctx, token, &queried) })

	sentAt, acks, err := s.probe(ctx, key, o.probes)
	time.Sleep(2 * time.Second) // for the last ones to be seen
	cancel()
	others.Wait()
	if err != nil {
		return err
	}
	inLive, inQuery := live.delays(sentAt), queried.delays(sentAt)
	if len(inLive) < o.probes || len(inQuery) < o.probes {
		return fmt.Errorf("of %d probes the live stream showed %d and queries %d (live: %v, query: %v, load: %v)",
			o.probes, len(inLive), len(inQuery), liveErr, queryErr, loadErr)
	}
	r.Add("freshness.events_per_s", rate, "events/s")
	r.Add("freshness.p50_ms", quantile(inLive, 0.5), "ms")
	r.AtMost("freshness.p99_ms", quantile(inLive, 0.99), "ms", 1000)
	r.Add("freshness.query_p50_ms", quantile(inQuery, 0.5), "ms")
	r.AtMost("freshness.query_p99_ms", quantile(inQuery, 0.99), "ms", 1000)
	r.Add("freshness.ack_p50_ms", quantile(acks, 0.5), "ms")
	r.Add("freshness.ack_p99_ms", quantile(acks, 0.99), "ms")
	return nil
}

// probe starts one play of a new viewer every half second. It returns when each
// request was sent, which is a little before its receipt.
func (s *server) probe(ctx context.Context, key string, n int) (sentAt []time.Time, acks []time.Duration, err error) {
	time.Sleep(time.Second) // the load comes first
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for i := range n {
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-tick.C:
		}
		now := time.Now()
		var b bytes.Buffer
		for seq, kind := range []string{"play_requested", "play_started"} {
			fmt.Fprintf(&b, `{"type":%q,"time":%d,"viewer_id":"probe-%d","play_id":"probe-%d","seq":%d,"title_id":"t001","context":{"country":%q,"device_type":"tv"}}`+"\n",
				kind, now.UnixMilli(), i, i, seq, probeCountry)
		}
		sentAt = append(sentAt, time.Now())
		if err := takeAll(s.post(ctx, "/v1/events", key, "application/x-ndjson", b.Bytes())); err != nil {
			return nil, nil, fmt.Errorf("probe: %w", err)
		}
		acks = append(acks, time.Since(sentAt[i]))
	}
	return sentAt, acks, nil
}

// followLive reads snapshots until the context ends.
func (s *server) followLive(ctx context.Context, token string, t *tracker) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/v1/live", nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return &statusError{code: resp.StatusCode}
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, found := bytes.CutPrefix(lines.Bytes(), []byte("data:"))
		if !found {
			continue
		}
		now := time.Now()
		var snapshot struct {
			Countries map[string]int
			Top       struct {
				Country []struct {
					Value             string
					ConcurrentViewers int `json:"concurrent_viewers"`
				}
			}
		}
		if err := json.Unmarshal(data, &snapshot); err != nil {
			return fmt.Errorf("live snapshot: %w", err)
		}
		n := snapshot.Countries[probeCountry]
		for _, c := range snapshot.Top.Country {
			if c.Value == probeCountry {
				n = max(n, c.ConcurrentViewers)
			}
		}
		t.reached(n, now)
	}
	return lines.Err()
}

// followQuery asks again and again.
func (s *server) followQuery(ctx context.Context, token string, t *tracker) error {
	for ctx.Err() == nil {
		plays, err := s.sum(ctx, token, "plays", probeCountry)
		if err != nil {
			return err
		}
		t.reached(int(plays), time.Now())
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}
