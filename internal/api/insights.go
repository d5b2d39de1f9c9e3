package api

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"playhead/internal/metric"
	"playhead/internal/study"
)

// Studies says what figures mean; *study.Service is one.
type Studies interface {
	Creatives(context.Context, study.CreativesAsk) (*study.Answer, error)
	Outliers(context.Context, study.OutliersAsk) (*study.Answer, error)
	Affinities(context.Context, study.AffinitiesAsk) (*study.Answer, error)
	Trends(context.Context, study.TrendsAsk) (*study.Answer, error)
	Launches(context.Context, study.LaunchesAsk) (*study.Answer, error)
}

// InsightRange is what all insights are asked by.
type InsightRange struct {
	From         string `query:"from" doc:"Start of the range, RFC 3339 or YYYY-MM-DD (UTC). Left out: what each insight says."`
	To           string `query:"to" doc:"End of the range, not included. Left out: now."`
	Format       string `query:"format" enum:"json,csv,parquet" doc:"How the answer is written; left out: as Accept says, else JSON. Files hold the rows, evidence as JSON; their meta is in the header Playhead-Meta."`
	Accept       string `header:"Accept"`
	CacheControl string `header:"Cache-Control" doc:"no-cache: work it out now, though an answer is kept."`
}

// anew is a context in which no kept answer will do, if the header says so.
func anew(ctx context.Context, cacheControl string) context.Context {
	if strings.Contains(cacheControl, "no-cache") {
		return study.Anew(ctx)
	}
	return ctx
}

// times reads the range. Errors are problem details.
func (r *InsightRange) times() (from, to time.Time, err error) {
	read := func(name, text string) time.Time {
		if text == "" {
			return time.Time{}
		}
		for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
			if t, fail := time.Parse(layout, text); fail == nil {
				return t
			}
		}
		err = huma.NewError(http.StatusBadRequest, name+" is no moment: write 2026-11-01T00:00:00Z, or 2026-11-01",
			&huma.ErrorDetail{Location: "query." + name, Message: "expected RFC 3339 or YYYY-MM-DD"})
		return time.Time{}
	}
	from, to = read("from", r.From), read("to", r.To)
	if err == nil && !from.IsZero() && !to.IsZero() && !from.Before(to) {
		err = huma.NewError(http.StatusBadRequest, "to must be later than from")
	}
	return from, to, err
}

type creativesInput struct {
	InsightRange
	Title   string `query:"title" required:"true" minLength:"1" maxLength:"256" doc:"The title whose creatives are compared."`
	Country string `query:"country" maxLength:"2" doc:"Only there."`
	By      string `query:"by" enum:"country,placement,device_type,affinity,tag" doc:"Tells the creatives apart by each value of it. By tag they are put together by what the catalogue says is in their pictures."`
	Media   bool   `query:"media" doc:"Adds media_minutes_per_viewer_reached: the media time of the plays that each creative was taken for, by viewers reached. Read from single plays, as far back as those are kept; slow on a large service. Not together with by."`
}

type outliersInput struct {
	InsightRange
	Title string `query:"title" maxLength:"256" doc:"Only of this title; left out: of the whole catalogue."`
}

type affinitiesInput struct {
	InsightRange
	Title    string `query:"title" required:"true" minLength:"1" maxLength:"256" doc:"Whose viewers."`
	Creative string `query:"creative" maxLength:"256" doc:"Those of the title's takers whom this creative brought, against all of its takers."`
	Kind     string `query:"kind" enum:"genre,theme,cast,language" doc:"Only labels of this kind."`
	Limit    int    `query:"limit" minimum:"1" maximum:"10000" default:"100"`
}

type trendsInput struct {
	InsightRange
	Dimension string `query:"dimension" enum:"genre,theme,cast,language,show,title,query,under_promoted" default:"genre" doc:"Whose shares move; query is what is searched for and not found, under_promoted titles that hold those who find them and are little shown."`
	Country   string `query:"country" maxLength:"2" doc:"Only there."`
	Language  string `query:"language" enum:"english,spanish,french,russian,swedish,norwegian,hungarian" doc:"Of search texts, so that word endings do not matter."`
	Limit     int    `query:"limit" minimum:"1" maximum:"10000" default:"200"`
}

type launchesInput struct {
	Titles       []string `query:"titles" maxItems:"50" doc:"Compare these, separated by commas; left out: what was launched lately."`
	Creatives    []string `query:"creatives" maxItems:"50" doc:"Compare these instead, separated by commas, by day since each was first shown, beside the creatives of similar titles."`
	Within       int      `query:"within" minimum:"1" maximum:"365" default:"28" doc:"Launched (or first shown) in so many last days."`
	Days         int      `query:"days" minimum:"1" maximum:"90" default:"7" doc:"Days since launch that are set side by side."`
	Format       string   `query:"format" enum:"json,csv,parquet"`
	Accept       string   `header:"Accept"`
	CacheControl string   `header:"Cache-Control" doc:"no-cache: work it out now, though an answer is kept."`
}

func (s *server) registerInsights() {
	operation := func(id, path, summary, says string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: "/api/v1/insights/" + path, Security: readers(), Summary: summary, Description: says + " " + whoReads,
			Responses: s.answers(),
		}
	}
	huma.Register(s.api, operation("insight-creatives", "creatives", "Which artwork brings viewers in, and do they stay",
		"Without from: all time. basis says what the comparison stands on; only randomised may name a winner."),
		func(ctx context.Context, in *creativesInput) (*queryOutput, error) {
			from, to, err := in.times()
			if err != nil {
				return nil, err
			}
			return s.studied(anew(ctx, in.CacheControl), in.Format, in.Accept, func(ctx context.Context) (*study.Answer, error) {
				return s.Studies.Creatives(ctx, study.CreativesAsk{Title: in.Title, Country: in.Country, By: in.By, Media: in.Media, From: from, To: to})
			})
		})
	huma.Register(s.api, operation("insight-outliers", "outliers", "Artwork that is off: clickbait, hidden gems, and what is taken or completed more or less than its siblings",
		"Without from: 7 days."),
		func(ctx context.Context, in *outliersInput) (*queryOutput, error) {
			from, to, err := in.times()
			if err != nil {
				return nil, err
			}
			return s.studied(anew(ctx, in.CacheControl), in.Format, in.Accept, func(ctx context.Context) (*study.Answer, error) {
				return s.Studies.Outliers(ctx, study.OutliersAsk{Title: in.Title, From: from, To: to})
			})
		})
	huma.Register(s.api, operation("insight-affinities", "affinities", "What the viewers of a title like, against all viewers",
		"In whole weeks; without from: 4 weeks."),
		func(ctx context.Context, in *affinitiesInput) (*queryOutput, error) {
			from, to, err := in.times()
			if err != nil {
				return nil, err
			}
			return s.studied(anew(ctx, in.CacheControl), in.Format, in.Accept, func(ctx context.Context) (*study.Answer, error) {
				return s.Studies.Affinities(ctx, study.AffinitiesAsk{Title: in.Title, Creative: in.Creative, Kind: in.Kind, From: from, To: to, Limit: in.Limit})
			})
		})
	huma.Register(s.api, operation("insight-trends", "trends", "What rises and fades, what is searched for in vain, what deserves to be shown",
		"Without from: 7 days (28 of searches and under_promoted). A longer window is cut to its last 7 days, since it is compared with the same hours of earlier weeks."),
		func(ctx context.Context, in *trendsInput) (*queryOutput, error) {
			from, to, err := in.times()
			if err != nil {
				return nil, err
			}
			return s.studied(anew(ctx, in.CacheControl), in.Format, in.Accept, func(ctx context.Context) (*study.Answer, error) {
				return s.Studies.Trends(ctx, study.TrendsAsk{Dimension: in.Dimension, Country: in.Country, Language: in.Language, From: from, To: to, Limit: in.Limit})
			})
		})
	huma.Register(s.api, operation("insight-launches", "launches", "Titles aligned at their launch, beside similar ones, and launches that went wrong", ""),
		func(ctx context.Context, in *launchesInput) (*queryOutput, error) {
			return s.studied(anew(ctx, in.CacheControl), in.Format, in.Accept, func(ctx context.Context) (*study.Answer, error) {
				return s.Studies.Launches(ctx, study.LaunchesAsk{Titles: in.Titles, Creatives: in.Creatives, Within: in.Within, Days: in.Days})
			})
		})
}

// answers describes findings in each format.
func (s *server) answers() map[string]*huma.Response {
	return map[string]*huma.Response{"200": {Description: "The findings", Content: map[string]*huma.MediaType{
		"application/json":               {Schema: s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[study.Answer](), true, "Insights")},
		"text/csv":                       {Schema: &huma.Schema{Type: huma.TypeString}},
		"application/vnd.apache.parquet": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}}
}

// studied answers in the format that was asked for.
func (s *server) studied(ctx context.Context, format, accept string, ask func(context.Context) (*study.Answer, error)) (*queryOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	found, err := ask(ctx)
	if err != nil {
		return nil, s.asked(ctx, err)
	}
	f := formatOf(format, accept)
	if f.name == "json" {
		body, err := found.JSON()
		if err != nil {
			return nil, s.asked(ctx, err)
		}
		return &queryOutput{ContentType: f.mime, Body: body}, nil
	}
	table, err := asTable(found)
	if err != nil {
		return nil, s.asked(ctx, err)
	}
	body, err := f.write(table)
	if err != nil {
		return nil, s.asked(ctx, err)
	}
	meta, err := json.Marshal(found.Meta)
	if err != nil {
		return nil, s.asked(ctx, err)
	}
	return &queryOutput{ContentType: f.mime, Body: body, Meta: string(meta), Disposition: `attachment; filename="insights.` + f.name + `"`}, nil
}

// asTable writes findings as a table; evidence is JSON.
func asTable(a *study.Answer) (*metric.Result, error) {
	res := &metric.Result{Columns: []metric.Column{
		{Name: "entity", Type: "string"}, {Name: "kind", Type: "string"}, {Name: "estimate", Type: "number"}, {Name: "low", Type: "number"},
		{Name: "high", Type: "number"}, {Name: "n", Type: "integer"}, {Name: "basis", Type: "string"}, {Name: "evidence", Type: "string"},
	}}
	cell := func(v *float64) any {
		if v == nil {
			return nil
		}
		return *v
	}
	for _, r := range a.Rows {
		evidence, err := json.Marshal(r.Evidence)
		if err != nil {
			return nil, err
		}
		res.Rows = append(res.Rows, []any{r.Entity, r.Kind, cell(r.Estimate), cell(r.Low), cell(r.High), r.N, r.Basis, string(evidence)})
	}
	return res, nil
}
