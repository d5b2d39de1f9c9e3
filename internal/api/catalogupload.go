package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"playhead/internal/access"
	"playhead/internal/catalog"
)

var (
	// ErrOwned: the catalogue comes from elsewhere and cannot be uploaded.
	ErrOwned = errors.New("the catalogue cannot be replaced here")
	// ErrKept: what was uploaded could not be written.
	ErrKept = errors.New("the catalogue could not be written")
)

// Shelf takes another catalogue.
type Shelf interface {
	Check(text []byte) (catalog.Diff, error)
	Upload(ctx context.Context, text []byte) (catalog.Diff, error)
	PutTitle(ctx context.Context, id string, text []byte) (catalog.Diff, error)
	RemoveTitle(ctx context.Context, id string) (catalog.Diff, error)
}

// maxCatalog bounds an uploaded catalogue, bytes.
const maxCatalog = 32 << 20

type uploadInput struct {
	Check bool `query:"check" doc:"Only say what it would change, and what is wrong with it."`
	Body  struct {
		Text string `json:"text" doc:"The catalogue as YAML or JSON."`
	}
}

type uploadOutput struct{ Body catalog.Diff }

func (s *server) registerCatalogUpload() {
	huma.Register(s.api, huma.Operation{
		OperationID: "replace-catalog", Method: http.MethodPost, Path: "/api/v1/catalog", Security: needs(access.Admin), MaxBodyBytes: maxCatalog,
		Summary: "Replace the catalogue", Description: "All of it or nothing; what is wrong is said with its line, a line of the detail each. " + whoAdmins,
	}, func(ctx context.Context, in *uploadInput) (*uploadOutput, error) {
		var diff catalog.Diff
		var err error
		if in.Check {
			diff, err = s.Desk.Shelf.Check([]byte(in.Body.Text))
		} else {
			diff, err = s.Desk.Shelf.Upload(ctx, []byte(in.Body.Text))
		}
		return s.shelved(diff, err)
	})
	text := &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{}}
	for _, mime := range []string{"application/yaml", "application/json", "text/csv"} {
		text.Content[mime] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	}
	huma.Register(s.api, huma.Operation{
		OperationID: "put-catalog", Method: http.MethodPut, Path: "/api/v1/catalog", Security: needs(access.Admin), MaxBodyBytes: maxCatalog, RequestBody: text,
		SkipValidateBody: true, Summary: "Replace the catalogue by the body, YAML, JSON or CSV", Description: "As replace-catalog, for programs. " + whoAdmins,
	}, func(ctx context.Context, in *textInput) (*uploadOutput, error) {
		return s.shelved(s.Desk.Shelf.Upload(ctx, in.RawBody))
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "put-title", Method: http.MethodPut, Path: "/api/v1/catalog/titles/{id}", Security: needs(access.Admin), MaxBodyBytes: maxBody, RequestBody: text,
		SkipValidateBody: true, Summary: "Put one title into the catalogue", Description: "The body is one title, YAML or JSON, with its creatives. " + whoAdmins,
	}, func(ctx context.Context, in *titleTextInput) (*uploadOutput, error) {
		return s.shelved(s.Desk.Shelf.PutTitle(ctx, in.ID, in.RawBody))
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "remove-title", Method: http.MethodDelete, Path: "/api/v1/catalog/titles/{id}", Security: needs(access.Admin),
		Summary: "Take a title out of the catalogue", Description: "Its figures stay. " + whoAdmins,
	}, func(ctx context.Context, in *titleInput) (*uploadOutput, error) {
		return s.shelved(s.Desk.Shelf.RemoveTitle(ctx, in.ID))
	})
}

type textInput struct{ RawBody []byte }

type titleTextInput struct {
	ID      string `path:"id" maxLength:"256"`
	RawBody []byte
}

// shelved says what became of a change of the catalogue.
func (s *server) shelved(diff catalog.Diff, err error) (*uploadOutput, error) {
	switch {
	case errors.Is(err, ErrKept):
		s.Logger.Error("an uploaded catalogue could not be kept", "error", err)
		return nil, huma.NewError(http.StatusInternalServerError, ErrKept.Error()+"; the server's log says why")
	case errors.Is(err, ErrOwned):
		return nil, huma.NewError(http.StatusConflict, err.Error())
	case err != nil:
		return nil, huma.NewError(http.StatusUnprocessableEntity, err.Error())
	}
	return &uploadOutput{diff}, nil
}
