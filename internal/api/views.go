package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"playhead/internal/access"
	"playhead/internal/notebook"
)

type viewsOutput struct {
	Body struct {
		Views []notebook.View `json:"views"`
	}
}

type saveViewInput struct {
	sessionInput
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"400"`
		Path string `json:"path" maxLength:"4096" doc:"Address of the dashboard, from the first /." example:"/quality?range=3h"`
	}
}

type viewOutput struct{ Body notebook.View }

func (s *server) registerViews() {
	huma.Register(s.api, huma.Operation{
		OperationID: "views", Method: http.MethodGet, Path: "/api/v1/views", Security: readers(),
		Summary: "Saved views and audiences", Description: "A view is an address of the dashboard under a name. " + whoReads,
	}, func(context.Context, *struct{}) (*viewsOutput, error) {
		out := &viewsOutput{}
		out.Body.Views = s.Desk.Notes.Views()
		return out, nil
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "save-view", Method: http.MethodPost, Path: "/api/v1/views", Security: needs(access.Viewer), DefaultStatus: http.StatusCreated,
		Summary: "Save a view for everybody", Description: whoReads,
	}, func(_ context.Context, in *saveViewInput) (*viewOutput, error) {
		v, err := s.Desk.Notes.SaveView(notebook.View{Name: in.Body.Name, Path: in.Body.Path, By: s.who(in.request).Name, Created: s.Clock().UTC()})
		if err != nil {
			return nil, s.changed(err)
		}
		return &viewOutput{v}, nil
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "remove-view", Method: http.MethodDelete, Path: "/api/v1/views/{id}", Security: needs(access.Viewer), DefaultStatus: http.StatusNoContent,
		Summary: "Take a saved view out", Description: whoReads,
	}, func(_ context.Context, in *idInput) (*struct{}, error) {
		return nil, s.changed(s.Desk.Notes.RemoveView(in.ID))
	})
}
