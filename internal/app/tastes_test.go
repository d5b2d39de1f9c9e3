package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"playhead/internal/catalog"
	"playhead/internal/journey"
	"playhead/internal/metric"
)

// answers is a metric layer that answers in turn.
type answers struct {
	rows  [][][]any // nil: an error
	asked []metric.Query
}

func (a *answers) Run(_ context.Context, q metric.Query) (*metric.Result, error) {
	rows := a.rows[min(len(a.asked), len(a.rows)-1)]
	a.asked = append(a.asked, q)
	if rows == nil {
		return nil, errors.New("busy")
	}
	return &metric.Result{Rows: rows}, nil
}

// The audience's choices are asked for some minutes after a start, an hour after a
// failure, and then daily.
func TestChoicesAreAskedForDaily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &answers{rows: [][][]any{nil, {{"a", int64(7)}, {"b", nil}}, {{"a", 9.0}}}}
		var found []choices
		began := time.Now()
		var at []time.Duration
		job := &tastes{asker: a, clock: time.Now, zone: time.UTC, log: slog.New(slog.NewTextHandler(io.Discard, nil)), found: func(_ context.Context, c choices) error {
			found, at = append(found, c), append(at, time.Since(began))
			return nil
		}}
		ctx, stop := context.WithTimeout(t.Context(), 30*time.Hour)
		defer stop()
		if err := job.run(ctx); err != nil {
			t.Fatal(err)
		}
		if len(found) != 2 || !maps.Equal(found[0], choices{"a": 7}) || !maps.Equal(found[1], choices{"a": 9}) {
			t.Errorf("found %v", found)
		}
		if want := 70 * time.Minute; len(at) != 2 || at[0] != want || at[1] != want+24*time.Hour {
			t.Errorf("found after %v", at)
		}
		if q := a.asked[0]; q.From != "1999-12-04" || q.To != "2000-01-01" { // a bubble begins in the year 2000
			t.Errorf("asked from %s to %s", q.From, q.To)
		}
	})
}

// A label's share is that of the audience's choices once there are many, that of
// the catalogue before.
func TestSharesAreTheAudiences(t *testing.T) {
	c, err := catalog.New([]catalog.Title{
		{ID: "a", Kind: catalog.Movie, RuntimeMS: 1, Genres: []string{"drama"}}, {ID: "b", Kind: catalog.Movie, RuntimeMS: 1, Genres: []string{"comedy"}},
		{ID: "c", Kind: catalog.Movie, RuntimeMS: 1, Genres: []string{"comedy"}}, {ID: "d", Kind: catalog.Movie, RuntimeMS: 1, Genres: []string{"comedy"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	titles := []journey.Title{{ID: "a", RuntimeMS: 1, Labels: "genre:drama"}}
	for _, id := range []string{"b", "c", "d"} {
		titles = append(titles, journey.Title{ID: id, RuntimeMS: 1, Labels: "genre:comedy"})
	}
	offered := catalogRecord(c, nil)
	few := catalogRecord(c, &choices{"a": 20, "gone": 1e9})
	many := catalogRecord(c, &choices{"a": 75_000, "b": 25_000})
	for _, x := range []struct {
		name   string
		record []byte
		drama  float64
	}{
		{"nobody", offered, 0.25}, {"few", few, 270. / 1_020}, {"many", many, 75_250. / 101_000},
	} {
		want := journey.AppendCatalog(nil, titles, []journey.Share{{Label: "genre:drama", Share: x.drama}, {Label: "genre:comedy", Share: 1 - x.drama}})
		if !journey.Alike(x.record, want, 1.000001) {
			t.Errorf("%s: the share of dramas is not %f", x.name, x.drama)
		}
	}
	if !journey.Alike(offered, few, muchMoved) || journey.Alike(offered, many, muchMoved) || !journey.Alike(offered, many, 0) {
		t.Error("it is told of what has hardly moved, or not of what has")
	}
}
