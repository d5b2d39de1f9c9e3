package simulate

// sums are a group's figures over some stretch of time.
type sums struct {
	m       [measureCount]int64
	viewers int64
	// Gauge sums, and the number of 10 s boundaries that they are the sum over.
	plays, people, boundaries int64
}

// expectation is what a metric should be: no value when it has no denominator.
type expectation struct {
	name string
	// of gives value and whether there is one.
	of     func(s *sums) (float64, bool)
	approx bool // a distinct count
	gauge  bool
}

// expectations are all metrics that the truth knows, as the definitions say.
func expectations() []expectation {
	count := func(m measure) func(s *sums) (float64, bool) {
		return func(s *sums) (float64, bool) { return float64(s.m[m]), true }
	}
	hours := func(m measure) func(s *sums) (float64, bool) {
		return func(s *sums) (float64, bool) { return float64(s.m[m]) / hourMS, true }
	}
	ratio := func(a, b measure) func(s *sums) (float64, bool) {
		return func(s *sums) (float64, bool) { return float64(s.m[a]) / float64(s.m[b]), s.m[b] != 0 }
	}
	return []expectation{
		{name: "plays", of: count(plays)},
		{name: "play_requests", of: count(playRequests)},
		{name: "viewers", of: func(s *sums) (float64, bool) { return float64(s.viewers), true }, approx: true},
		{name: "watch_hours", of: hours(watchMS)},
		{name: "media_hours", of: hours(mediaMS)},
		{name: "play_completion_rate", of: ratio(completedPlays, measuredPlays)},
		{name: "startup_time", of: ratio(startupMS, startupCount)},
		{name: "rebuffering_ratio", of: ratio(stallMS, watchMS)},
		{name: "exits_before_video_start", of: ratio(exits, playRequests)},
		{name: "video_start_failure_rate", of: ratio(startFailures, playRequests)},
		{name: "video_playback_failure_rate", of: ratio(playbackFailures, endedPlays)},
		{name: "concurrent_plays", gauge: true, of: func(s *sums) (float64, bool) {
			return float64(s.plays) / float64(s.boundaries), s.boundaries > 0
		}},
		{name: "concurrent_viewers", gauge: true, of: func(s *sums) (float64, bool) {
			return float64(s.people) / float64(s.boundaries), s.boundaries > 0
		}},
		// What a server may have beside those.
		{name: "average_percentage_viewed", of: func(s *sums) (float64, bool) {
			return float64(s.m[viewedMillionths]) / 1e6 / float64(s.m[measuredPlays]), s.m[measuredPlays] != 0
		}},
		{name: "completed_plays", of: count(completedPlays)},
		{name: "ended_plays", of: count(endedPlays)},
		{name: "stalls", of: count(stalls)},
		{name: "stalls_per_hour", of: func(s *sums) (float64, bool) {
			return float64(s.m[stalls]) * hourMS / float64(s.m[mediaMS]), s.m[mediaMS] != 0
		}},
		{name: "connection_rebuffering_ratio", of: func(s *sums) (float64, bool) {
			return float64(s.m[stallMS]-s.m[seekStallMS]) / float64(s.m[watchMS]), s.m[watchMS] != 0
		}},
	}
}

// required is how many of the expectations every server must answer.
const required = 13

// over sums a group over the hours [from,to).
func (g *TruthGroup) over(from, to int) *sums {
	s := &sums{}
	if g == nil {
		return s
	}
	for h := from; h < to; h++ {
		if h < len(g.Hours) && g.Hours[h] != nil {
			for m, v := range g.Hours[h] {
				s.m[m] += v
			}
		}
		if h < len(g.HourPlayMarks) {
			s.plays += g.HourPlayMarks[h]
			s.people += g.HourViewerMarks[h]
		}
	}
	if to-from == 1 && from < len(g.HourViewers) {
		s.viewers = int64(g.HourViewers[from])
	}
	return s
}

// boundaries is how many 10 s boundaries lie in [from,to), none after fresh.
func boundaries(from, to, fresh int64) int64 {
	to = min(to, fresh+1)
	if to <= from {
		return 0
	}
	up := func(t int64) int64 { return (t + tickMS - 1) / tickMS }
	return up(to) - up(from)
}
