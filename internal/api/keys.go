package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"playhead/internal/access"
)

// Key is a write key or a read token, without its secret.
type Key struct {
	ID              string      `json:"id"`
	Name            string      `json:"name"`
	Kind            access.Kind `json:"kind" enum:"write,read"`
	Role            access.Role `json:"role,omitempty" doc:"Of read tokens."`
	Origins         []string    `json:"origins" doc:"Browser origins that may use it; none means all."`
	EventsPerSecond float64     `json:"events_per_second" doc:"Bound on what it may send; 0 means none."`
	Created         time.Time   `json:"created"`
	Revoked         *time.Time  `json:"revoked" doc:"null while it works."`
}

type keysOutput struct {
	Body struct {
		Keys []Key `json:"keys"`
	}
}

type newKeyInput struct {
	Body struct {
		Kind            access.Kind `json:"kind" enum:"write,read"`
		Name            string      `json:"name,omitempty" maxLength:"64" doc:"Left out: write-1, write-2, …"`
		Role            access.Role `json:"role,omitempty" enum:"viewer,support,admin" doc:"Of a read token; viewer when left out."`
		Origins         []string    `json:"origins,omitempty" maxItems:"50"`
		EventsPerSecond float64     `json:"events_per_second,omitempty"`
	}
}

type newKeyOutput struct {
	Body struct {
		Key    Key    `json:"key"`
		Secret string `json:"secret" doc:"Shown now and never again."`
	}
}

func (s *server) registerKeys() {
	huma.Register(s.api, huma.Operation{
		OperationID: "keys", Method: http.MethodGet, Path: "/api/v1/keys", Security: needs(access.Admin),
		Summary: "Write keys and read tokens, without their secrets", Description: whoAdmins,
	}, func(context.Context, *struct{}) (*keysOutput, error) {
		out := &keysOutput{}
		out.Body.Keys = []Key{}
		for _, k := range s.Desk.Keys.List() {
			out.Body.Keys = append(out.Body.Keys, keyOf(k))
		}
		return out, nil
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "create-key", Method: http.MethodPost, Path: "/api/v1/keys", Security: needs(access.Admin), DefaultStatus: http.StatusCreated,
		Summary: "Make a key", Description: "The secret is in this answer alone. " + whoAdmins,
	}, func(_ context.Context, in *newKeyInput) (*newKeyOutput, error) {
		k := access.Key{Kind: in.Body.Kind, Name: in.Body.Name, Role: in.Body.Role, Origins: in.Body.Origins, EventsPerSecond: in.Body.EventsPerSecond}
		if k.Kind == access.Read && k.Role == "" {
			k.Role = access.Viewer
		}
		secret, made, err := s.Desk.Keys.CreateKey(k)
		if err != nil {
			return nil, s.changed(err)
		}
		out := &newKeyOutput{}
		out.Body.Key, out.Body.Secret = keyOf(made), secret
		return out, nil
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "revoke-key", Method: http.MethodDelete, Path: "/api/v1/keys/{id}", Security: needs(access.Admin), DefaultStatus: http.StatusNoContent,
		Summary: "End a key", Description: "It stops working at once. " + whoAdmins,
	}, func(_ context.Context, in *idInput) (*struct{}, error) {
		_, err := s.Desk.Keys.Revoke(in.ID)
		return nil, s.changed(err)
	})
}

func keyOf(k access.Key) Key {
	out := Key{
		ID: strconv.FormatUint(uint64(k.ID), 10), Name: k.Name, Kind: k.Kind, Role: k.Role, Origins: k.Origins,
		EventsPerSecond: k.EventsPerSecond, Created: k.Created, Revoked: k.Revoked,
	}
	if out.Origins == nil {
		out.Origins = []string{}
	}
	return out
}
