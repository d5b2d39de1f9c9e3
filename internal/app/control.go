package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"playhead/internal/catalog"
	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/journey"
)

// tellCatalog writes the catalogue into every partition of the log whose state
// has another one: from that record on, what viewers do is seen by it. On a full
// disk it waits for the next start.
func (e *engine) tellCatalog(ctx context.Context) error { return e.tell(ctx, e.catalog) }

func (e *engine) tell(ctx context.Context, c *catalog.Catalog) error {
	data := catalogRecord(c)
	var records []eventlog.Record
	for p := range e.events.Partitions() {
		have, err := e.events.State(ctx, p, []byte{byte(journey.KindCatalog)})
		if err != nil {
			return fmt.Errorf("read the catalogue of partition %d: %w", p, err)
		}
		if have == nil && c.Len() == 0 || bytes.Equal(have, data) {
			continue
		}
		records = append(records, eventlog.Record{Partition: p, Data: event.AppendControl(nil, data)})
	}
	if len(records) == 0 {
		return nil
	}
	err := e.events.Append(ctx, eventlog.Events, records)
	if errors.Is(err, eventlog.ErrFull) {
		e.log.Warn("the disk is full: the catalogue stays as it was until the next start", "error", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("write the catalogue into the log: %w", err)
	}
	e.log.Info("the catalogue has changed", "titles", c.Len(), "bytes", len(data))
	return nil
}

// catalogRecord is what the processor needs of the catalogue. The share of a
// label is that of the titles that can be played and bear it.
func catalogRecord(c *catalog.Catalog) []byte {
	titles := make([]journey.Title, 0, c.Len())
	with, playable := map[string]int{}, 0
	for _, t := range c.Titles() {
		show, season := t.Show, ""
		if s, ok := c.Title(t.Show); ok && s.Kind == catalog.Season {
			show, season = s.Show, s.ID
		}
		labels := labelLines(t, show)
		titles = append(titles, journey.Title{ID: t.ID, Show: show, Season: season, RuntimeMS: t.RuntimeMS, Labels: strings.Join(labels, "\n")})
		if t.Kind == catalog.Season || t.Kind == catalog.Series && t.RuntimeMS == 0 {
			continue
		}
		playable++
		for _, l := range labels {
			if !strings.HasPrefix(l, "show:") {
				with[l]++
			}
		}
	}
	var shares []journey.Share
	for l, n := range with {
		shares = append(shares, journey.Share{Label: l, Share: float64(n) / float64(playable)})
	}
	return journey.AppendCatalog(nil, titles, shares)
}

// labelLines are the labels of a title as facts carry them: sorted, each once.
func labelLines(t catalog.Title, show string) []string {
	var out []string
	add := func(kind, value string) {
		if value = strings.Join(strings.Fields(value), " "); value != "" {
			out = append(out, kind+":"+value)
		}
	}
	for _, v := range t.Genres {
		add("genre", v)
	}
	for _, v := range t.Themes {
		add("theme", v)
	}
	for _, v := range t.Cast {
		add("cast", v)
	}
	add("language", t.Language)
	add("show", show)
	slices.Sort(out)
	return slices.Compact(out)
}
