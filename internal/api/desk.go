package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"playhead/internal/access"
	"playhead/internal/notebook"
)

// Keys are write keys and read tokens.
type Keys interface {
	List() []access.Key
	CreateKey(k access.Key) (secret string, key access.Key, err error)
	Revoke(nameOrID string) (access.Key, error)
}

// People may sign in.
type People interface {
	List() []access.Person
	Person(id string) (access.Person, bool)
	Add(name string, role access.Role) (access.Person, error)
	SetRole(id string, role access.Role) error
	SetPassword(id, password string) error
	Remove(id string) error
}

// Doors sign people in.
type Doors interface {
	NewLinkForPerson(id string) (string, error)
	SignIn(name, password string) (*http.Cookie, access.Identity, error)
}

// Notes are what people write down beside the figures.
type Notes interface {
	Annotations(from, to time.Time) []notebook.Annotation
	Annotate(notebook.Annotation) (notebook.Annotation, error)
	RemoveAnnotation(id string) error
	Views() []notebook.View
	SaveView(notebook.View) (notebook.View, error)
	RemoveView(id string) error
}

// Desk is what people set up and write down. A part that is nil has no endpoints.
type Desk struct {
	Keys   Keys
	People People
	Doors  Doors
	Notes  Notes
	Shelf  Shelf
}

func (s *server) registerDesk() {
	if s.Desk.Keys != nil {
		s.registerKeys()
	}
	if s.Desk.People != nil && s.Desk.Doors != nil {
		s.registerPeople()
	}
	if s.Desk.Shelf != nil {
		s.registerCatalogUpload()
	}
	if s.Desk.Notes != nil {
		s.registerAnnotations()
		s.registerViews()
	}
}

// whoAdmins ends the description of endpoints that change what is set up.
const whoAdmins = "Who may call it: a read token or signed-in browser of the role admin."

// who is the name of who asks.
func (s *server) who(r *http.Request) access.Identity {
	id, _ := s.Sessions.FromRequest(r)
	return id
}

// changed turns what can go wrong with a change into problem details.
func (s *server) changed(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, access.ErrInvalid), errors.Is(err, notebook.ErrInvalid):
		return huma.NewError(http.StatusUnprocessableEntity, err.Error())
	case errors.Is(err, access.ErrExists):
		return huma.NewError(http.StatusConflict, err.Error())
	case errors.Is(err, access.ErrUnknown), errors.Is(err, notebook.ErrUnknown):
		return huma.NewError(http.StatusNotFound, err.Error())
	case errors.Is(err, notebook.ErrFull):
		return huma.NewError(http.StatusConflict, err.Error())
	}
	s.Logger.Error("a change could not be kept", "error", err)
	return huma.NewError(http.StatusInternalServerError, "it could not be written; the server's log says why")
}

type idInput struct {
	ID string `path:"id" maxLength:"64"`
}
