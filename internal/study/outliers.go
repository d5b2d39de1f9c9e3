package study

import (
	"context"
	"slices"
	"sync"
	"time"

	"playhead/internal/insight"
)

// OutliersAsk asks which creatives of the catalogue are off.
type OutliersAsk struct {
	Title    string // "" is all
	From, To time.Time
}

// falseDiscovery is the share of findings of a family that may be wrong.
const falseDiscovery = 0.1

// Outliers are the creatives whose takes or completions are off what their title,
// placement and rank explain.
func (s *Service) Outliers(ctx context.Context, q OutliersAsk) (*Answer, error) {
	if q.Title != "" {
		return keepBriefly(ctx, s, keptName("outliers", q.From, q.To, q.Title), func(ctx context.Context) (*Answer, error) { return s.outliers(ctx, q) })
	}
	if a, err := s.standing(ctx, q); a != nil || err != nil {
		return a, err
	}
	return keep(ctx, s, keptName("outliers", q.From, q.To), func(ctx context.Context) (*Answer, error) { return s.outliers(ctx, q) })
}

func (s *Service) outliers(ctx context.Context, q OutliersAsk) (*Answer, error) {
	usual, at, err := s.usually(ctx)
	if err != nil {
		return nil, err
	}
	a, beyond, err := s.outliersBy(ctx, q, usual, at)
	if err != nil || !beyond {
		return a, err
	}
	// A title has come to be like none that what is usual was learnt from.
	newer, at, err := s.usuallyAnew(ctx, usual)
	if err != nil {
		return nil, err
	}
	if newer == usual { // it has only just been learnt: of that title nothing can be said yet
		return a, nil
	}
	a, _, err = s.outliersBy(ctx, q, newer, at)
	return a, err
}

// outliersBy are those by what was learnt at some time to be usual; beyond is set where
// titles are beyond that, of which it says nothing.
func (s *Service) outliersBy(ctx context.Context, q OutliersAsk, usual *usual, at time.Time) (_ *Answer, beyond bool, err error) {
	a := s.begin()
	a.meta.LearntAt = at.UTC().Format(time.RFC3339)
	w := window{q.From, q.To}
	if w.from.IsZero() {
		w.from = s.o.Clock().AddDate(0, 0, -7)
	}
	var all *serviceFunnels
	if q.Title != "" {
		all, err = a.titleFunnels(ctx, w, q.Title, "")
	} else {
		all, err = a.funnels(ctx, w, nil)
	}
	if err != nil {
		return nil, false, err
	}
	titles := all.sorted()
	judge, done := s.judging.of(usual, q)
	defer done()
	found := judged(judge, titles)
	if q.Title == "" && len(found) > 0 {
		if err := a.closer(ctx, w, titlesOf(found, titles)); err != nil {
			return nil, false, err
		}
		found = judged(judge, titles)
	}
	var rows []Row
	for _, f := range found {
		of := titles[f.Title]
		x := of.counts[f.Creative]
		post, n := usual.rates.Take.Posteriors(takesOf(of))[f.Creative], of.raw[f.Creative].N
		if f.Family == insight.EffectiveUp || f.Family == insight.EffectiveDown {
			post = usual.rates.Effective.Posteriors(pick(of, func(f insight.Funnel) insight.Count { return f.Effective }))[f.Creative]
		}
		row := Row{Entity: of.creatives[f.Creative], Kind: string(f.Family), N: int64(n), Basis: string(of.basis)}
		row.fill(post.Estimate())
		row.Evidence = map[string]any{
			"title": of.title, "probability": f.Probability, "alarm": f.Alarm, "log_e": f.LogE, "ratio_to_siblings": interval(f.Ratio),
			"completion_given_take": interval(insight.Raw(x.Keep)), "effective_rate": interval(insight.Raw(x.Effective)), "siblings": len(of.creatives) - 1,
		}
		rows = append(rows, row)
	}
	return a.done("take rate; of effective_up and effective_down: effective rate. Of what is listed at most a tenth is expected to be chance; alarm is set where the evidence holds however often one has looked",
		"viewers with an eligible impression", rows), judge.Beyond(), nil
}

// titlesOf are the titles that something is found of.
func titlesOf(found []insight.Finding, titles []*titleFunnels) (out []*titleFunnels) {
	for _, f := range found {
		if t := titles[f.Title]; !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// judging keeps what was weighed of the whole catalogue's last days, so that a look
// costs what has changed since the one before.
type judging struct {
	mu    sync.Mutex
	usual *usual
	judge *insight.Judge
}

// of is who judges an answer, until done is called. What is asked for now and then is
// weighed for itself.
func (j *judging) of(u *usual, q OutliersAsk) (judge *insight.Judge, done func()) {
	if q.Title != "" || !q.From.IsZero() || !q.To.IsZero() {
		return insight.NewJudge(u.off), func() {}
	}
	j.mu.Lock()
	if j.usual != u {
		j.usual, j.judge = u, insight.NewJudge(u.off)
	}
	return j.judge, j.mu.Unlock
}

func judged(judge *insight.Judge, titles []*titleFunnels) []insight.Finding {
	funnels := make([][]insight.Funnel, len(titles))
	for i, t := range titles {
		funnels[i] = t.counts
	}
	judge.Weigh(funnels)
	return judge.Findings(falseDiscovery)
}
