package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"playhead/internal/sketch"
)

// question is one of the twelve.
type question struct {
	name, text string
	path, body string
	// truth compares an answer with what the model knows and returns the relative
	// differences; nil where the answer is exact sums or nothing is to compare.
	truth  func(answer []byte) ([]float64, error)
	stated float64 // relative standard error
	bar    time.Duration
}

// keptPrefix begins the names of questions whose answers a server keeps for a while.
const keptPrefix = "insight."

// storedQuestion is answered by what was found when the day closed, see closeDay; the
// others are worked out anew.
const storedQuestion = "q10"

type query struct {
	Metrics    []string         `json:"metrics"`
	Dimensions []string         `json:"dimensions,omitempty"`
	Where      []map[string]any `json:"where,omitempty"`
	From       string           `json:"from,omitempty"`
	To         string           `json:"to,omitempty"`
	Grain      string           `json:"grain,omitempty"`
	Compare    string           `json:"compare,omitempty"`
	Order      []map[string]any `json:"order,omitempty"`
	Limit      int              `json:"limit,omitempty"`
}

func (q query) json() string {
	data, _ := json.Marshal(q) // strings and numbers only
	return string(data)
}

func is(dimension string, values ...string) []map[string]any {
	return []map[string]any{{"dimension": dimension, "in": values}}
}

// questions are the twelve of the design, about the largest title and country:
// their sketches are the fullest.
func questions(m *model) []question {
	x, y := m.ranked(0).id, m.ranked(1).id
	country := largest(m.country)[0].name
	back := func(days int) string { return m.end.AddDate(0, 0, -days).Format(time.RFC3339) }
	to := m.end.Format(time.RFC3339)
	funnel := []string{"impressions", "take_rate", "viewers_reached"}
	slow, quick := 100*time.Millisecond, 10*time.Millisecond
	return []question{
		{"q1", "a title's creatives by country, 28 days", "/api/v1/query",
			query{Metrics: funnel, Dimensions: []string{"creative", "country"}, Where: is("title", x), From: back(28), To: to}.json(),
			m.reachedTruth(28, "creative", "country"), sketch.RelativeError, slow},
		{"q2", "the same by affinity", "/api/v1/query",
			query{Metrics: funnel, Dimensions: []string{"creative", "affinity"}, Where: is("title", x), From: back(28), To: to}.json(),
			m.reachedTruth(0, "creative", "affinity"), sketch.RelativeError, slow},
		{"q3", "a title's creatives, all time", "/api/v1/query", query{Metrics: funnel, Dimensions: []string{"creative"}, Where: is("title", x)}.json(),
			m.reachedTruth(m.shape.days, "creative", ""), sketch.RelativeError, slow},
		{"q4", "top 100 titles by viewers in a country, 7 days, against the 7 before", "/api/v1/query",
			query{Metrics: []string{"viewers"}, Dimensions: []string{"title"}, Where: is("country", country), From: back(7), To: to, Compare: "previous",
				Order: []map[string]any{{"by": "viewers", "desc": true}}, Limit: 100}.json(), m.topTruth, sketch.RelativeError, slow},
		{"q5", "a title's retention by device", "/api/v1/titles/" + url.PathEscape(x) + "/retention?by=device_type", "", nil, 0, slow},
		{"q6", "overlap of two titles' audiences", "/api/v1/audiences/overlap", fmt.Sprintf(`{"titles":[%q,%q],"from":%q,"to":%q}`, x, y, back(28), to),
			m.overlapTruth, 0, slow},
		{"q7", "a title's strongest affinities", "/api/v1/insights/affinities?title=" + url.QueryEscape(x) + "&from=" + back(28) + "&to=" + to, "", nil, sketch.RelativeError, slow},
		{"q8", "titles launched lately, aligned at launch", "/api/v1/insights/launches", "", nil, sketch.RelativeError, slow},
		{"q9", "daily viewers of a genre by country, 365 days", "/api/v1/query",
			query{Metrics: []string{"viewers"}, Dimensions: []string{"country"}, Where: is("genre", largest(m.genre)[0].name), From: back(365), To: to, Grain: "day"}.json(),
			m.genreTruth, sketch.RelativeError, slow},
		{"q10", "outlier creatives of the catalogue, 7 days", "/api/v1/insights/outliers?from=" + back(7) + "&to=" + to, "", nil, sketch.RelativeError, slow},
		{"q11", "rebuffering by CDN and provider in a country, each minute of a day", "/api/v1/query",
			query{Metrics: []string{"rebuffering_ratio"}, Dimensions: []string{"cdn", "isp"}, Where: is("country", country), From: back(1), To: to, Grain: "minute"}.json(), nil, 0, slow},
		{"q12", "values of a filter as one types", "/api/v1/values?dimension=title&prefix=" + x[:3], "", nil, 0, quick},
	}
}

type answer struct {
	Columns []struct{ Name string } `json:"columns"`
	Rows    [][]any                 `json:"rows"`
	Meta    struct {
		From, To time.Time
	} `json:"meta"`
}

func readAnswer(data []byte) (a answer, column map[string]int, err error) {
	err = json.Unmarshal(data, &a)
	column = map[string]int{}
	for i, c := range a.Columns {
		column[c.Name] = i
	}
	return a, column, err
}

// reachedTruth checks viewers reached of the first title by creative and another
// dimension; days is 0 for as many as the answer says it is about.
func (m *model) reachedTruth(days int, dims ...string) func([]byte) ([]float64, error) {
	return func(data []byte) (out []float64, err error) {
		a, column, err := readAnswer(data)
		if err != nil {
			return nil, err
		}
		n := days
		if n == 0 {
			to := a.Meta.To
			if to.After(m.end) {
				to = m.end
			}
			n = int(to.Sub(a.Meta.From).Hours() / 24)
		}
		x := m.ranked(0)
		for _, row := range a.Rows {
			daily := m.plays * m.rates.ImpressionsPerPlay * x.weight
			for _, d := range dims {
				if d == "" {
					continue
				}
				value, _ := row[column[d]].(string)
				daily *= m.shareOf(d, value)
			}
			if got, ok := row[column["viewers_reached"]].(float64); ok {
				out = differ(out, got, m.audienceOf(daily*m.rates.ReachedPerImpression).union(n))
			}
		}
		return out, nil
	}
}

// fewest is how many members a group has that is compared: of fewer the model's
// rounding tells.
const fewest = 400

func differ(out []float64, got, truth float64) []float64 {
	if truth < fewest {
		return out
	}
	return append(out, got/truth-1)
}

func (m *model) shareOf(dimension, value string) float64 {
	var list []weighed
	switch dimension {
	case "creative":
		for n := range m.creatives {
			if id, share := m.creative(m.ranked(0), n); id == value {
				return share
			}
		}
	case "country":
		list = m.country
	case "affinity":
		list = m.affinity
	}
	for _, w := range list {
		if w.name == value {
			return w.share
		}
	}
	return math.NaN()
}

func (m *model) topTruth(data []byte) (out []float64, err error) {
	a, column, err := readAnswer(data)
	if err != nil {
		return nil, err
	}
	share := largest(m.country)[0].share
	for _, row := range a.Rows {
		at, _ := slices.BinarySearchFunc(m.byID, row[column["title"]].(string), func(t title, id string) int { return compare(t.id, id) })
		truth := m.audienceOf(m.plays * m.byID[at].weight * share * m.rates.ViewersPerPlay).union(7)
		for _, name := range []string{"viewers", "viewers_previous"} {
			if got, ok := row[column[name]].(float64); ok {
				out = differ(out, got, truth)
			}
		}
	}
	return out, nil
}

func (m *model) genreTruth(data []byte) (out []float64, err error) {
	a, column, err := readAnswer(data)
	if err != nil {
		return nil, err
	}
	genre := largest(m.genre)[0].share
	for _, row := range a.Rows {
		value, _ := row[column["country"]].(string)
		truth := m.audienceOf(m.plays * genre * m.shareOf("country", value) * m.rates.ViewersPerPlay).union(1)
		if got, ok := row[column["viewers"]].(float64); ok {
			out = differ(out, got, truth)
		}
	}
	return out, nil
}

func (m *model) overlapTruth(data []byte) (out []float64, err error) {
	var a struct {
		Rows []struct {
			Kind     string
			Estimate float64
		}
		Meta struct{ From, To time.Time }
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return nil, err
	}
	for _, r := range a.Rows {
		if r.Kind == "overlap" {
			out = differ(out, r.Estimate, float64(m.monthOverlap()))
		}
	}
	return out, nil
}

// timing is how a question was answered.
type timing struct {
	q              question
	cold, p50, p99 time.Duration
	read           int64 // bytes of a cold answer
	answerBytes    int
	rms, worst     float64
	compared       int
	processor      time.Duration // of a warm answer
	anew           time.Duration // the slowest of some that were worked out though an answer is kept; 0: none was asked
}

// start starts a server over what was built.
func (o *options) start(ctx context.Context) (*server, error) {
	return serve(ctx, o.binary, o.dir+"/data", "--catalog", o.dir+"/titles.csv", "--lake", "off", "--warehouse-memory", fmt.Sprint(o.memory))
}

// askAll asks every question of a new server with nothing in any cache, and then
// of one server again and again.
func askAll(ctx context.Context, o options, m *model, dir string) ([]timing, error) {
	start := func() (*server, error) { return o.start(ctx) }
	var out []timing
	for _, q := range append(questions(m), insights(m)...) {
		if o.question != "" && !slices.Contains(strings.Split(o.question, ","), q.name) {
			continue
		}
		t, err := askOne(ctx, start, q, dir, o.runs)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", q.name, err)
		}
		say("%s: cold %s, p50 %s, p99 %s, processor %s, %.1f MB read, %.2f MB answered, rms error %.4f of %d", q.name, t.cold.Round(time.Millisecond),
			t.p50.Round(100*time.Microsecond), t.p99.Round(100*time.Microsecond), t.processor.Round(100*time.Microsecond), float64(t.read)/1e6, float64(t.answerBytes)/1e6, t.rms, t.compared)
		if t.anew > 0 {
			say("%s: worked out anew in %s at most", q.name, t.anew.Round(time.Millisecond))
		}
		out = append(out, t)
	}
	return out, nil
}

func askOne(ctx context.Context, start func() (*server, error), q question, dir string, runs int) (t timing, err error) {
	t.q = q
	if err := forget(dir + "/data/warehouse"); err != nil {
		return t, err
	}
	s, err := start()
	if err != nil {
		return t, err
	}
	defer s.stop()
	if err := forget(dir + "/data/warehouse"); err != nil {
		return t, err
	}
	before := s.bytesRead()
	data, took, err := s.ask(ctx, &q)
	if err != nil {
		return t, err
	}
	t.cold, t.read, t.answerBytes = took, s.bytesRead()-before, len(data)
	if q.truth != nil {
		differences, err := q.truth(data)
		if err != nil {
			return t, err
		}
		for _, d := range differences {
			t.rms += d * d / float64(len(differences))
			t.worst = max(t.worst, math.Abs(d))
		}
		t.rms, t.compared = math.Sqrt(t.rms), len(differences)
	}
	var warm []time.Duration
	busy := s.processorTime()
	asked := 0
	for i := range runs + 2 {
		asked++
		_, took, err := s.ask(ctx, &q)
		if err != nil {
			return t, err
		}
		if i >= 2 {
			warm = append(warm, took)
		}
		if took > 10*time.Second {
			break
		}
	}
	t.processor = (s.processorTime() - busy) / time.Duration(asked)
	if len(warm) == 0 {
		warm = []time.Duration{t.cold}
	}
	slices.Sort(warm)
	t.p50, t.p99 = warm[len(warm)/2], warm[min(len(warm)-1, len(warm)*99/100)]
	if strings.HasPrefix(q.name, keptPrefix) {
		if t.anew, err = askAnew(ctx, s, q); err != nil {
			return t, err
		}
	}
	return t, s.stop()
}

// askAnew asks a question whose answer is kept, to have it worked out, and returns
// the slowest answer of thirty, after two that fill what is remembered of its parts.
func askAnew(ctx context.Context, s *server, q question) (slowest time.Duration, err error) {
	q.name = strings.TrimPrefix(q.name, keptPrefix)
	for i := range 32 {
		_, took, err := s.ask(ctx, &q)
		if err != nil {
			return 0, err
		}
		if i < 2 {
			continue
		}
		if slowest = max(slowest, took); took > 5*time.Second {
			break
		}
	}
	return slowest, nil
}
