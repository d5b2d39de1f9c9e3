package api

import (
	"context"
	"errors"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"playhead/internal/metric"
	"playhead/internal/warehouse"
)

type queryInput struct {
	Format  string `query:"format" enum:"json,csv,parquet" doc:"How the answer is written; left out: as Accept says, else JSON. Files hold the rows; their meta is in the header Playhead-Meta."`
	Accept  string `header:"Accept" doc:"application/json, text/csv or application/vnd.apache.parquet."`
	RawBody []byte
}

const queryPath = "/api/v1/query"

type queryOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Meta        string `header:"Playhead-Meta"`
	Body        []byte
}

type metricsOutput struct{ Body metric.Description }

func (s *server) registerQuery() {
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[metric.Query](), true, "Query")
	huma.Register(s.api, huma.Operation{
		OperationID: "query", Method: http.MethodPost, Path: queryPath, Security: readers(), MaxBodyBytes: maxBody,
		SkipValidateBody: true, // the metric layer says what is wrong, and better
		Summary:          "Ask for metrics by dimensions, filters, time and grain",
		Description:      "The one way to figures. With a grain, the first column is time and limit counts groups. " + whoReads,
		Responses: map[string]*huma.Response{"200": {Description: "The answer", Content: map[string]*huma.MediaType{
			"application/json":               {Schema: s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[metric.Result](), true, "Result")},
			"text/csv":                       {Schema: &huma.Schema{Type: huma.TypeString}},
			"application/vnd.apache.parquet": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
		}}},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}},
	}, s.query)
	huma.Register(s.api, huma.Operation{
		OperationID: "describe-metrics", Method: http.MethodGet, Path: "/api/v1/metrics", Security: readers(),
		Summary:     "What can be asked: definitions, dimensions, grains, limits",
		Description: whoReads,
	}, func(context.Context, *struct{}) (*metricsOutput, error) {
		return &metricsOutput{s.Asker.Describe()}, nil
	})
}

func (s *server) query(ctx context.Context, in *queryInput) (*queryOutput, error) {
	q, err := metric.ParseQuery(in.RawBody)
	if err != nil {
		return nil, s.asked(ctx, err)
	}
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	res, err := s.Asker.Run(ctx, q)
	if err != nil {
		return nil, s.asked(ctx, err)
	}
	f := formatOf(in.Format, in.Accept)
	body, err := f.write(res)
	if err != nil {
		return nil, s.asked(ctx, err)
	}
	out := &queryOutput{ContentType: f.mime, Body: body}
	if f.name != "json" {
		out.Meta, out.Disposition = metaHeader(res.Meta), `attachment; filename="playhead.`+f.name+`"`
	}
	return out, nil
}

// asked turns what can go wrong with a question into problem details.
func (s *server) asked(ctx context.Context, err error) error {
	var q *metric.QueryError
	var m *warehouse.MemoryError
	switch {
	case errors.As(err, &q):
		details := make([]error, len(q.Fields))
		for i, f := range q.Fields {
			details[i] = &huma.ErrorDetail{Message: f.Message, Location: f.Field, Value: f.Code}
		}
		return huma.NewError(http.StatusBadRequest, q.Error(), details...)
	case errors.Is(err, context.DeadlineExceeded):
		return huma.NewError(http.StatusGatewayTimeout, "the answer took longer than "+queryTimeout.String()+"; ask for a shorter range or fewer dimensions")
	case ctx.Err() != nil:
		return huma.NewError(499, "the request was given up")
	case errors.As(err, &m):
		s.Logger.Warn("a query needed more memory than there is", "error", err)
		return huma.NewError(http.StatusServiceUnavailable, m.Advice())
	}
	s.Logger.Error("a query failed", "error", err)
	return huma.NewError(http.StatusInternalServerError, "the query failed; the server's log says why")
}
