package chaintest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"playhead/internal/fact"
	"playhead/internal/metric"
	"playhead/internal/rollup"
	"playhead/internal/warehouse/warehousetest"
)

// checking is a scanner that asks the facts themselves the same, while it is not
// too much work, and another driver, and holds what the store answers to that.
type checking struct {
	t            *testing.T
	store, other metric.Scanner
	facts        []*fact.Batch
	seen         map[string]bool
	proved       int
}

// What is compared with the facts: each of them is held against each bucket.
const (
	mostBuckets = 60
	mostProved  = 150 // scans by each driver
)

func (c *checking) Scan(ctx context.Context, s rollup.Scan) (*rollup.Result, error) {
	whole := s
	whole.EstimateOnly, whole.Top, whole.Measures = false, nil, nil
	name := fmt.Sprintf("source %d from %d to %d in %v by %v where %v sketches %b", s.Source, s.From, s.To, s.Buckets, s.By, s.Where, s.Sketches)
	if !c.seen[name] {
		c.seen[name] = true
		res, err := c.store.Scan(ctx, whole)
		if err != nil {
			return nil, err
		}
		other, err := c.other.Scan(ctx, whole)
		if err != nil {
			return nil, err
		}
		got := warehousetest.AnswerOf(res)
		if want := warehousetest.AnswerOf(other); !maps.Equal(got, want) {
			c.t.Errorf("%s\ngot  %v\nfrom the other driver %v", name, got, want)
		}
		if s.Source != rollup.SourcePlays && len(s.Buckets) <= mostBuckets && c.proved < min(mostProved, *questions/2) {
			c.proved++
			if want := warehousetest.Brute(whole, c.facts); !maps.Equal(got, want) {
				c.t.Errorf("%s\ngot  %v\nfrom the facts %v", name, got, want)
			}
		}
	}
	return c.store.Scan(ctx, s)
}

// audience invents twelve days of a service.
func audience(t *testing.T, rng *rand.Rand, now time.Time, titles []title) []string {
	s := &teller{t: t, titles: titles}
	pick := func(list ...string) string { return list[int(float64(len(list))*rng.Float64()*rng.Float64())] }
	contexts := make([]map[string]string, 40)
	for i := range contexts {
		country := pick("US", "DE", "FR")
		contexts[i] = map[string]string{
			"country": country, "region": country + pick("-n", "-s", "-e"), "device_type": pick("tv", "phone", "desktop"), "os": pick("tizen", "ios", "android"),
			"cdn": pick("north", "south"), "isp": pick("alpha", "beta"), "app_version": pick("2.0", "1.9"), "player": pick("hls.js", "dash.js"),
		}
	}
	for range 260 {
		viewer := rng.IntN(len(contexts))
		at := now.Add(-time.Duration(rng.Int64N(int64(12 * 24 * time.Hour)))).Truncate(time.Millisecond)
		if rng.IntN(4) == 0 {
			at = now.Add(-time.Duration(rng.Int64N(int64(4 * time.Hour))))
		}
		t := titles[int(float64(len(titles))*rng.Float64()*rng.Float64())]
		h := happens{Viewer: fmt.Sprint("v", viewer), At: at.Format(time.RFC3339), Context: contexts[viewer]}
		switch rng.IntN(10) {
		case 0, 1:
			h.Show, h.Creative, h.Placement, h.Rank, h.Select = t.ID, t.ID+pick("-a", "-b"), pick("home", "row"), rng.Int64N(12), rng.IntN(3) == 0
			h.Propensity = []float64{0, 0.5, 0.25}[rng.IntN(3)]
		case 2:
			h.Search, h.Results = pick("dune", "space", "secret"), rng.Int64N(3)
		default:
			h.Play, h.Watch, h.Startup = t.ID, rng.Int64N(t.Minutes*60), rng.Int64N(4000)
			h.Stall, h.Pause, h.Bitrate, h.Dropped = rng.Int64N(20), rng.Int64N(40), 1000*rng.Int64N(5), rng.Int64N(3)
			if rng.IntN(12) == 0 {
				h.Failure = pick("technical", "business")
			}
			if rng.IntN(15) == 0 {
				h.Watch = 0
			}
		}
		s.tell(h)
	}
	return s.events
}

// randomQuery asks something; often it is something that cannot be asked.
func randomQuery(rng *rand.Rand, d metric.Description, now time.Time) metric.Query {
	var q metric.Query
	for range 1 + rng.IntN(3) {
		if m := d.Metrics[rng.IntN(len(d.Metrics))].Name; !slices.Contains(q.Metrics, m) {
			q.Metrics = append(q.Metrics, m)
		}
	}
	common := []string{"title", "country", "device_type", "cdn", "isp", "os", "app_version", "player", "creative", "placement", "rank", "genre", "language"}
	values := map[string]string{
		"title": "dune arrival love", "country": "US DE FR", "device_type": "tv phone", "cdn": "north", "isp": "alpha beta", "os": "tizen ios", "genre": "Drama Space",
		"creative": "dune-a love-b", "placement": "home",
	}
	for range rng.IntN(3) {
		dim := common[int(float64(len(common))*rng.Float64()*rng.Float64())]
		if !slices.Contains(q.Dimensions, dim) {
			q.Dimensions = append(q.Dimensions, dim)
		}
	}
	if rng.IntN(3) == 0 {
		dim := common[int(float64(len(common))*rng.Float64()*rng.Float64())]
		if v := strings.Fields(values[dim]); len(v) > 0 {
			q.Where = append(q.Where, metric.Where{Dimension: dim, In: v[:1+rng.IntN(len(v))]})
		}
	}
	step := []time.Duration{24 * time.Hour, time.Hour, time.Minute, 10 * time.Second}[rng.IntN(4)]
	span := []time.Duration{12 * 24 * time.Hour, 30 * time.Hour, 3 * time.Hour}[rng.IntN(3)]
	from := now.Add(-time.Duration(rng.Int64N(int64(span))))
	to := from.Add(time.Duration(rng.Int64N(int64(span))))
	q.From, q.To = from.Truncate(step).Format(time.RFC3339), to.Truncate(step).Add(step).Format(time.RFC3339)
	q.Grain = []string{"none", "none", "none", "hour", "day", "week", "minute", "10s"}[rng.IntN(8)]
	q.Timezone = []string{"", "", "America/New_York", "Asia/Kolkata"}[rng.IntN(4)]
	if rng.IntN(5) == 0 {
		q.Compare = "previous"
	}
	return q
}

// exactInPlays says whether finished plays know when each of it happened: they
// spread bitrates, and date pauses, seeks and dropped frames by the first frame.
func exactInPlays(metrics []string) bool {
	return !slices.ContainsFunc(metrics, func(m string) bool {
		return slices.Contains([]string{"average_bitrate", "dropped_frames_per_minute", "pauses_per_hour", "rewinds_per_hour", "skips_per_hour"}, m)
	})
}

var questions = flag.Int("questions", 40, "how many random questions each driver is asked")

// TestAnswersAreTheSameFromEverything asks random questions, 500 of them in make test: what the
// roll-ups answer is what the facts say, in every scan, and what the finished
// plays say, in every cell that both have.
func TestAnswersAreTheSameFromEverything(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	zone := time.UTC
	titles := []title{
		{ID: "dune", Name: "Dune", Minutes: 40, Genres: []string{"Drama", "Space"}, Language: "en"},
		{ID: "arrival", Name: "Arrival", Minutes: 20, Genres: []string{"Space"}, Language: "en"},
		{ID: "love", Name: "Love", Minutes: 10, Genres: []string{"Drama"}, Language: "fr"},
	}
	rng := rand.New(rand.NewPCG(1, 2))
	labels, shares := shelf(titles)
	in := runIntake(t, now, labels, shares, audience(t, rng, now, titles))
	for _, d := range drivers(t) {
		t.Run(d.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(3, 4))
			db := d.open(t, zone)
			defer db.Close()
			store := in.load(t, db, zone, true)
			memory := in.load(t, &warehousetest.Memory{}, zone, false)
			check := &checking{t: t, store: store, other: memory, facts: in.facts, seen: map[string]bool{}}
			rollups := in.engine(check, zone, known(titles), 3)
			plays := metric.NewEngine(store, metric.Options{
				Clock: func() time.Time { return now }, MinViewers: 3, SinglePlays: true,
				Catalog: func() map[string]metric.CatalogTitle { return known(titles) },
			})
			asked, compared, described := 0, 0, rollups.Describe()
			for asked < *questions && !t.Failed() {
				q := randomQuery(rng, described, now)
				a, err := rollups.Run(t.Context(), q)
				if wrong := new(metric.QueryError); errors.As(err, &wrong) {
					continue
				}
				if err != nil {
					t.Fatalf("%+v: %v", q, err)
				}
				asked++
				if a.Meta.Rollup == "plays" || !exactInPlays(q.Metrics) || q.Compare != "" {
					continue
				}
				same := q
				same.From, same.To = a.Meta.From, a.Meta.To
				b, err := plays.Run(t.Context(), same)
				if err != nil {
					continue
				}
				compared++
				equal(t, q, a, b)
			}
			t.Logf("%d questions, %d of them of single plays too; %d scans, %d of them compared with the facts", asked, compared, len(check.seen), check.proved)
			if compared < *questions/10 {
				t.Errorf("only %d questions were compared with single plays", compared)
			}
		})
	}
}

// equal holds two answers to each other. A row that one lacks has nothing in it.
func equal(t *testing.T, q metric.Query, a, b *metric.Result) {
	t.Helper()
	keys := len(q.Dimensions)
	if q.Grain != "none" {
		keys++
	}
	rows := func(r *metric.Result) map[string][]any {
		m := map[string][]any{}
		for _, row := range r.Rows {
			m[fmt.Sprint(row[:keys])] = row[keys:]
		}
		return m
	}
	got, want := rows(a), rows(b)
	for _, k := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[k]; !ok {
			want[k] = make([]any, len(got[k]))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(want)) {
		g := got[k]
		if g == nil {
			g = make([]any, len(want[k]))
		}
		for i := range g {
			if !near(number(g[i]), number(want[k][i])) {
				t.Errorf("%+v\n%s of %s: %v from %s, %v from plays", q, a.Columns[keys+i].Name, k, g[i], a.Meta.Rollup, want[k][i])
			}
		}
	}
}

// number is a cell as a number; nothing is none.
func number(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	}
	return 0
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Max(math.Abs(a), math.Abs(b)) }
