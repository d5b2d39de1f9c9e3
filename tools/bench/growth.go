package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"playhead/internal/catalog"
	"playhead/tools/audience"
	"playhead/tools/figures"
	"playhead/tools/plot"
)

// axis is what grows in a row of runs, tenfold from one to the next, while the rest
// stays.
type axis struct {
	name, colour string
	run          func(factor int64) growthRun
	// work is true when the work grows with it; else it is the same work among more.
	work bool
}

// growthRun is what is sent to one server.
type growthRun struct {
	events, viewers int64
	titles          int // 0 is the demo's catalogue
	cycles          int64
}

const (
	growthEvents = 400_000 // where events do not grow
	growthFirst  = 40_000  // where they do, of the first run
)

func axes() []axis {
	return []axis{
		{"events", "#1f77b4", func(f int64) growthRun { return growthRun{events: growthFirst * f, viewers: 20_000, cycles: 1} }, true},
		{"viewers", "#ff7f0e", func(f int64) growthRun { return growthRun{events: growthEvents, viewers: 500 * f, cycles: 1} }, false},
		{"titles", "#2ca02c", func(f int64) growthRun {
			return growthRun{events: growthEvents, viewers: 20_000, titles: int(50 * f), cycles: 1}
		}, false},
		{"history", "#d62728", func(f int64) growthRun { return growthRun{events: growthFirst, viewers: 2_000, cycles: f} }, true},
	}
}

// grown is what a run cost.
type grown struct {
	factor   float64
	events   float64
	event    float64 // µs of the server's processor time an event
	question float64 // ms of it a question of the dashboard's
}

// measureGrowth sends ten and a hundred times as many events, of as many viewers and
// titles, over as much time, and fits the power with which cost grows.
func measureGrowth(ctx context.Context, o options, r *figures.Report) error {
	var events, questions []plot.Series
	for _, a := range axes() {
		var list []grown
		for _, factor := range []int64{1, 10, 100} {
			say("growth of %s: times %d", a.name, factor)
			g, err := grow(ctx, o, a.run(factor))
			if err != nil {
				return fmt.Errorf("%s times %d: %w", a.name, factor, err)
			}
			g.factor = float64(factor)
			list = append(list, g)
			r.Add(fmt.Sprintf("growth.%s.x%d.core_us_per_event", a.name, factor), g.event, "µs")
			r.Add(fmt.Sprintf("growth.%s.x%d.core_ms_per_question", a.name, factor), g.question, "ms")
		}
		addExponents(r, a, list)
		e, q := plot.Series{Name: a.name, Colour: a.colour}, plot.Series{Name: a.name, Colour: a.colour}
		for _, g := range list {
			e.Points, q.Points = append(e.Points, [2]float64{g.factor, g.event}), append(q.Points, [2]float64{g.factor, max(g.question, 0.01)})
		}
		events, questions = append(events, e, dotted(e)), append(questions, q, dotted(q))
	}
	return errors.Join(
		plot.LogLog(filepath.Join(o.docs, "growth-event.svg"), "processor time an event", "times as many", "µs", events),
		plot.LogLog(filepath.Join(o.docs, "growth-question.svg"), "processor time a question of the dashboard", "times as many", "ms", questions),
	)
}

func dotted(s plot.Series) plot.Series {
	s.Name, s.Dots = "", true
	return s
}

// addExponents holds the powers against that of n log n: of the whole cost where the
// work grows, of the cost of each event where it is the same among more; and
// a tenth, for the error of measurement.
func addExponents(r *figures.Report, a axis, list []grown) {
	const inexact = 0.1
	first, last := list[0], list[len(list)-1]
	most := sorting(first.events, last.events)
	if !a.work {
		most = sorting(growthEvents, growthEvents*last.factor) // if each of n events had to be found among n
		most--
	}
	event, question := worst(list, func(g grown) float64 {
		if a.work {
			return g.event * g.events
		}
		return g.event
	}), worst(list, func(g grown) float64 { return g.question })
	r.AtMost("growth."+a.name+".exponent", event, "power of the server's processor time", most+inexact)
	r.AtMost("growth."+a.name+".question_exponent", question, "power of a question's", sorting(growthEvents, growthEvents*100)+inexact)
}

// worst is the greater of the power over all runs and over the last decade, since what
// is the same for all, such as a start, hides growth in the first.
func worst(list []grown, of func(grown) float64) float64 {
	points := make([][2]float64, len(list))
	for i, g := range list {
		points[i] = [2]float64{g.factor, of(g)}
	}
	return max(exponent(points), exponent(points[max(0, len(points)-2):]))
}

// grow sends a run to a server of its own and asks it what the dashboard asks.
func grow(ctx context.Context, o options, run growthRun) (g grown, err error) {
	options := audience.Options{Seed: 9, Events: run.events, Viewers: run.viewers, Return: true}
	flags := []string{"--lake", "off"} // it comes later, when the processors are free: lake.write and lake.merge are its cost
	if run.titles > 0 {
		folder, err := os.MkdirTemp("", "bench-titles-")
		if err != nil {
			return g, err
		}
		defer os.RemoveAll(folder)
		if options.Catalog, err = titlesOf(run.titles); err != nil {
			return g, err
		}
		file := filepath.Join(folder, "titles.json")
		data, err := catalog.Encode(options.Catalog)
		if err == nil {
			err = os.WriteFile(file, data, 0o600)
		}
		if err != nil {
			return g, fmt.Errorf("write a catalogue: %w", err)
		}
		flags = append(flags, "--catalog", file)
	}
	flow, err := audience.NewCycles(ctx, options, run.cycles)
	if err != nil {
		return g, fmt.Errorf("prepare: %w", err)
	}
	s, key, token, err := startWithKeys(ctx, o, flags...)
	if err != nil {
		return g, err
	}
	defer s.stop()
	if _, err := s.idle(ctx); err != nil {
		return g, err
	}
	before, err := s.processorTime()
	if err != nil {
		return g, err
	}
	sent, err := sendAll(ctx, s, key, flow)
	if err != nil {
		return g, err
	}
	if _, err := settle(ctx, s, token, time.Now()); err != nil {
		return g, err
	}
	spent, err := s.idle(ctx)
	if err != nil {
		return g, err
	}
	g.events = float64(sent)
	g.event = float64((spent - before).Microseconds()) / g.events
	g.question, err = s.questions(ctx, token)
	return g, err
}

// sendAll sends everything, as fast as it is answered.
func sendAll(ctx context.Context, s *server, key string, flow *audience.Loop) (int64, error) {
	got, err := offer(ctx, s, key, flow, levelConnections, 10*time.Minute, 0)
	if errors.Is(err, errUsedUp) {
		err = nil
	}
	return got.accepted, err
}

// idle waits until the server has next to nothing to do, half a minute at most, and
// returns what it has used by then.
func (s *server) idle(ctx context.Context) (time.Duration, error) {
	last, err := s.processorTime()
	for patience, calm := time.Now().Add(30*time.Second), 0; err == nil && calm < 2 && time.Now().Before(patience); {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(time.Second):
		}
		var now time.Duration
		if now, err = s.processorTime(); now-last < 60*time.Millisecond {
			calm++
		} else {
			calm = 0
		}
		last = now
	}
	return last, err
}

// questions is the server's processor time for each of what the dashboard's pages ask,
// ms: the second time that they are asked.
func (s *server) questions(ctx context.Context, token string) (float64, error) {
	n := 0
	var before time.Duration
	for round := range 4 {
		if round == 1 {
			var err error
			if before, err = s.processorTime(); err != nil {
				return 0, err
			}
		}
		refused := map[string]int{}
		asked, err := s.askPages(ctx, token, refused)
		if err != nil {
			return 0, err
		}
		if len(refused) > 0 {
			return 0, fmt.Errorf("questions had no answer: %v", slices.Collect(maps.Keys(refused)))
		}
		if round > 0 {
			n += asked
		}
	}
	after, err := s.processorTime()
	return float64((after - before).Microseconds()) / 1000 / float64(n), err
}

// titlesOf is a catalogue of n titles: the demo's, as often as needed.
func titlesOf(n int) (*catalog.Catalog, error) {
	demo := catalog.Demo(1).Titles()
	list := make([]catalog.Title, n)
	for i := range list {
		t := demo[i%len(demo)]
		if again := i / len(demo); again > 0 {
			t.ID, t.Name = fmt.Sprint(t.ID, "-", again), fmt.Sprint(t.Name, " ", again)
			if t.Show != "" {
				t.Show = fmt.Sprint(t.Show, "-", again)
			}
			t.Creatives = slices.Clone(t.Creatives)
			for j := range t.Creatives {
				t.Creatives[j].ID += fmt.Sprint("-", again)
			}
		}
		list[i] = t
	}
	return catalog.New(list)
}
