package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"playhead/internal/catalog"
	"playhead/internal/metric"
	"playhead/internal/rollup"
)

type retentionInput struct {
	ID   string    `path:"id" maxLength:"256" doc:"The title's id; of a show or a season, its episodes count together."`
	By   string    `query:"by" enum:"none,device_type,country,season,os,app_version,player,cdn,isp" default:"none" doc:"One curve for each value. season: of a show, by the ids of its seasons. device_type has a roll-up; the others but season read the title's single plays, as long as those are kept."`
	From time.Time `query:"from" doc:"Start of the range; whole days count. Left out: all time."`
	To   time.Time `query:"to" doc:"End of the range. Left out: now."`
}

// RetentionMeta says what a retention curve stands on.
type RetentionMeta struct {
	DurationMS int64    `json:"duration_ms" doc:"Longest duration that a play gave."`
	BinMS      int64    `json:"bin_ms" doc:"Width of a position bin."`
	Plays      int64    `json:"plays" doc:"Finished plays with a first frame, a position and a duration."`
	ElapsedMS  float64  `json:"elapsed_ms"`
	FreshTo    string   `json:"fresh_to"`
	Warnings   []string `json:"warnings"`
}

// RetentionTable has a row for each bin of the position.
type RetentionTable struct {
	Columns []metric.Column `json:"columns"`
	Rows    [][]any         `json:"rows" doc:"[by,] position_ms, reached, watched, started, plays."`
	Meta    RetentionMeta   `json:"meta"`
}

type retentionOutput struct{ Body RetentionTable }

func (s *server) registerRetention() {
	huma.Register(s.api, huma.Operation{
		OperationID: "retention", Method: http.MethodGet, Path: "/api/v1/titles/{id}/retention", Security: readers(),
		Summary: "How far into a title its plays went",
		Description: "reached: share of plays whose furthest position is at or after the bin's start. watched: times the bin was played, per play; " +
			"rewatches count, so it may pass 1. started: share of plays that began in the bin. " + whoReads,
	}, s.retention)
}

func (s *server) retention(ctx context.Context, in *retentionInput) (*retentionOutput, error) {
	start := s.Clock()
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	of := s.episodes(in.ID, in.By == "season")
	curves, err := s.Store.Retention(ctx, of, curvesBy[in.By], epoch(in.From), epoch(in.To))
	if err != nil {
		return nil, s.asked(ctx, err)
	}
	out := &retentionOutput{}
	t := &out.Body
	keyed := in.By != "none"
	if keyed {
		t.Columns = append(t.Columns, metric.Column{Name: in.By, Type: "string"})
	}
	t.Columns = append(t.Columns,
		metric.Column{Name: "position_ms", Type: "integer", Unit: "ms"}, metric.Column{Name: "reached", Type: "number", Unit: "ratio"},
		metric.Column{Name: "watched", Type: "number", Unit: "ratio"}, metric.Column{Name: "started", Type: "number", Unit: "ratio"},
		metric.Column{Name: "plays", Type: "integer", Unit: "count"})
	t.Rows = [][]any{}
	t.Meta.Warnings = []string{"Plays that are still open are not in it."}
	for i := range curves {
		c := &curves[i]
		t.Meta.DurationMS, t.Meta.BinMS = max(t.Meta.DurationMS, c.DurationMS), max(t.Meta.BinMS, c.WidthMS)
		t.Meta.Plays += c.Plays
		t.Rows = append(t.Rows, curveRows(c, keyed)...)
	}
	t.Meta.ElapsedMS = float64(s.Clock().Sub(start).Microseconds()) / 1000
	t.Meta.FreshTo = stamp(s.Store.FreshTo())
	return out, nil
}

// curvesBy are the dimensions that there may be a curve a value of. A season is one
// of the catalogue's.
var curvesBy = map[string]rollup.Dimension{
	"none": rollup.Title, "season": rollup.Title, "device_type": rollup.DeviceType, "country": rollup.Country, "os": rollup.OS,
	"app_version": rollup.AppVersion, "player": rollup.Player, "cdn": rollup.CDN, "isp": rollup.ISP,
}

// episodes are the titles that the retention of one is about, each with the key of
// its curve: the title itself and, of a show or a season, all that belongs to it.
func (s *server) episodes(id string, bySeason bool) map[string]string {
	titles := s.Titles.Titles()
	of := map[string]string{id: ""}
	for range 2 { // a show's seasons, then their episodes
		for _, t := range titles {
			key, belongs := of[t.Show]
			if _, in := of[t.ID]; in || !belongs || t.Show == "" {
				continue
			}
			if t.Kind == catalog.Season && bySeason {
				key = t.ID
			}
			of[t.ID] = key
		}
	}
	if t, ok := s.Titles.Title(id); ok && t.Kind == catalog.Season && bySeason {
		for episode := range of {
			of[episode] = id
		}
	}
	return of
}

// curveRows are the bins of one curve, from the first to the title's end.
func curveRows(c *rollup.Curve, keyed bool) [][]any {
	if c.Plays <= 0 || c.WidthMS <= 0 {
		return nil
	}
	bins := int((c.DurationMS + c.WidthMS - 1) / c.WidthMS)
	at := func(list []int64, i int) float64 {
		if i < len(list) {
			return float64(list[i])
		}
		return 0
	}
	var beyond float64 // plays that went further than the bins shown
	for i := bins; i < len(c.Furthest); i++ {
		beyond += at(c.Furthest, i)
	}
	rows := make([][]any, bins)
	plays := float64(c.Plays)
	for i := bins - 1; i >= 0; i-- {
		beyond += at(c.Furthest, i)
		position := int64(i) * c.WidthMS
		width := float64(min(c.WidthMS, c.DurationMS-position))
		row := []any{position, beyond / plays, at(c.WatchedMS, i) / (width * plays), at(c.Starts, i) / plays, c.Plays}
		if keyed {
			row = append([]any{c.Key}, row...)
		}
		rows[i] = row
	}
	return rows
}

func epoch(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func stamp(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano)
}
