package registry

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"playhead/internal/source/registry/registrytest"
)

func TestRegister(t *testing.T) {
	r := &registrytest.Registry{User: "me", Password: "secret"}
	server := httptest.NewServer(r)
	defer server.Close()
	password := "secret"
	c := New(Options{URL: server.URL, User: "me", Password: func() (string, error) { return password, nil }})
	defer c.Close()
	for range 2 { // the second finds it
		id, err := c.Register(t.Context(), "playhead.events-value", `{"type":"string"}`)
		if err != nil || id != 1 {
			t.Fatalf("number %d, %v", id, err)
		}
	}
	if id, err := c.Register(t.Context(), "playhead.facts-value", `{"type":"long"}`); err != nil || id != 2 || r.Written != 2 {
		t.Fatalf("number %d, %v, %d written", id, err, r.Written)
	}
	if s, err := c.Schema(t.Context(), 2); err != nil || s.Text != `{"type":"long"}` || s.Kind != "AVRO" {
		t.Errorf("%+v, %v", s, err)
	}
	r.ReadOnly = true
	if id, err := c.Register(t.Context(), "playhead.facts-value", `{"type":"long"}`); err != nil || id != 2 {
		t.Errorf("who may only read: number %d, %v", id, err)
	}
	if _, err := c.Register(t.Context(), "playhead.facts-value", `{"type":"int"}`); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "403") {
		t.Errorf("who may only read: %v", err)
	}
	if _, err := c.Register(t.Context(), "playhead.facts-value", `no schema`); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "Invalid schema") {
		t.Errorf("no schema: %v", err)
	}
	password = "hunter"
	if _, err := c.Register(t.Context(), "playhead.facts-value", `{"type":"long"}`); !errors.Is(err, ErrRefused) || strings.Contains(err.Error(), password) {
		t.Errorf("a wrong password: %v", err)
	}
	none := httptest.NewServer(http.NotFoundHandler())
	defer none.Close()
	if _, err := New(Options{URL: none.URL}).Register(t.Context(), "a", `{}`); err == nil || errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "is the url that of one") {
		t.Errorf("somebody who is no registry: %v", err)
	}
}
