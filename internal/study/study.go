package study

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"playhead/internal/catalog"
	"playhead/internal/insight"
	"playhead/internal/metric"
)

// Asker answers queries: the metric layer.
type Asker interface {
	// Run answers a query; errors are *metric.QueryError, ctx's, the warehouse's.
	Run(ctx context.Context, q metric.Query) (*metric.Result, error)
	Describe() metric.Description
}

// Titles is the catalogue as it is now.
type Titles interface {
	Titles() []catalog.Title
	Title(id string) (catalog.Title, bool)
}

// Row is one finding.
type Row struct {
	Entity   string   `json:"entity" doc:"What it is about: an id of a creative or title, or kind:value of a label."`
	Kind     string   `json:"kind" doc:"What sort of finding it is."`
	Estimate *float64 `json:"estimate" doc:"The figure; meta.estimate says which. Null where there is none."`
	Low      *float64 `json:"low" doc:"Lower end of its 95 % interval."`
	High     *float64 `json:"high" doc:"Upper end of its 95 % interval."`
	N        int64    `json:"n" doc:"How many viewers (meta.n says of what) it stands on."`
	Basis    string   `json:"basis" doc:"What a comparison stands on: randomised, adjusted or raw; observed where nothing is compared. Only randomised may say what brings viewers in."`
	// Evidence is the rest that is known, by name.
	Evidence map[string]any `json:"evidence" doc:"What else is known, by name."`
}

// Observed is the basis of what compares nothing.
const Observed = "observed"

// UsedMetric is a metric that an answer used.
type UsedMetric struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Formula string `json:"formula"`
}

// InsightMeta says how an answer came about.
type InsightMeta struct {
	Estimate    string       `json:"estimate" doc:"What the estimates are."`
	N           string       `json:"n" doc:"What n counts."`
	Definitions []UsedMetric `json:"definitions" doc:"The metrics it was made of, as the metric layer defines them."`
	Rollup      string       `json:"rollup"`
	Engine      string       `json:"engine"`
	ElapsedMS   float64      `json:"elapsed_ms"`
	FreshTo     string       `json:"fresh_to" doc:"Everything received before this moment is in."`
	From        string       `json:"from"`
	To          string       `json:"to"`
	LearntAt    string       `json:"learnt_at,omitempty" doc:"When what is usual on the service was last learnt."`
	FoundAt     string       `json:"found_at,omitempty" doc:"When this was found, of days that were over: it was stored, and is told as it was found."`
	Suppressed  int          `json:"suppressed" doc:"Cells left out because too few viewers are in them."`
	Warnings    []string     `json:"warnings"`
}

// Options of a Service.
type Options struct {
	Asker  Asker
	Titles Titles
	// Viewers answers for audiences; nil where no sample is kept.
	Viewers Viewers
	// Findings keeps what is found as days close; nil where nothing is kept.
	Findings Findings
	// MinViewers: audiences of fewer are not told; 0 is none left out.
	MinViewers int
	Clock      func() time.Time
	Logger     *slog.Logger
}

// Service answers. It may be used by many goroutines.
type Service struct {
	o        Options
	mu       sync.Mutex // of learning: one at a time
	known    sync.RWMutex
	usual    *usual
	learntAt time.Time
	few      bool    // learnt from few titles: it does not last
	takes    float64 // that it was learnt from
	// lookedAt is when it was last looked whether it must be learnt anew, lookTook how
	// long that took, and lookAfter is for how long that will do for whoever asks.
	lookedAt            time.Time
	lookTook, lookAfter time.Duration
	keeper              keeper
	judging             judging
	// last is what was last read of findings; finding is held while they are read or kept.
	last    atomic.Pointer[lastStood]
	finding sync.Mutex
	// askedStanding is when what was found of days that are over was last asked for,
	// epoch ms.
	askedStanding atomic.Int64
}

// usual is what is usual of creatives: to tell what is off, and to tell rates.
type usual struct{ off, rates insight.Usual }

// New returns a service that has learnt nothing yet.
func New(o Options) *Service { return &Service{o: o} }

// Run learns what is usual now and then, and renews what is kept, until ctx is done.
// A failure is logged and tried again the next time.
func (s *Service) Run(ctx context.Context) {
	learnt := s.firstLook(ctx)
	timer := time.NewTimer(learnEvery / 10)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if s.o.Clock().Sub(learnt) >= learnEvery {
			learnt = s.o.Clock()
			s.lookAgain(ctx)
		}
		if err := s.renewKept(ctx); err != nil && ctx.Err() == nil {
			s.o.Logger.Warn("an answer about the whole catalogue could not be worked out anew", "error", err)
		}
		if err := s.stand(ctx); err != nil && ctx.Err() == nil {
			s.o.Logger.Warn("what is off in the last seven days could not be found", "error", err)
		}
		timer.Reset(learnEvery / 10)
	}
}

// window is a range of time; a zero end is open.
type window struct{ from, to time.Time }

func (w window) put(q *metric.Query) {
	if !w.from.IsZero() {
		q.From = w.from.UTC().Format(time.RFC3339)
	}
	if !w.to.IsZero() {
		q.To = w.to.UTC().Format(time.RFC3339)
	}
}

// told is the range that an answer is about.
func told(t *table) (w window) {
	if from, err := time.Parse(time.RFC3339Nano, t.res.Meta.From); err == nil {
		w.from = from
	}
	if to, err := time.Parse(time.RFC3339Nano, t.res.Meta.To); err == nil {
		w.to = to
	}
	return w
}

// answering is one answer under way: what it has asked the metric layer so far.
type answering struct {
	s       *Service
	start   time.Time
	meta    InsightMeta
	metrics []string
}

func (s *Service) begin() *answering { return &answering{s: s, start: s.o.Clock()} }

// ask runs a query and notes how it was answered.
func (a *answering) ask(ctx context.Context, w window, q metric.Query) (*table, error) {
	tables, err := a.together(ctx, []asking{{w, q}})
	if err != nil {
		return nil, err
	}
	return tables[0], nil
}

// asking is a query about a window.
type asking struct {
	w window
	q metric.Query
}

// togetherMost is how many queries of one answer run at a time: while one waits for
// the file another has the processor.
const togetherMost = 4

// together runs queries side by side and notes, in their order, how they were
// answered.
func (a *answering) together(ctx context.Context, list []asking) ([]*table, error) {
	results := make([]*metric.Result, len(list))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(togetherMost)
	for i := range list {
		q := list[i].q
		list[i].w.put(&q)
		group.Go(func() (err error) {
			results[i], err = a.s.o.Asker.Run(ctx, q)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	tables := make([]*table, len(list))
	for i, res := range results {
		tables[i] = a.note(list[i].q, res)
	}
	return tables, nil
}

// note notes how a query was answered.
func (a *answering) note(q metric.Query, res *metric.Result) *table {
	for _, m := range q.Metrics {
		if !slices.Contains(a.metrics, m) {
			a.metrics = append(a.metrics, m)
		}
	}
	m := &a.meta
	m.Rollup = join(m.Rollup, res.Meta.Rollup)
	m.Engine, m.From, m.To = res.Meta.Engine, res.Meta.From, res.Meta.To
	if m.FreshTo == "" || res.Meta.FreshTo < m.FreshTo {
		m.FreshTo = res.Meta.FreshTo
	}
	m.Suppressed += res.Meta.Suppressed + res.Meta.SuppressedGroups
	for _, text := range res.Meta.Warnings {
		a.warn("%s", text)
	}
	return newTable(res)
}

func join(list, more string) string {
	if list == "" || list == more {
		return more
	}
	if more == "" || slices.Contains(splitPlus(list), more) {
		return list
	}
	return list + "+" + more
}

func (a *answering) warn(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(a.meta.Warnings, text) {
		a.meta.Warnings = append(a.meta.Warnings, text)
	}
}

// done is the answer with its rows.
func (a *answering) done(estimate, n string, rows []Row) *Answer {
	m := a.meta
	m.Estimate, m.N = estimate, n
	m.Definitions = []UsedMetric{}
	for _, d := range a.s.o.Asker.Describe().Metrics {
		if slices.Contains(a.metrics, d.Name) {
			m.Definitions = append(m.Definitions, UsedMetric{d.Name, d.Title, d.Formula})
		}
	}
	if m.Warnings == nil {
		m.Warnings = []string{}
	}
	if rows == nil {
		rows = []Row{}
	}
	m.ElapsedMS = float64(a.s.o.Clock().Sub(a.start).Microseconds()) / 1000
	return &Answer{Rows: rows, Meta: m}
}

// fill puts an estimate into a row; what is not finite is left out.
func (r *Row) fill(e insight.Estimate) {
	r.Estimate, r.Low, r.High = number(e.Value), number(e.Low), number(e.High)
}

func number(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// interval is an estimate as evidence.
func interval(e insight.Estimate) map[string]any {
	return map[string]any{"estimate": number(e.Value), "low": number(e.Low), "high": number(e.High)}
}
