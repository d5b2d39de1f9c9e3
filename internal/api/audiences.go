package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"playhead/internal/study"
)

// Audiences sizes sets of viewers; *study.Service is one.
type Audiences interface {
	Size(context.Context, study.SizeAsk) (*study.Answer, error)
	Overlap(context.Context, study.OverlapAsk) (*study.Answer, error)
}

type sizeInput struct {
	Format string `query:"format" enum:"json,csv,parquet"`
	Accept string `header:"Accept"`
	Body   struct {
		All  []study.Condition `json:"all,omitempty" maxItems:"16" doc:"Each must be met."`
		None []study.Condition `json:"none,omitempty" maxItems:"16" doc:"None may be met."`
		// Beside are no part of the conditions.
		Beside []study.Audience `json:"beside,omitempty" maxItems:"8" doc:"Other audiences: how many viewers are in both is told in rows of kind overlap."`
		From   *time.Time       `json:"from,omitempty" doc:"Left out: 28 days before to. In whole days."`
		To     *time.Time       `json:"to,omitempty" doc:"Left out: now."`
	}
}

type overlapInput struct {
	Format string `query:"format" enum:"json,csv,parquet"`
	Accept string `header:"Accept"`
	Body   struct {
		Titles []string   `json:"titles" minItems:"2" maxItems:"10" doc:"Whose audiences."`
		From   *time.Time `json:"from,omitempty" doc:"Left out: 28 days before to. In whole months."`
		To     *time.Time `json:"to,omitempty" doc:"Left out: now."`
	}
}

func at(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func (s *server) registerAudiences() {
	huma.Register(s.api, huma.Operation{
		OperationID: "audience-size", Method: http.MethodPost, Path: "/api/v1/audiences/size", Security: readers(), MaxBodyBytes: maxBody,
		Summary:     "How many viewers meet conditions, and what they watch",
		Description: "From a sample of viewers that is the same on every day and of every title. Sizes are rounded to min_viewers; smaller ones are not told. " + whoReads,
		Responses:   s.answers(),
	}, func(ctx context.Context, in *sizeInput) (*queryOutput, error) {
		return s.studied(ctx, in.Format, in.Accept, func(ctx context.Context) (*study.Answer, error) {
			return s.Audiences.Size(ctx, study.SizeAsk{All: in.Body.All, None: in.Body.None, Beside: in.Body.Beside, From: at(in.Body.From), To: at(in.Body.To)})
		})
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "audience-overlap", Method: http.MethodPost, Path: "/api/v1/audiences/overlap", Security: readers(), MaxBodyBytes: maxBody,
		Summary:     "How far the audiences of titles overlap",
		Description: "By theta sketches of whole months. " + whoReads,
		Responses:   s.answers(),
	}, func(ctx context.Context, in *overlapInput) (*queryOutput, error) {
		return s.studied(ctx, in.Format, in.Accept, func(ctx context.Context) (*study.Answer, error) {
			return s.Audiences.Overlap(ctx, study.OverlapAsk{Titles: in.Body.Titles, From: at(in.Body.From), To: at(in.Body.To)})
		})
	})
}
