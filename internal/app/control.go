package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"playhead/internal/catalog"
	"playhead/internal/eventlog"
	"playhead/internal/journey"
)

// tellCatalog writes the catalogue into every partition of the log whose state
// has another one: from that record on, what viewers do is seen by it. On a full
// disk it waits for the next start.
func (e *engine) tellCatalog(ctx context.Context) error {
	// On Kafka a partition is told when it is taken. Who only reads a log to its end, to
	// move it, adds nothing to it.
	if e.settings.onKafka() || e.settings.has("process") && !e.settings.has("collect") {
		return nil
	}
	return e.tell(ctx, e.catalog)
}

// tellTaken tells a partition of a shared log that was taken. Where no process has said
// which catalogue there is, it stays as it was told before.
func (e *engine) tellTaken(ctx context.Context, partition int32) error {
	if e.board == nil || e.board.Get(noteCatalog) == nil {
		return nil
	}
	return e.tellSome(ctx, e.present(), []int32{partition})
}

// tell lets the processors know of another catalogue, or of other choices: on Kafka each
// of them tells the partitions that it has.
func (e *engine) tell(ctx context.Context, c *catalog.Catalog) error {
	e.told.Store(c)
	if e.board != nil {
		return e.shareChoices(ctx)
	}
	return e.tellSome(ctx, c, e.allPartitions())
}

func (e *engine) allPartitions() []int32 {
	all := make([]int32, e.events.Partitions())
	for p := range all {
		all[p] = int32(p)
	}
	return all
}

// present is the catalogue as it was told last.
func (e *engine) present() *catalog.Catalog {
	if c := e.told.Load(); c != nil {
		return c
	}
	return e.catalog
}

// tellSome tells partitions whose state has another catalogue. Those of other processes
// are theirs to tell.
func (e *engine) tellSome(ctx context.Context, c *catalog.Catalog, partitions []int32) error {
	chosen, moved := e.chosen.Load(), 0.0
	if chosen != nil {
		moved = muchMoved
	}
	data := catalogRecord(c, chosen)
	var records []eventlog.Record
	for _, p := range partitions {
		have, err := e.events.State(ctx, p, []byte{byte(journey.KindCatalog)})
		if errors.Is(err, eventlog.ErrNotClaimed) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read the catalogue of partition %d: %w", p, err)
		}
		if have == nil && c.Len() == 0 || have != nil && journey.Alike(have, data, moved) {
			continue
		}
		records = append(records, eventlog.Record{Partition: p, Data: e.forms.events.AppendControl(nil, data)})
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

// muchMoved is by what factor the share of a label has to move for the processor
// to be told. catalogueWeight is how many choices of the audience weigh as much as
// the catalogue: where few have watched, what is offered is all that is known.
const (
	muchMoved       = 1.2
	catalogueWeight = 1_000
)

// choices are how many viewers chose a title, by title.
type choices map[string]float64

// catalogRecord is what the processor needs of the catalogue. The share of a
// label is that of the choices of titles that bear it; before there are many, that
// of the titles that can be played.
func catalogRecord(c *catalog.Catalog, chosen *choices) []byte {
	titles := make([]journey.Title, 0, c.Len())
	with, playable := map[string]int{}, 0
	by, all := map[string]float64{}, 0.0
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
		n := 0.0
		if chosen != nil {
			n = (*chosen)[t.ID]
		}
		all += n
		for _, l := range labels {
			if !strings.HasPrefix(l, "show:") {
				with[l]++
				by[l] += n
			}
		}
	}
	var shares []journey.Share
	for l, n := range with {
		offered := float64(n) / float64(playable)
		shares = append(shares, journey.Share{Label: l, Share: (by[l] + catalogueWeight*offered) / (all + catalogueWeight)})
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
