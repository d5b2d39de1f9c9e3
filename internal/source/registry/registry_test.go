package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"playhead/internal/source/records"
)

func TestSchema(t *testing.T) {
	var asked atomic.Int64
	now := time.Unix(1_800_000_000, 0)
	mux := http.NewServeMux()
	answer := func(path, text string) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			if user, password, _ := r.BasicAuth(); user != "me" || password != "secret" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			fmt.Fprint(w, text)
		})
	}
	answer("/at/schemas/ids/1", `{"schema":"{\"type\":\"string\"}"}`)
	answer("/at/schemas/ids/2", `{"schemaType":"PROTOBUF","schema":"main","references":[{"name":"b.proto","subject":"b/value","version":3},{"name":"a.proto","subject":"a","version":1}]}`)
	answer("/at/subjects/{subject}/versions/3", `{"schema":"b","references":[{"name":"a.proto","subject":"a","version":1}]}`)
	answer("/at/subjects/a/versions/1", `{"schema":"a"}`)
	answer("/at/schemas/ids/4", `<html>`)
	mux.HandleFunc("GET /at/schemas/ids/3", func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"error_code":40403,"message":"Schema 3 not found"}`)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	password := "secret"
	c := New(Options{URL: server.URL + "/at/", User: "me", Password: func() (string, error) { return password, nil }, Clock: func() time.Time { return now }})
	defer c.Close()
	get := func(id int32) (*records.Schema, error) { return c.Schema(t.Context(), id) }

	for range 2 { // the second is remembered
		if s, err := get(1); err != nil || s.Kind != "AVRO" || s.Text != `{"type":"string"}` {
			t.Fatalf("%+v %v", s, err)
		}
		s, err := get(2)
		if err != nil || s.Kind != "PROTOBUF" || fmt.Sprint(s.Referred) != "[{a.proto a} {b.proto b}]" {
			t.Fatalf("%+v %v", s, err)
		}
		if _, err := get(3); !errors.Is(err, records.ErrNoSchema) {
			t.Errorf("%v", err)
		}
	}
	if n := asked.Load(); n != 5 {
		t.Errorf("asked %d times", n)
	}
	now = now.Add(absentFor + time.Second)
	if _, err := get(3); !errors.Is(err, records.ErrNoSchema) || asked.Load() != 6 {
		t.Errorf("%v, asked %d times", err, asked.Load())
	}
	if _, err := get(4); err == nil || !strings.Contains(err.Error(), "is the url that of a registry") {
		t.Errorf("%v", err)
	}
	// Who knows nothing of schemas has no say on them.
	if _, err := get(5); err == nil || errors.Is(err, records.ErrNoSchema) {
		t.Errorf("%v", err)
	}
	password = "wrong"
	now = now.Add(time.Hour)
	other := New(c.o)
	if _, err := other.Schema(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "401") || strings.Contains(err.Error(), "wrong") {
		t.Errorf("%v", err)
	}
	server.Close()
	if _, err := other.Schema(t.Context(), 1); err == nil || errors.Is(err, records.ErrNoSchema) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := other.Schema(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
