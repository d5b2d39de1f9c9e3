package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"playhead/tools/audience"
	"playhead/tools/figures"
)

// probeCountry is where no synthetic viewer lives, so that a probe is seen as
// one more there.
const probeCountry = "AQ"

// probeEvery is the pace of the probes: all of them fit into the minute that a
// silent player stays in the gauge.
const probeEvery = 500 * time.Millisecond

// seenWithin is how long the last probe is waited for.
const seenWithin = 30 * time.Second

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

func (t *tracker) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.seen)
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
	flow, err := audience.NewLoop(ctx, audience.Options{Seed: 3, Events: int64(rate * lengthOf(o.probes).Seconds() * 1.1)})
	if err != nil {
		return err
	}
	s, key, token, err := startWithKeys(ctx, o)
	if err != nil {
		return err
	}
	defer s.stop()
	got, err := freshUnder(ctx, s, key, token, flow, rate, o.probes)
	if err != nil {
		return err
	}
	r.Add("freshness.events_per_s", rate, "events/s")
	r.Add("freshness.p50_ms", quantile(got.live, 0.5), "ms")
	r.AtMost("freshness.p99_ms", quantile(got.live, 0.99), "ms", 1000)
	r.Add("freshness.query_p50_ms", quantile(got.query, 0.5), "ms")
	r.AtMost("freshness.query_p99_ms", quantile(got.query, 0.99), "ms", 1000)
	r.Add("freshness.ack_p50_ms", quantile(got.acks, 0.5), "ms")
	r.Add("freshness.ack_p99_ms", quantile(got.acks, 0.99), "ms")
	return nil
}

// lengthOf is for how long there is load around so many probes.
func lengthOf(probes int) time.Duration { return time.Duration(probes)*probeEvery + 3*time.Second }

// fresh is how long it took until probes were acknowledged and seen, and the load
// beside them.
type fresh struct {
	acks, live, query []time.Duration
	load              offered
}

// freshUnder sends probes beside a load.
func freshUnder(ctx context.Context, s *server, key, token string, flow *audience.Loop, rate float64, probes int) (f fresh, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var others sync.WaitGroup
	var live, queried tracker
	var loadErr, liveErr, queryErr error
	others.Go(func() { f.load, loadErr = offer(ctx, s, key, flow, levelConnections, lengthOf(probes), rate) })
	others.Go(func() { liveErr = s.followLive(ctx, token, &live) })
	others.Go(func() { queryErr = s.followQuery(ctx, token, &queried) })

	sentAt, acks, err := s.probe(ctx, key, probes)
	for patience := time.Now().Add(seenWithin); err == nil && time.Now().Before(patience) && min(live.count(), queried.count()) < probes; {
		time.Sleep(100 * time.Millisecond)
	}
	cancel()
	others.Wait()
	if err != nil {
		return f, err
	}
	if loadErr != nil && !errors.Is(loadErr, context.Canceled) {
		return f, fmt.Errorf("the load: %w", loadErr)
	}
	now := time.Now()
	f.acks, f.live, f.query = acks, live.delays(sentAt), queried.delays(sentAt)
	if len(f.live) == 0 || len(f.query) == 0 {
		return f, fmt.Errorf("of %d probes the live stream showed %d and queries %d (live: %v, query: %v)",
			probes, len(f.live), len(f.query), liveErr, queryErr)
	}
	if n := min(len(f.live), len(f.query)); n < probes {
		say("%d of %d probes were not seen within %s: they count as if they had been seen then", probes-n, probes, seenWithin)
	}
	f.live, f.query = unseen(f.live, sentAt, now), unseen(f.query, sentAt, now)
	return f, nil
}

// unseen adds those that were never seen, as if they had been seen at last.
func unseen(delays []time.Duration, sentAt []time.Time, now time.Time) []time.Duration {
	for _, at := range sentAt[len(delays):] {
		delays = append(delays, now.Sub(at))
	}
	return delays
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
		body := probeOf(i, time.Now())
		sentAt = append(sentAt, time.Now())
		if err := takeAll(s.post(ctx, "/v1/events", key, "application/x-ndjson", body)); err != nil {
			return nil, nil, fmt.Errorf("probe: %w", err)
		}
		acks = append(acks, time.Since(sentAt[i]))
	}
	return sentAt, acks, nil
}

// probeOf is a new viewer's first frame, where nobody else is.
func probeOf(n int, now time.Time) []byte {
	var b bytes.Buffer
	for seq, kind := range []string{"play_requested", "play_started"} {
		fmt.Fprintf(&b, `{"type":%q,"time":%d,"viewer_id":"probe-%d","play_id":"probe-%d","seq":%d,"title_id":"t001","context":{"country":%q,"device_type":"tv"}}`+"\n",
			kind, now.UnixMilli(), n, n, seq, probeCountry)
	}
	return b.Bytes()
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
