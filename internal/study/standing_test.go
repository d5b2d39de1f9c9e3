package study

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"
)

// drawer keeps findings in memory.
type drawer struct {
	bodies map[int64][]byte // of outliers
	others map[string][]byte
	broken error
}

func (d *drawer) Findings(_ context.Context, kind string, end int64) ([]byte, error) {
	if kind != outliersKind {
		return d.others[fmt.Sprint(kind, end)], d.broken
	}
	return d.bodies[end], d.broken
}

func (d *drawer) KeepFindings(_ context.Context, kind string, end int64, body []byte) error {
	if kind != outliersKind {
		if d.others == nil {
			d.others = map[string][]byte{}
		}
		d.others[fmt.Sprint(kind, end)] = body
		return d.broken
	}
	d.bodies[end] = body
	return d.broken
}

// TestOutliersOfDaysThatAreOver: what was found when a day closed answers for it, as
// it would be found now, and nothing is asked; another range and no-cache ask.
func TestOutliersOfDaysThatAreOver(t *testing.T) {
	c, kept := &cube{}, &drawer{bodies: map[int64][]byte{}}
	c.usualTitles()
	for i, took := range []float64{1600, 1590, 1610, 4000} {
		c.shown("film", []string{"a", "b", "c", "d"}[i], "row", "US", 20_000, took, took*0.4)
	}
	clock := now.Add(5 * time.Minute) // just after midnight
	s := serve(c, nil)
	s.o.Findings, s.o.Clock = kept, func() time.Time { return clock }
	ctx, q := t.Context(), OutliersAsk{From: now.AddDate(0, 0, -7), To: now}
	want, err := s.Outliers(ctx, q)
	if err != nil || len(want.Rows) == 0 {
		t.Fatalf("%+v, %v: want something off", want, err)
	}
	look := func(wantKept int, when string) {
		t.Helper()
		if err := s.stand(ctx); err != nil || len(kept.bodies) != wantKept {
			t.Fatalf("%s: %d days are kept (%v), want %d", when, len(kept.bodies), err, wantKept)
		}
	}
	look(0, "before all of the day is stored")
	clock = now.Add(time.Hour)
	look(1, "an hour later")
	asked := len(c.asked)
	got, err := s.Outliers(ctx, q)
	if err != nil || len(c.asked) != asked {
		t.Fatalf("%d queries were asked (%v), want none", len(c.asked)-asked, err)
	}
	if got.Meta.FoundAt == "" || len(got.Rows) != len(want.Rows) || got.Rows[0].Entity != want.Rows[0].Entity || !reflect.DeepEqual(got.Rows[0].Estimate, want.Rows[0].Estimate) || got.Meta.From != want.Meta.From {
		t.Errorf("got %+v\nwant %+v", got.Rows, want.Rows)
	}
	for name, ask := range map[string]func() (*Answer, error){
		"of six days":   func() (*Answer, error) { return s.Outliers(ctx, OutliersAsk{From: now.AddDate(0, 0, -6), To: now}) },
		"of a title":    func() (*Answer, error) { return s.Outliers(ctx, OutliersAsk{Title: "film", From: q.From, To: q.To}) },
		"with no-cache": func() (*Answer, error) { return s.Outliers(Anew(ctx), q) },
	} {
		before := len(c.asked)
		if _, err := ask(); err != nil || len(c.asked) == before {
			t.Errorf("%s: nothing was asked (%v)", name, err)
		}
	}
	before := string(kept.bodies[now.UnixMilli()])
	clock = now.Add(90 * time.Minute)
	look(1, "while they are young")
	if string(kept.bodies[now.UnixMilli()]) != before {
		t.Error("findings of half an hour were found anew")
	}
	clock = now.Add(150 * time.Minute)
	if _, err := s.Outliers(ctx, q); err != nil {
		t.Fatal(err)
	}
	look(1, "when they are old and asked for")
	if string(kept.bodies[now.UnixMilli()]) == before {
		t.Error("old findings that somebody asks for were not found anew")
	}
	clock = now.Add(25 * time.Hour)
	look(2, "a day later")
	clock = now.Add(49 * time.Hour)
	kept.broken = errors.New("the disk is full")
	if err := s.stand(ctx); !errors.Is(err, kept.broken) {
		t.Errorf("%v, want what went wrong", err)
	}
}
