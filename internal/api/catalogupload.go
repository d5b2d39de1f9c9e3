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
	})
}
