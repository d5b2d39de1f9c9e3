package warehousetest

import (
	"context"
	"fmt"
	"testing"

	"playhead/internal/event"
	"playhead/internal/rollup"
	"playhead/internal/warehouse"
)

var _ warehouse.PlayLister = (*Memory)(nil)

// ListPlays lists every row that the ask is about.
func (m *Memory) ListPlays(_ context.Context, a warehouse.PlayAsk) (warehouse.PlayRows, []warehouse.Offset, error) {
	generations, offsets := m.snapshot()
	out := warehouse.PlayRows{Viewers: map[event.ViewerKey]struct{}{}}
	for _, g := range generations {
		warehouse.AddPlays(&out, g, &a)
	}
	return out, offsets, nil
}

// playsAreListed compares single plays of a driver with those of the reference.
func playsAreListed(t *testing.T, open Open) {
	w := makeWorld(t, 21, 4, 60)
	db := open(t, t.TempDir())
	defer closeIt(t, db)
	if _, ok := db.(warehouse.PlayLister); !ok {
		t.Skip("the driver lists no plays")
	}
	ref := &Memory{Days: rollup.NewDays(zone(t))}
	for _, g := range w.generations {
		apply(t, db, g)
		apply(t, ref, g)
	}
	maintain(t, db, w.to)
	stores := map[warehouse.Warehouse]*warehouse.Store{}
	for _, db := range []warehouse.Warehouse{db, ref} {
		s, err := warehouse.NewStore(t.Context(), db, warehouse.StoreOptions{Partitions: 2, Generation: rollup.Options{ReportTZ: zone(t)}})
		if err != nil {
			t.Fatal(err)
		}
		stores[db] = s
	}
	list := func(db warehouse.Warehouse, a warehouse.PlayAsk) *warehouse.PlayList {
		t.Helper()
		got, err := stores[db].ListPlays(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	title := rollup.Filter{Dimension: rollup.Title, In: []string{name("t-", 0), name("t-", 1)}}
	isp := rollup.Filter{Dimension: rollup.ISP, In: []string{name("isp-", 2)}}
	wide := warehouse.PlayAsk{From: w.from - day, To: w.to + day}
	someone := list(ref, warehouse.PlayAsk{From: wide.From, To: wide.To, Limit: 1}).Plays[0].Viewer
	for order := range warehouse.PlayOrderCount {
		for i, a := range []warehouse.PlayAsk{
			{From: wide.From, To: wide.To, Limit: 10}, {From: wide.From, To: wide.To, Limit: 400},
			{From: w.from + 5*rollup.HourMS, To: w.from + 12*rollup.HourMS, Limit: 25, AtLeast: 5},
			{From: wide.From, To: wide.To, Where: []rollup.Filter{title}, Limit: 20}, {From: wide.From, To: wide.To, Where: []rollup.Filter{title, isp}, Limit: 20, AtLeast: 3},
			{From: wide.From, To: wide.To, Viewer: someone, Limit: 50, AtLeast: 2}, {From: w.to + day, To: w.to + 2*day, Limit: 5, AtLeast: 1},
		} {
			a.Order = order
			got, want := list(db, a), list(ref, a)
			if got.More != want.More || got.Viewers != want.Viewers || len(got.Plays) != len(want.Plays) {
				t.Errorf("order %d, ask %d: %d plays, %d viewers, more %v; want %d, %d, %v", order, i,
					len(got.Plays), got.Viewers, got.More, len(want.Plays), want.Viewers, want.More)
				continue
			}
			for n := range got.Plays {
				if g, w := fmt.Sprintf("%+v", got.Plays[n]), fmt.Sprintf("%+v", want.Plays[n]); g != w {
					t.Fatalf("order %d, ask %d, play %d:\n%s\nwant\n%s", order, i, n, g, w)
				}
			}
		}
	}
	if all := list(ref, warehouse.PlayAsk{From: wide.From, To: wide.To, Limit: 10_000}); len(all.Plays) != 4*4*60 {
		t.Errorf("%d plays are listed, %d were played: what was taken back is in it", len(all.Plays), 4*4*60)
	}
}
