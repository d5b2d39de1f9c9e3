package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"playhead/internal/catalog"
)

// Title is one title of the catalogue.
type Title struct {
	ID        string             `json:"id"`
	Name      string             `json:"name"`
	Kind      catalog.Kind       `json:"kind"`
	Show      string             `json:"show,omitempty" doc:"The series that an episode or a season belongs to."`
	Year      int                `json:"year"`
	RuntimeMS int64              `json:"runtime_ms"`
	Genres    []string           `json:"genres"`
	Themes    []string           `json:"themes"`
	Cast      []string           `json:"cast"`
	Language  string             `json:"language,omitempty"`
	Origin    string             `json:"origin,omitempty"`
	Hue       int                `json:"hue" doc:"Colour of its drawn artwork, degrees."`
	Launched  string             `json:"launched,omitempty" doc:"The day it came to the service."`
	Creatives []catalog.Creative `json:"creatives"`
}

type titlesOutput struct {
	Body struct {
		Titles []Title `json:"titles"`
	}
}

type titleInput struct {
	ID string `path:"id" maxLength:"256"`
}

type titleOutput struct{ Body Title }

func (s *server) registerCatalog() {
	huma.Register(s.api, huma.Operation{
		OperationID: "titles", Method: http.MethodGet, Path: "/api/v1/catalog/titles", Security: readers(),
		Summary: "The catalogue", Description: whoReads,
	}, func(context.Context, *struct{}) (*titlesOutput, error) {
		out := &titlesOutput{}
		out.Body.Titles = []Title{}
		for _, t := range s.Titles.Titles() {
			out.Body.Titles = append(out.Body.Titles, titleOf(t))
		}
		return out, nil
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "title", Method: http.MethodGet, Path: "/api/v1/catalog/titles/{id}", Security: readers(),
		Summary: "One title", Description: whoReads,
	}, func(_ context.Context, in *titleInput) (*titleOutput, error) {
		t, ok := s.Titles.Title(in.ID)
		if !ok {
			return nil, huma.NewError(http.StatusNotFound, "the catalogue has no such title; figures of it can be asked for all the same")
		}
		return &titleOutput{titleOf(t)}, nil
	})
}

func titleOf(t catalog.Title) Title {
	list := func(l []string) []string {
		if l == nil {
			return []string{}
		}
		return l
	}
	out := Title{
		ID: t.ID, Name: t.Name, Kind: t.Kind, Show: t.Show, Year: t.Year, RuntimeMS: t.RuntimeMS,
		Genres: list(t.Genres), Themes: list(t.Themes), Cast: list(t.Cast), Language: t.Language, Origin: t.Origin,
		Hue: t.Hue,
	}
	out.Creatives = make([]catalog.Creative, len(t.Creatives))
	for i, c := range t.Creatives {
		c.Image = catalog.ImageAddress(c.Image)
		out.Creatives[i] = c
	}
	if t.Launched != 0 {
		out.Launched = time.UnixMilli(t.Launched).UTC().Format(time.DateOnly)
	}
	return out
}
