package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"playhead/internal/metric"
	"playhead/internal/rollup"
)

type valuesInput struct {
	Dimension string `query:"dimension" required:"true" enum:"title,country,device_type,cdn,region,os,app_version,player,isp,creative,placement,rank,affinity,genre,theme,cast,language,query,show" doc:"Which dimension."`
	Prefix    string `query:"prefix" maxLength:"256" doc:"What was typed; for titles it may be any part of the name."`
	Limit     int    `query:"limit" minimum:"1" maximum:"1000" default:"50"`
}

// Value is one value of a dimension.
type Value struct {
	Value string `json:"value"`
	Label string `json:"label" doc:"What people call it."`
}

type valuesOutput struct {
	Body struct {
		Values []Value `json:"values"`
	}
}

func (s *server) registerValues() {
	huma.Register(s.api, huma.Operation{
		OperationID: "values", Method: http.MethodGet, Path: "/api/v1/values", Security: readers(),
		Summary:     "The values of a filter as one types",
		Description: "From memory. Search texts are those of the last 28 days that enough viewers looked for, the most frequent first. " + whoReads,
	}, s.values)
}

// dimensionNames in the order of rollup's numbers.
func dimensionNames() [rollup.DimensionCount]string {
	return [...]string{
		rollup.Title: "title", rollup.Country: "country", rollup.DeviceType: "device_type", rollup.CDN: "cdn",
		rollup.Region: "region", rollup.OS: "os", rollup.AppVersion: "app_version", rollup.Player: "player", rollup.ISP: "isp",
		rollup.Creative: "creative", rollup.Placement: "placement", rollup.RankBucket: "rank", rollup.Affinity: "affinity", rollup.Genre: "genre",
		rollup.Theme: "theme", rollup.Cast: "cast", rollup.Language: "language", rollup.Query: "query", rollup.Show: "show",
	}
}

func (s *server) values(ctx context.Context, in *valuesInput) (*valuesOutput, error) {
	names := dimensionNames()
	d := rollup.Dimension(slices.Index(names[:], in.Dimension))
	if d == rollup.Query {
		return s.searchTexts(ctx, in)
	}
	found, err := s.Store.Values(ctx, d, in.Prefix, in.Limit)
	if err != nil {
		return nil, s.asked(ctx, err)
	}
	out := &valuesOutput{}
	out.Body.Values = []Value{}
	seen := map[string]bool{}
	add := func(v, label string) {
		if !seen[v] && len(out.Body.Values) < in.Limit {
			seen[v] = true
			out.Body.Values = append(out.Body.Values, Value{v, label})
		}
	}
	if d == rollup.Title && in.Prefix != "" {
		for _, t := range s.Titles.Named(in.Prefix, in.Limit) {
			add(t.ID, t.Name)
		}
	}
	for _, v := range found {
		label := v
		if t, ok := s.Titles.Title(v); d == rollup.Title && ok {
			label = t.Name
		}
		add(v, label)
	}
	return out, nil
}

// searchTexts are texts that so many viewers looked for that they tell of nobody:
// the metric layer knows which.
func (s *server) searchTexts(ctx context.Context, in *valuesInput) (*valuesOutput, error) {
	res, err := s.Asker.Run(ctx, metric.Query{
		Metrics: []string{"searches"}, Dimensions: []string{"query"},
		From: s.Clock().AddDate(0, 0, -28).UTC().Format(time.RFC3339),
	})
	if err != nil {
		return nil, s.asked(ctx, err)
	}
	out := &valuesOutput{}
	out.Body.Values = []Value{}
	prefix := strings.ToLower(in.Prefix)
	for _, row := range res.Rows {
		text, _ := row[0].(string)
		if row[1] != nil && text != "" && strings.HasPrefix(text, prefix) && len(out.Body.Values) < in.Limit {
			out.Body.Values = append(out.Body.Values, Value{text, text})
		}
	}
	return out, nil
}
