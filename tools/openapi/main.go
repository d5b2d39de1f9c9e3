// Command openapi prints the API's OpenAPI document, as a server would answer
// it, without starting one: the dashboard's types are made from it.
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"playhead/internal/access"
	"playhead/internal/api"
	"playhead/internal/audit"
	"playhead/internal/notebook"
	"playhead/internal/study"
	"playhead/internal/support"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "openapi:", err)
		os.Exit(1)
	}
}

func run() error {
	// Only what is there has endpoints; nothing of it is called.
	h := api.Register(http.NewServeMux(), api.Deps{
		Version: "any", Registry: prometheus.NewRegistry(), Clock: time.Now, Studies: &study.Service{}, Audiences: &study.Service{},
		Support: &support.Service{}, Audit: &audit.Log{},
		Desk: api.Desk{Keys: &access.Store{}, People: &access.People{}, Doors: &access.Sessions{}, Notes: &notebook.Book{}, Shelf: noShelf{}},
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	if w.Code != http.StatusOK {
		return fmt.Errorf("the document answers with %d", w.Code)
	}
	_, err := os.Stdout.Write(w.Body.Bytes())
	return err
}

// noShelf stands for a catalogue that can be uploaded.
type noShelf struct{ api.Shelf }
