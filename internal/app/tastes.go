package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"playhead/internal/metric"
)

// When the audience's choices are asked for: some time after a start, then once
// a day, and sooner after a failure.
const (
	tastesFirst = 10 * time.Minute
	tastesEvery = 24 * time.Hour
	tastesRetry = time.Hour
	// tastesDays are how many days of choices count.
	tastesDays = 28
)

// tastes finds out what the audience chooses: a viewer likes what he chooses more
// often than others do. Who is not a whole audience is told of by the catalogue.
type tastes struct {
	asker interface {
		Run(ctx context.Context, q metric.Query) (*metric.Result, error)
	}
	clock func() time.Time
	zone  *time.Location
	log   *slog.Logger
	// found is told what was found.
	found func(context.Context, choices) error
}

// run asks until ctx ends.
func (t *tastes) run(ctx context.Context) error {
	next := time.NewTimer(tastesFirst)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-next.C:
		}
		wait := tastesEvery
		if err := t.once(ctx); err != nil && ctx.Err() == nil {
			t.log.Warn("what the audience chooses is not known; tastes are judged as before", "error", err)
			wait = tastesRetry
		}
		next.Reset(wait)
	}
}

// once asks for the starters of every title on the last whole days.
func (t *tastes) once(ctx context.Context) error {
	today := t.clock().In(t.zone)
	day := func(back int) string { return today.AddDate(0, 0, -back).Format(time.DateOnly) }
	r, err := t.asker.Run(ctx, metric.Query{
		Metrics: []string{"starters"}, Dimensions: []string{"title"}, From: day(tastesDays), To: day(0), Limit: 100_000,
	})
	if err != nil {
		return fmt.Errorf("ask for the starters of titles: %w", err)
	}
	found := choices{}
	for _, row := range r.Rows {
		title, _ := row[0].(string)
		switch n := row[1].(type) {
		case int64:
			found[title] = float64(n)
		case float64:
			found[title] = n
		}
	}
	return t.found(ctx, found)
}
