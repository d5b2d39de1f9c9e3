package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"

	"playhead/internal/access"
	"playhead/internal/catalog"
	"playhead/internal/collect"
	"playhead/internal/live"
	"playhead/internal/metric"
	"playhead/internal/rollup"
)

// Asker answers queries; metric.Engine is one.
type Asker interface {
	Run(ctx context.Context, q metric.Query) (*metric.Result, error)
	Describe() metric.Description
}

// Store answers what is no query.
type Store interface {
	// Retention are curves of a title on the days that touch [from, to), epoch ms.
	Retention(ctx context.Context, of map[string]string, by rollup.Dimension, from, to int64) ([]rollup.Curve, error)
	// Values of a dimension that begin with the prefix.
	Values(ctx context.Context, d rollup.Dimension, prefix string, limit int) ([]string, error)
	// FreshTo is the moment before which everything received is in, epoch ms.
	FreshTo() int64
}

// Live says what is true now (epoch ms).
type Live interface {
	Snapshot(now int64) live.Snapshot
}

// Tail is the recent past of the intake.
type Tail interface {
	Recent(n int) []collect.Entry
	Subscribe(collect.Filter) (entries <-chan collect.Entry, cancel func())
}

// Sessions know who asks.
type Sessions interface {
	FromRequest(*http.Request) (access.Identity, bool)
	Redeem(token string) (*http.Cookie, error)
	SignOut() *http.Cookie
}

// Titles is the catalogue as it is now.
type Titles interface {
	Titles() []catalog.Title
	Title(id string) (catalog.Title, bool)
	// Named are up to limit titles whose name has a text in it, those that begin with it first.
	Named(text string, limit int) []catalog.Title
}

// History is how far the demo's past is filled in.
type History struct {
	Done  int `json:"done" doc:"Parts that are in."`
	Total int `json:"total" doc:"Parts there will be."`
}

// Status says what a page needs to know about the server.
type Status struct {
	Version        string     `json:"version"`
	Demo           bool       `json:"demo" doc:"Whether the audience is invented."`
	FirstEventAt   *time.Time `json:"first_event_at" doc:"When the earliest figure that is kept dates from; null when nothing came yet."`
	EventsTotal    int64      `json:"events_total" doc:"Events processed since this start."`
	ReportTimezone string     `json:"report_timezone"`
	WriteURL       string     `json:"write_url" doc:"Where players and apps send events."`
	FreshTo        time.Time  `json:"fresh_to" doc:"Everything received before this moment is in the figures."`
	History        *History   `json:"history" doc:"Progress of the demo's past; null without one."`
}

// Deps are what the API stands on. All are needed but Registry, Studies, Audiences, Support and Audit.
type Deps struct {
	Version  string
	Demo     bool
	Asker    Asker
	Store    Store
	Live     Live
	Tail     Tail
	Sessions Sessions
	Titles   Titles
	Studies  Studies // nil: no insights
	// Audiences is nil where none can be sized.
	Audiences Audiences
	Backups   Backups // nil where none are made
	Desk      Desk
	// Support and Audit are nil together: then no viewer can be looked up.
	Support Support
	Audit   Audit
	Status  func(context.Context) Status
	// Ready is nil when the server can answer, else why it cannot yet.
	Ready    func() error
	Registry *prometheus.Registry
	Clock    func() time.Time
	Logger   *slog.Logger
}

// Bounds of requests.
const (
	maxBody      = 1 << 20
	queryTimeout = 30 * time.Second
	// snapshotEvery is how often the live stream speaks: five times a second.
	snapshotEvery = 200 * time.Millisecond
)

type server struct {
	Deps
	api huma.API
}

// Register puts the API's endpoints on mux and returns the handler that also
// sets the headers that every answer of the server has.
func Register(mux *http.ServeMux, d Deps) http.Handler {
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	config := huma.DefaultConfig("Playhead", d.Version)
	config.Info.Description = "Real-time audience analytics for streaming video. Figures come from one metric layer; " +
		"GET /api/v1/metrics lists their definitions."
	config.DocsPath, config.SchemasPath = "", ""
	config.OpenAPIPath = "/openapi"
	config.CreateHooks = nil // no $schema links in answers
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":  {Type: "http", Scheme: "bearer", Description: "A read token: playhead keys create --read"},
		"cookie": {Type: "apiKey", In: "cookie", Name: access.CookieName, Description: "A browser signed in by a one-time link"},
	}
	s := &server{Deps: d}
	s.api = humago.New(mux, config)
	s.api.UseMiddleware(s.observe, s.authorise)
	s.registerQuery()
	s.registerRetention()
	s.registerValues()
	s.registerCatalog()
	if s.Studies != nil {
		s.registerInsights()
	}
	if s.Audiences != nil {
		s.registerAudiences()
	}
	if s.Support != nil && s.Audit != nil {
		s.registerSupport()
	}
	s.registerServer()
	s.registerPipeline()
	s.registerDesk()
	s.registerStreams(mux)
	s.registerBackup(mux)
	s.registerHealth(mux)
	s.describeIntake()
	return headers(mux)
}

// policy is what pages may load: only this server's own, and pictures that the
// catalogue has elsewhere.
const policy = "default-src 'self'; img-src 'self' data: https:; style-src 'self' 'unsafe-inline'; media-src 'self' blob:; " +
	"worker-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"

func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		if r.URL.Path == queryPath {
			// A query is JSON whatever a client calls it: curl -d says it is a form.
			r.Header.Set("Content-Type", "application/json")
		}
		next.ServeHTTP(w, r)
	})
}
