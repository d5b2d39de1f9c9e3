package api

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"playhead/internal/access"
	"playhead/internal/catalog"
	"playhead/internal/collect"
	"playhead/internal/live"
	"playhead/internal/metric"
	"playhead/internal/rollup"
)

// fakes are the ports of the API in memory.
type fakes struct {
	shelf    []catalog.Title // instead of one title
	curvesOf map[string]string
	curvesBy rollup.Dimension
	block    bool // scans wait until they are given up
	fail     error
	ready    error
	gaveUp   chan struct{}
	recent   []collect.Entry
	feed     chan collect.Entry
	filter   collect.Filter
	log      bytes.Buffer
	desk     Desk
	studies  Studies
	support  Support
	audit    Audit
}

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func (f *fakes) Scan(ctx context.Context, s rollup.Scan) (*rollup.Result, error) {
	if f.block {
		<-ctx.Done()
		close(f.gaveUp)
		return nil, ctx.Err()
	}
	if f.fail != nil {
		return nil, f.fail
	}
	m := rollup.Measures{}
	m[rollup.Plays], m[rollup.KnownPlays], m[rollup.PlayRequests] = 3, 3, 4
	g := rollup.Group{Measures: m}
	for range s.By {
		g.Keys = append(g.Keys, "dune")
	}
	return &rollup.Result{
		Groups:  []rollup.Group{g},
		FreshTo: now.UnixMilli() - 200, FirstData: now.UnixMilli() - 86_400_000, Engine: "fake", CellsRead: 1,
	}, nil
}

func (f *fakes) Retention(_ context.Context, of map[string]string, by rollup.Dimension, _, _ int64) ([]rollup.Curve, error) {
	f.curvesOf, f.curvesBy = of, by
	if _, ok := of["dune"]; !ok {
		return nil, nil
	}
	c := rollup.Curve{WidthMS: 10_000, Plays: 4, DurationMS: 25_000, WatchedMS: []int64{40_000, 20_000, 5_000}, Furthest: []int64{1, 1, 1, 1}, Starts: []int64{3, 1}}
	if by == rollup.DeviceType {
		c.Key = "tv"
	}
	return []rollup.Curve{c}, nil
}

func (f *fakes) Values(_ context.Context, _ rollup.Dimension, prefix string, _ int) ([]string, error) {
	if strings.HasPrefix("dune", prefix) {
		return []string{"dune"}, nil
	}
	return nil, nil
}

func (f *fakes) FreshTo() int64 { return now.UnixMilli() - 200 }

func (f *fakes) Snapshot(at int64) live.Snapshot {
	return live.Snapshot{Time: time.UnixMilli(at).UTC(), ConcurrentViewers: 7, Top: map[string][]live.Entry{"title": {{Value: "dune", ConcurrentViewers: 7}}}}
}

func (f *fakes) Recent(int) []collect.Entry { return f.recent }

func (f *fakes) Subscribe(filter collect.Filter) (<-chan collect.Entry, func()) {
	f.filter = filter
	return f.feed, func() {}
}

func (f *fakes) FromRequest(r *http.Request) (access.Identity, bool) {
	role, ok := map[string]access.Role{"Bearer good": access.Admin, "Bearer viewer": access.Viewer, "Bearer support": access.Support}[r.Header.Get("Authorization")]
	return access.Identity{Role: role, Name: "ada"}, ok
}

func (f *fakes) Redeem(token string) (*http.Cookie, error) {
	if token != "once" {
		return nil, access.ErrLink
	}
	return &http.Cookie{Name: access.CookieName, Value: "signed", HttpOnly: true}, nil
}

func (f *fakes) SignOut() *http.Cookie { return &http.Cookie{Name: access.CookieName, MaxAge: -1} }

func (f *fakes) Titles() []catalog.Title {
	if f.shelf != nil {
		return f.shelf
	}
	return []catalog.Title{{ID: "dune", Name: "The Dune Sea", Genres: []string{"drama"}, Launched: now.UnixMilli()}}
}

func (f *fakes) Named(text string, limit int) []catalog.Title {
	c, err := catalog.New(f.Titles())
	if err != nil {
		return nil
	}
	return c.Named(text, limit)
}

func (f *fakes) Title(id string) (catalog.Title, bool) {
	for _, t := range f.Titles() {
		if t.ID == id {
			return t, true
		}
	}
	return catalog.Title{}, false
}

func open(t *testing.T, f *fakes) http.Handler {
	t.Helper()
	return Register(http.NewServeMux(), Deps{
		Version: "test", Asker: metric.NewEngine(f, metric.Options{Clock: func() time.Time { return now }}),
		Store: f, Live: f, Tail: f, Sessions: f, Titles: f, Desk: f.desk, Studies: f.studies, Support: f.support, Audit: f.audit,
		Status:   func(context.Context) Status { return Status{Version: "test", EventsTotal: 5} },
		Ready:    func() error { return f.ready },
		Registry: prometheus.NewRegistry(), Clock: time.Now,
		Logger: slog.New(slog.NewJSONHandler(&f.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
}

// call sends a request with a read token.
func call(h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer good")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// messages is a ResponseWriter that keeps the messages of a stream and, after
// limit writes, is a client that has hung up.
type messages struct {
	mu     sync.Mutex
	header http.Header
	list   []string
	limit  int
}

func (m *messages) Header() http.Header {
	if m.header == nil {
		m.header = http.Header{}
	}
	return m.header
}

func (m *messages) WriteHeader(int) {}
func (m *messages) Flush()          {}

func (m *messages) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.limit > 0 && len(m.list) >= m.limit {
		return 0, errors.New("hung up")
	}
	m.list = append(m.list, string(p))
	return len(p), nil
}
