package registrytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
)

// Registry is an http.Handler. The zero Registry is empty.
type Registry struct {
	// User and Password are asked for, unless User is "".
	User, Password string
	// ReadOnly refuses what is not there.
	ReadOnly bool

	mu       sync.Mutex
	schemas  []string         // by number, from 1 on
	subjects map[string][]int // numbers by version, from 1 on
	Written  int              // how many versions were registered
}

// ServeHTTP implements http.Handler.
func (g *Registry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /subjects/{subject}", g.find)
	mux.HandleFunc("POST /subjects/{subject}/versions", g.add)
	mux.HandleFunc("GET /subjects/{subject}/versions/{version}", g.version)
	mux.HandleFunc("GET /schemas/ids/{id}", g.byID)
	w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
	if g.User != "" {
		if user, password, _ := r.BasicAuth(); user != g.User || password != g.Password {
			refuse(w, http.StatusUnauthorized, 40101, "Unauthorized")
			return
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	mux.ServeHTTP(w, r)
}

// Schemas are all that were registered, by number from 1 on.
func (g *Registry) Schemas() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.schemas...)
}

func refuse(w http.ResponseWriter, status, code int, message string) {
	w.WriteHeader(status)
	answer(w, map[string]any{"error_code": code, "message": message})
}

func answer(w http.ResponseWriter, v any) {
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}

// asked reads the schema of a request, nil after an answer.
func asked(w http.ResponseWriter, r *http.Request) *string {
	var q struct {
		Schema string `json:"schema"`
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || !json.Valid([]byte(q.Schema)) {
		refuse(w, http.StatusUnprocessableEntity, 42201, "Invalid schema")
		return nil
	}
	return &q.Schema
}

func (g *Registry) find(w http.ResponseWriter, r *http.Request) {
	schema, subject := asked(w, r), r.PathValue("subject")
	if schema == nil {
		return
	}
	for version, id := range g.subjects[subject] {
		if g.schemas[id-1] == *schema {
			answer(w, map[string]any{"subject": subject, "id": id, "version": version + 1, "schema": *schema})
			return
		}
	}
	refuse(w, http.StatusNotFound, 40403, "Schema not found")
}

func (g *Registry) add(w http.ResponseWriter, r *http.Request) {
	schema, subject := asked(w, r), r.PathValue("subject")
	if schema == nil {
		return
	}
	if g.ReadOnly {
		refuse(w, http.StatusForbidden, 40301, "Forbidden")
		return
	}
	id := 0
	for i, s := range g.schemas {
		if s == *schema {
			id = i + 1
		}
	}
	if id == 0 {
		g.schemas = append(g.schemas, *schema)
		id = len(g.schemas)
	}
	if g.subjects == nil {
		g.subjects = map[string][]int{}
	}
	g.subjects[subject] = append(g.subjects[subject], id)
	g.Written++
	answer(w, map[string]any{"id": id})
}

func (g *Registry) version(w http.ResponseWriter, r *http.Request) {
	subject := r.PathValue("subject")
	versions := g.subjects[subject]
	n, err := strconv.Atoi(r.PathValue("version"))
	if r.PathValue("version") == "latest" {
		n, err = len(versions), nil
	}
	if err != nil || n < 1 || n > len(versions) {
		refuse(w, http.StatusNotFound, 40402, "Version not found")
		return
	}
	id := versions[n-1]
	answer(w, map[string]any{"subject": subject, "id": id, "version": n, "schema": g.schemas[id-1]})
}

func (g *Registry) byID(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || id < 1 || id > len(g.schemas) {
		refuse(w, http.StatusNotFound, 40403, fmt.Sprintf("Schema %s not found", r.PathValue("id")))
		return
	}
	answer(w, map[string]any{"schema": g.schemas[id-1]})
}
