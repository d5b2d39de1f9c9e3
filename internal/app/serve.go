package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/net/netutil"

	"playhead/internal/access"
	"playhead/internal/api"
	"playhead/internal/audit"
	"playhead/internal/catalog"
	"playhead/internal/collect"
	"playhead/internal/cores"
	"playhead/internal/eventlog"
	"playhead/internal/live"
	"playhead/internal/metric"
	"playhead/internal/notebook"
	"playhead/internal/source"
	"playhead/internal/study"
	"playhead/internal/support"
	"playhead/internal/warehouse/duck"
	"playhead/sdk"
	"playhead/web"
)

// Options of Serve.
type Options struct {
	Settings
	Version string
	// ServeMoved serves a folder whose installation has moved elsewhere all the same.
	ServeMoved bool
	// Out is where people read, Log where the log goes.
	Out, Log io.Writer
}

// importsFile, in the data folder, says which number in events an import has.
const importsFile = "imports"

// stopGrace bounds the stop of each stage; together they stop in under 5 s.
const stopGrace = 4 * time.Second

// Serve runs all roles until ctx ends, then stops in the order of the flow.
// Errors: ErrSettings before anything was started; else what went wrong, with
// how to mend it.
func Serve(ctx context.Context, o Options) error {
	defer cores.Spread()()
	duck.FewHeaps()
	s, err := newServer(ctx, o, nil, false)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil // told to stop before it had begun: nothing went wrong
	}
	if err != nil {
		return o.Settings.damaged(err)
	}
	if err := s.greet(o.Out); err != nil {
		return errors.Join(err, s.close())
	}
	running, stop := s.drained(ctx)
	defer stop()
	return o.Settings.damaged(errors.Join(stages(running, s.log, stopGrace, s.stages()), s.close()))
}

// server is one process with all roles.
type server struct {
	*engine
	listener  net.Listener
	sessions  *access.Sessions
	people    *access.People
	notes     *notebook.Book
	collector *collect.Collector
	country   *collect.Country
	tail      *collect.Tail
	registry  *prometheus.Registry
	mux       *http.ServeMux
	handler   http.Handler
	figures   *metric.Engine
	studies   *study.Service
	tastes    *tastes
	pressure  *pressure
	pace      *collect.Pace
	source    *source.Source // nil when nothing is taken from Kafka
	audit     *audit.Log
	titles    *shelfKeeper // nil where nobody asks
	sum       *live.Sum    // what processors elsewhere say is true now, nil where this process loads
	followed  followed
	draining  atomic.Bool
	// streams ends what clients listen to.
	streams    context.Context
	cutStreams context.CancelFunc
	tls        *tls.Config // nil without encryption
	version    string
	url        string
	demo       bool
	history    func() *api.History
}

// newServer opens everything and listens, but serves nothing yet.
func newServer(ctx context.Context, o Options, cat *catalog.Catalog, demo bool) (_ *server, err error) {
	if err := o.Settings.Validate(); err != nil {
		return nil, err
	}
	if !o.ServeMoved {
		if err := refuseMoved(o.DataDir); err != nil {
			return nil, err
		}
	}
	log := o.Settings.Logger(o.Log)
	if o.MemoryLimit > 0 {
		debug.SetMemoryLimit(int64(o.MemoryLimit) << 20)
	}
	var kafka *source.Config
	if o.KafkaSource != "" {
		if kafka, err = loadSource(ctx, o.KafkaSource); err != nil {
			return nil, err
		}
	}
	if err := prepareFolder(o.DataDir); err != nil {
		return nil, err
	}
	l, err := listen(o.Listen)
	if err != nil {
		return nil, err
	}
	s := &server{listener: l, version: o.Version, demo: demo, url: o.PublicURL, registry: prometheus.NewRegistry(), mux: http.NewServeMux()}
	s.streams, s.cutStreams = context.WithCancel(context.WithoutCancel(ctx))
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.tls, err = o.Settings.secure(log); err != nil {
		return nil, err
	}
	if s.url == "" {
		s.url = localURL(l)
		if s.tls != nil {
			s.url = "https" + strings.TrimPrefix(s.url, "http")
		}
	}
	if s.engine, err = openEngine(ctx, o.Settings, cat, log); err != nil {
		return nil, err
	}
	if err := forgetBackups(o.DataDir); err != nil { // nobody else has the folder open
		return nil, err
	}
	if s.people, err = access.OpenPeople(o.DataDir); err != nil {
		return nil, err
	}
	if s.notes, err = notebook.Open(o.DataDir); err != nil {
		return nil, err
	}
	if s.audit, err = audit.Open(o.DataDir); err != nil {
		return nil, err
	}
	if err := s.joinNodes(ctx); err != nil {
		return nil, err
	}
	s.sessions = access.NewSessions(s.keys, s.sessionOptions())
	s.pressure = newPressure(s.events, s.settings.MaxLag, func() time.Time { return time.UnixMilli(s.now()) }, s.log, followersOf(s.engine)...)
	s.pace = collect.NewPace(nil)
	if err := s.openCollector(); err != nil {
		return nil, err
	}
	if err := s.openSource(kafka); err != nil {
		return nil, err
	}
	if err := registerMetrics(s.registry, s); err != nil {
		return nil, err
	}
	if s.store != nil {
		s.openStudies()
	}
	if !s.settings.has("query") {
		return s, s.plainRoutes()
	}
	return s, s.routes()
}

// sessionOptions are how browsers are signed in: where there are several processes, by
// what each of them can check.
func (s *server) sessionOptions() access.SessionOptions {
	o := access.SessionOptions{People: s.people, Secure: strings.HasPrefix(s.url, "https://")}
	if s.board != nil && s.ring != nil {
		o.Secret, o.Once = s.ring.SessionKey(), s.usedLink
	}
	return o
}

func (s *server) openCollector() (err error) {
	s.tail = collect.NewTail()
	if s.board != nil && !s.settings.has("collect") {
		return nil
	}
	c := collect.CountryOptions{File: s.settings.CountryFile, ISPFile: s.settings.ISPFile, TrustedProxies: s.settings.TrustedProxies}
	if s.settings.CountryHeader != "" {
		c.Headers = []string{s.settings.CountryHeader}
	}
	if s.country, err = collect.OpenCountry(c); err != nil {
		return fmt.Errorf("%w: %w", ErrSettings, err)
	}
	imports, err := collect.OpenImportBook(filepath.Join(s.settings.DataDir, importsFile))
	if err != nil {
		return err
	}
	s.collector, err = collect.New(collect.Config{
		Log: s.events, Form: s.forms.events, Ring: s.ring, Keys: s.keys, Country: s.country, Tail: s.tail, Registry: s.registry, Logger: s.log,
		Limits: collect.Limits{
			MaxBodyBytes: int64(s.settings.MaxBody) << 20, MaxEvents: s.settings.MaxEvents, MaxInFlightBytes: int64(s.settings.MaxInFlight) << 20,
		},
		Exclude:  collect.ExcludeOptions{Agents: s.settings.Exclude, Networks: s.settings.InternalNetworks, Viewers: s.settings.InternalViewers},
		CDNHosts: s.settings.CDNHosts,
		Behind:   s.historyWaits,
		Pressed:  s.pressure.retryAfter,
		Pace:     s.pace,
		Imports:  imports,
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSettings, err)
	}
	return nil
}

// routes puts every door on one mux. Errors: ErrSettings.
func (s *server) routes() (err error) {
	intake := http.NewServeMux()
	intake.Handle("GET /playhead.js", sdk.Handler())
	if s.settings.has("collect") {
		s.collector.Register(intake)
		s.collector.Register(s.mux)
	}
	shelf := s.titles
	s.handler = api.Register(s.mux, api.Deps{
		Version: s.version, Demo: s.demo,
		Asker: s.figures, Studies: s.studies, Audiences: s.studies, Backups: &backupMaker{engine: s.engine, version: s.version},
		Store: s.store, Live: s.presence(), Tail: s.tail, Sessions: s.sessions, Titles: shelf,
		Support: support.New(support.Options{Plays: s.store, Open: s.runner, Ring: s.ring, Clock: time.Now, MinViewers: s.settings.MinViewers}), Audit: s.audit,
		Desk:   api.Desk{Keys: s.keys, People: s.people, Doors: s.sessions, Notes: s.notes, Shelf: shelf},
		Status: s.status, Ready: s.ready, Registry: s.registry, Clock: time.Now, Logger: s.log,
	})
	s.mux.Handle("GET /art/", catalog.ArtHandler(shelf))
	s.mux.Handle("GET "+catalog.ImagePath, catalog.ImageHandler(filepath.Join(s.settings.DataDir, artworkFolder)))
	s.mux.Handle("GET /playhead.js", sdk.Handler())
	pages := web.Handler()
	if s.demo {
		pages = s.signedIn(pages)
	}
	s.mux.Handle("GET /", readable(s.mux, pages))
	s.handler, err = newDoor(&s.settings, intake, s.handler)
	return err
}

// signedIn signs a browser in that opens a page of the demo.
func (s *server) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := s.sessions.FromRequest(r); !ok {
			role := access.Support
			if ownMachine(r) {
				role = access.Admin // whoever runs the demo may try its settings too
			}
			http.SetCookie(w, s.sessions.Cookie(access.Identity{Role: role, Name: "demo"}))
		}
		next.ServeHTTP(w, r)
	})
}

// openStudies opens what is asked beside single figures, by people or in the background.
func (s *server) openStudies() {
	s.titles = s.shelf()
	s.figures = metric.NewEngine(s.store, metric.Options{
		Clock: time.Now, ReportTZ: s.zone, Catalog: titlesOf(s.titles.Shelf), MinViewers: leastViewers(s.settings.MinViewers),
	})
	s.tastes = &tastes{asker: s.figures, clock: time.Now, zone: s.zone, log: s.log, found: func(ctx context.Context, c choices) error {
		s.chosen.Store(&c)
		return s.titles.Renew(ctx)
	}}
	s.studies = study.New(study.Options{
		Asker: s.figures, Titles: s.titles, Viewers: s.store, Findings: s.db, MinViewers: s.settings.MinViewers, Clock: time.Now, Logger: s.log,
	})
	if s.elsewhere() {
		s.sum = live.NewSum(live.Options{})
	}
}

// presence says what is true now: what is loaded here, or what processors say.
func (s *server) presence() api.Live {
	if s.sum != nil {
		return s.sum
	}
	return s.hub
}

// shelf holds the catalogue, and who may replace it.
func (s *server) shelf() *shelfKeeper {
	k := &shelfKeeper{Shelf: catalog.NewShelf(s.catalog), folder: s.settings.DataDir, tell: s.tell}
	if s.board != nil {
		k.share = s.shareCatalog
	}
	switch {
	case s.demo:
		k.owner = "the demo invents it"
	case s.settings.Catalog != "":
		k.owner = "it is the file that the setting catalog names; change that, and start again"
	}
	return k
}

// ownMachine reports whether a request came straight from this machine.
func ownMachine(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback() && r.Header.Get("X-Forwarded-For") == ""
}

func (s *server) status(ctx context.Context) api.Status {
	out := api.Status{
		Version: s.version, Demo: s.demo, EventsTotal: s.eventsTotal(ctx), ReportTimezone: s.zone.String(),
		WriteURL: s.url + "/v1/events", FreshTo: time.UnixMilli(s.store.FreshTo()).UTC(),
	}
	if first := s.firstData(ctx); first > 0 {
		t := time.UnixMilli(first).UTC()
		out.FirstEventAt = &t
	}
	if s.history != nil {
		out.History = s.history()
	}
	return out
}

// stages in the order in which they are stopped.
func (s *server) stages() []stage {
	return []stage{
		{"source", s.ifRole("collect", s.runSource)},
		{"http", s.serveHTTP},
		{"keys", func(ctx context.Context) error {
			return s.keys.Watch(ctx, func(err error) { s.log.Error("the key file cannot be read; the keys stay as they were", "error", err) })
		}},
		{"log", func(ctx context.Context) error {
			select {
			case err := <-s.broken:
				if errors.Is(err, eventlog.ErrCorrupt) {
					return err
				}
				return fmt.Errorf("the log can write no more; free disk space or mend the disk, then start again: %w", err)
			case <-ctx.Done():
				return nil
			}
		}},
		{"debug", s.serveDebug},
		{"nodes", s.followNodes},
		{"study", func(ctx context.Context) error {
			if s.studies != nil {
				s.studies.Run(ctx)
			}
			return nil
		}},
		{"tastes", s.ifRole("load", func(ctx context.Context) error { return s.tastes.run(ctx) })},
		{"hear", s.hearOthers},
		{"feed", s.ifRole("process", s.feedOthers)},
		{"process", s.ifRole("process", s.runner.Run)},
		{"load", s.ifRole("load", func(ctx context.Context) error { return s.loader.Run(ctx) })},
		{"lake", s.runLake},
		{"pressure", s.pressure.run},
		{"pace", s.runPace},
	}
}

// runPace holds senders back where what they send is processed here.
func (s *server) runPace(ctx context.Context) error {
	if s.board != nil || s.settings.MaxTrail == 0 {
		return nil
	}
	return newPacer(s.pressure, s.pace, s.settings.MaxTrail).run(ctx)
}

// serveHTTP serves until ctx ends, lets requests under way finish for a
// moment, then cuts the streams.
func (s *server) serveHTTP(ctx context.Context) error {
	h := &http.Server{
		Handler: s.leaving(linger(contained(s.log, s.handler))), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		WriteTimeout: 2 * time.Minute, // who does not read; streams set their own before each write
		BaseContext:  func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
		ErrorLog:     slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	l := netutil.LimitListener(s.listener, s.settings.MaxConnections)
	go func() {
		if s.tls == nil {
			failed <- h.Serve(l)
			return
		}
		h.TLSConfig = s.tls
		failed <- h.ServeTLS(l, "", "")
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	err := s.finish(ctx, h)
	<-failed
	return err
}

// serveDebug serves Go's profiler, when an operator asked for it.
func (s *server) serveDebug(ctx context.Context) error {
	if s.settings.DebugListen == "" {
		return nil
	}
	l, err := listen(s.settings.DebugListen)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	h := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = h.Close() }) // it serves nothing that must be finished
	defer stop()
	if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// close lets go of everything, after the stages have stopped.
func (s *server) close() error {
	var errs []error
	s.cutStreams()
	if s.engine != nil {
		errs = append(errs, s.engine.close())
	}
	if s.country != nil {
		errs = append(errs, s.country.Close())
	}
	if s.audit != nil {
		errs = append(errs, s.audit.Close())
	}
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
