package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"playhead/internal/access"
)

// Person may sign in.
type Person struct {
	ID       string      `json:"id"`
	Name     string      `json:"name"`
	Role     access.Role `json:"role" enum:"viewer,support,admin"`
	Password bool        `json:"password" doc:"Whether a password is set; without one, one-time links sign in."`
	Created  time.Time   `json:"created"`
}

type peopleOutput struct {
	Body struct {
		People []Person `json:"people"`
	}
}

type newPersonInput struct {
	Body struct {
		Name string      `json:"name" minLength:"1" maxLength:"64"`
		Role access.Role `json:"role" enum:"viewer,support,admin"`
	}
}

type personOutput struct{ Body Person }

type linkOutput struct {
	Body struct {
		Path string `json:"path" doc:"Works once, for 15 minutes, on this server."`
	}
}

type roleInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Role access.Role `json:"role" enum:"viewer,support,admin"`
	}
}

type signInInput struct {
	Body struct {
		Name     string `json:"name" maxLength:"64"`
		Password string `json:"password" maxLength:"256"`
	}
}

type signInOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      Session
}

type passwordInput struct {
	sessionInput
	Body struct {
		Password string `json:"password" maxLength:"256" doc:"10 to 72 bytes."`
		Current  string `json:"current,omitempty" maxLength:"256" doc:"The password until now; needed when there is one."`
	}
}

func (s *server) registerPeople() {
	s.registerPeopleList()
	huma.Register(s.api, huma.Operation{
		OperationID: "person-link", Method: http.MethodPost, Path: "/api/v1/people/{id}/link", Security: needs(access.Admin), DefaultStatus: http.StatusCreated,
		Summary: "Make a one-time sign-in link for somebody", Description: whoAdmins,
	}, func(_ context.Context, in *idInput) (*linkOutput, error) {
		token, err := s.Desk.Doors.NewLinkForPerson(in.ID)
		if err != nil {
			return nil, s.changed(err)
		}
		out := &linkOutput{}
		out.Body.Path = "/login?t=" + token
		return out, nil
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "sign-in", Method: http.MethodPost, Path: "/api/v1/session",
		Summary: "Sign in by name and password", Description: "Sets the cookie of the session. Five wrong passwords in a row make a name wait a minute. " + whoAnyone,
	}, func(_ context.Context, in *signInInput) (*signInOutput, error) {
		cookie, who, err := s.Desk.Doors.SignIn(in.Body.Name, in.Body.Password)
		switch {
		case errors.Is(err, access.ErrGuessing):
			return nil, huma.NewError(http.StatusTooManyRequests, err.Error())
		case err != nil:
			return nil, huma.NewError(http.StatusForbidden, access.ErrPassword.Error())
		}
		return &signInOutput{SetCookie: *cookie, Body: Session{Role: who.Role, Name: who.Name, Demo: s.Demo}}, nil
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "set-password", Method: http.MethodPost, Path: "/api/v1/session/password", Security: readers(), DefaultStatus: http.StatusNoContent,
		Summary: "Set one's own password", Description: "Of who signed in as a person. " + whoReads,
	}, s.setPassword)
}

func (s *server) registerPeopleList() {
	huma.Register(s.api, huma.Operation{
		OperationID: "people", Method: http.MethodGet, Path: "/api/v1/people", Security: needs(access.Admin),
		Summary: "Who may sign in", Description: whoAdmins,
	}, func(context.Context, *struct{}) (*peopleOutput, error) {
		out := &peopleOutput{}
		out.Body.People = []Person{}
		for _, p := range s.Desk.People.List() {
			out.Body.People = append(out.Body.People, personOf(p))
		}
		return out, nil
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "add-person", Method: http.MethodPost, Path: "/api/v1/people", Security: needs(access.Admin), DefaultStatus: http.StatusCreated,
		Summary: "Let somebody sign in", Description: "Ask for a link next: without one, and without a password, nobody gets in. " + whoAdmins,
	}, func(_ context.Context, in *newPersonInput) (*personOutput, error) {
		p, err := s.Desk.People.Add(in.Body.Name, in.Body.Role)
		if err != nil {
			return nil, s.changed(err)
		}
		return &personOutput{personOf(p)}, nil
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "set-role", Method: http.MethodPut, Path: "/api/v1/people/{id}/role", Security: needs(access.Admin), DefaultStatus: http.StatusNoContent,
		Summary: "Change what somebody may do", Description: "At once, in browsers that are signed in too. " + whoAdmins,
	}, func(_ context.Context, in *roleInput) (*struct{}, error) {
		return nil, s.changed(s.Desk.People.SetRole(in.ID, in.Body.Role))
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "remove-person", Method: http.MethodDelete, Path: "/api/v1/people/{id}", Security: needs(access.Admin), DefaultStatus: http.StatusNoContent,
		Summary: "Let somebody in no more", Description: "Browsers signed in as them are out at once. " + whoAdmins,
	}, func(_ context.Context, in *idInput) (*struct{}, error) {
		return nil, s.changed(s.Desk.People.Remove(in.ID))
	})
}

func (s *server) setPassword(_ context.Context, in *passwordInput) (*struct{}, error) {
	who := s.who(in.request)
	person, ok := s.Desk.People.Person(who.PersonID)
	if !ok {
		return nil, huma.NewError(http.StatusConflict, "who asks did not sign in as a person: add one under Settings, and sign in by their link")
	}
	if person.HasPassword() {
		_, _, err := s.Desk.Doors.SignIn(person.Name, in.Body.Current)
		if err != nil {
			return nil, huma.NewError(http.StatusForbidden, "the current password is wrong")
		}
	}
	return nil, s.changed(s.Desk.People.SetPassword(person.ID, in.Body.Password))
}

func personOf(p access.Person) Person {
	return Person{ID: p.ID, Name: p.Name, Role: p.Role, Password: p.HasPassword(), Created: p.Created}
}
