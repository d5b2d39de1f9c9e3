package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"playhead/internal/access"
	"playhead/internal/notebook"
)

type annotationsInput struct {
	From time.Time `query:"from" doc:"Left out: from the first."`
	To   time.Time `query:"to" doc:"Not included. Left out: to the last."`
}

type annotationsOutput struct {
	Body struct {
		Annotations []notebook.Annotation `json:"annotations"`
	}
}

type annotateInput struct {
	sessionInput
	Body struct {
		Time  time.Time     `json:"time" doc:"When it happened."`
		Kind  notebook.Kind `json:"kind,omitempty" enum:"launch,deploy,incident,note" default:"note"`
		Text  string        `json:"text" minLength:"1" maxLength:"400"`
		Title string        `json:"title,omitempty" maxLength:"256" doc:"Of one title; left out: of the whole service."`
	}
}

type annotationOutput struct{ Body notebook.Annotation }

func (s *server) registerAnnotations() {
	huma.Register(s.api, huma.Operation{
		OperationID: "annotations", Method: http.MethodGet, Path: "/api/v1/annotations", Security: readers(),
		Summary: "Launches, deploys and incidents that people wrote down", Description: "They are drawn on every time axis. " + whoReads,
	}, func(_ context.Context, in *annotationsInput) (*annotationsOutput, error) {
		out := &annotationsOutput{}
		out.Body.Annotations = s.Desk.Notes.Annotations(in.From, in.To)
		return out, nil
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "annotate", Method: http.MethodPost, Path: "/api/v1/annotations", Security: needs(access.Support), DefaultStatus: http.StatusCreated,
		Summary: "Write down what happened", Description: "For a deploy script too. " + whoHelps,
	}, func(_ context.Context, in *annotateInput) (*annotationOutput, error) {
		a, err := s.Desk.Notes.Annotate(notebook.Annotation{
			Time: in.Body.Time, Kind: in.Body.Kind, Text: in.Body.Text, Title: in.Body.Title, By: s.who(in.request).Name, Created: s.Clock().UTC(),
		})
		if err != nil {
			return nil, s.changed(err)
		}
		return &annotationOutput{a}, nil
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "remove-annotation", Method: http.MethodDelete, Path: "/api/v1/annotations/{id}", Security: needs(access.Support), DefaultStatus: http.StatusNoContent,
		Summary: "Take an annotation out", Description: whoHelps,
	}, func(_ context.Context, in *idInput) (*struct{}, error) {
		return nil, s.changed(s.Desk.Notes.RemoveAnnotation(in.ID))
	})
}
