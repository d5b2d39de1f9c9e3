package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"playhead/tools/figures"
)

// demoLooks are when the demo's size is read. What it holds grows in the first
// minute; history fills in for longer.
func demoLooks(o options) []time.Duration { return []time.Duration{o.demo, o.demo * 5 / 2} }

// measureDemo runs the demo with its pages open: it reads the resident size twice
// and the highest on the way, how old the figures of the live page were, and
// counts the questions of pages that had no answer.
func measureDemo(ctx context.Context, o options, r *figures.Report) error {
	s, err := startServer(ctx, o.binary, "demo", "--viewers", strconv.Itoa(o.viewers), "--no-open")
	if err != nil {
		return err
	}
	defer s.stop()
	token, err := s.key(ctx, "read")
	if err != nil {
		return err
	}
	start := time.Now()
	watching, cancel := context.WithCancel(ctx)
	var others sync.WaitGroup
	stop := sync.OnceFunc(func() { cancel(); others.Wait() })
	defer stop()
	var ages []time.Duration
	var liveErr error
	asked, refused := 0, map[string]int{}
	others.Go(func() { ages, liveErr = s.ages(watching, token, start.Add(15*time.Second)) })
	others.Go(func() { asked = s.openPages(watching, token, refused) })
	for _, after := range demoLooks(o) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Until(start.Add(after))):
		}
		now, err := s.resident()
		if err != nil {
			return err
		}
		name := "memory.demo_mib"
		if after != o.demo {
			name = fmt.Sprintf("memory.demo_%.0fs_mib", after.Seconds())
		}
		r.AtMost(name, float64(now)/(1<<20), "MiB", 400)
	}
	stop()
	if len(ages) == 0 || asked == 0 {
		return fmt.Errorf("no page was answered: %w", liveErr)
	}
	slices.Sort(ages)
	r.AtMost("memory.demo_peak_mib", float64(s.peak.Load())/(1<<20), "MiB", 400)
	r.Add("demo.fresh_p50_ms", quantile(ages, 0.5), "ms")
	r.AtMost("demo.fresh_p99_ms", quantile(ages, 0.99), "ms", 1000)
	r.Add("demo.questions", float64(asked), "")
	failed := 0
	for why, n := range refused {
		failed += n
		fmt.Fprintf(os.Stderr, "bench: %d questions of pages had no answer: %s\n", n, why)
	}
	r.AtMost("demo.questions_failed", float64(failed), "", 0)
	return nil
}

// ages are how old the figures were that the live page showed, from a time on: at
// each snapshot, as old as they became until the next.
func (s *server) ages(ctx context.Context, token string, from time.Time) (list []time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/v1/live", nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, &statusError{code: resp.StatusCode}
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	var came time.Time
	var age time.Duration
	for lines.Scan() {
		data, found := bytes.CutPrefix(lines.Bytes(), []byte("data:"))
		if !found {
			continue
		}
		now := time.Now()
		if came.After(from) {
			list = append(list, age+now.Sub(came))
		}
		var snapshot struct {
			FreshnessMS int64 `json:"freshness_ms"`
		}
		if err := json.Unmarshal(data, &snapshot); err != nil {
			return list, fmt.Errorf("live snapshot: %w", err)
		}
		came, age = now, time.Duration(snapshot.FreshnessMS)*time.Millisecond
	}
	return list, lines.Err()
}

// openPages asks what the dashboard's pages ask, one question after the other,
// until the context ends, and notes what was not answered by its reason.
func (s *server) openPages(ctx context.Context, token string, refused map[string]int) (asked int) {
	for {
		n, err := s.askPages(ctx, token, refused)
		asked += n
		if err != nil {
			return asked
		}
	}
}

// askPages asks all of that once. It fails when the context ends.
func (s *server) askPages(ctx context.Context, token string, refused map[string]int) (asked int, err error) {
	for _, q := range pageQuestions(time.Now()) {
		body, err := json.Marshal(q)
		if err == nil {
			_, err = s.post(ctx, "/api/v1/query", token, "application/json", body)
		}
		if ctx.Err() != nil {
			return asked, ctx.Err()
		}
		asked++
		var status *statusError
		switch {
		case errors.As(err, &status):
			refused[strings.TrimSpace(status.Error())]++
		case err != nil:
			refused[err.Error()]++
		}
	}
	return asked, nil
}

type question map[string]any

// pageQuestions are the questions of Home, Quality, Title, Trends, Creatives and
// Audiences for a day, a week and four weeks.
func pageQuestions(now time.Time) (list []question) {
	quality := []string{"rebuffering_ratio", "exits_before_video_start", "video_start_failure_rate", "video_playback_failure_rate", "startup_time"}
	today := now.UTC().Truncate(24 * time.Hour)
	for _, days := range []int{1, 7, 28} {
		ask := func(q question) {
			q["from"], q["to"] = today.AddDate(0, 0, 1-days), today.AddDate(0, 0, 1)
			list = append(list, q)
		}
		grain := "day"
		if days == 1 {
			grain = "minute"
		}
		byPlays := []question{{"by": "plays", "desc": true}}
		ask(question{"metrics": append([]string{"plays", "viewers", "media_hours", "play_completion_rate"}, quality...), "compare": "previous"})
		ask(question{"metrics": []string{"plays", "viewers", "media_hours"}, "grain": grain, "limit": 2000})
		ask(question{"metrics": []string{"plays", "viewers"}, "dimensions": []string{"title"}, "order": byPlays, "limit": 1000, "compare": "previous"})
		ask(question{"metrics": []string{"plays", "viewers"}, "dimensions": []string{"title", "country"}, "order": byPlays, "limit": 4000})
		ask(question{"metrics": []string{"media_hours", "plays"}, "dimensions": []string{"title"}, "limit": 2000, "compare": "previous"})
		ask(question{"metrics": []string{"viewers"}, "dimensions": []string{"genre"}, "limit": 300})
		ask(question{"metrics": []string{"impressions"}, "dimensions": []string{"creative"}, "limit": 5000})
		for _, by := range []string{"country", "device_type", "cdn", "isp", "os", "app_version", "player"} {
			ask(question{"metrics": append([]string{"plays"}, quality...), "dimensions": []string{by}, "limit": 300, "compare": "previous"})
		}
	}
	return append(list,
		question{"metrics": []string{"concurrent_viewers"}, "grain": "10s", "from": now.Add(-time.Hour), "to": now, "limit": 2000},
		question{"metrics": append([]string{"plays"}, quality...), "dimensions": []string{"cdn", "isp"}, "from": today, "to": today.AddDate(0, 0, 1), "limit": 500},
	)
}
