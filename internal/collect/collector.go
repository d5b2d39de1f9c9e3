package collect

import (
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"playhead/internal/access"
	"playhead/internal/collect/avro"
	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/privacy"
	"playhead/schema"
)

// Keys is what the collector needs of the key store.
type Keys interface {
	// Lookup finds the active key of a secret.
	Lookup(secret string) (access.Key, bool)
}

// Limits of one request and of all together; zero fields get the defaults.
type Limits struct {
	// MaxBodyBytes bounds a body, both as it is sent and decompressed; 5 MiB.
	MaxBodyBytes int64
	// MaxEvents bounds the events of a request; 10,000.
	MaxEvents int
	// MaxInFlightBytes bounds the bodies under way; beyond it clients get 429; 128 MiB.
	MaxInFlightBytes int64
	// BodyTimeout bounds the reading of a body; 20 s.
	BodyTimeout time.Duration
	// AppendTimeout bounds the wait for the log; 20 s.
	AppendTimeout time.Duration
}

func (l *Limits) defaults() {
	if l.MaxBodyBytes == 0 {
		l.MaxBodyBytes = 5 << 20
	}
	if l.MaxEvents == 0 {
		l.MaxEvents = 10_000
	}
	if l.MaxInFlightBytes == 0 {
		l.MaxInFlightBytes = 128 << 20
	}
	if l.BodyTimeout == 0 {
		l.BodyTimeout = 20 * time.Second
	}
	if l.AppendTimeout == 0 {
		l.AppendTimeout = 20 * time.Second
	}
}

// Config of New. Log, Ring and Keys are needed; the rest has good defaults.
type Config struct {
	Log  eventlog.Log
	Ring *privacy.Ring
	Keys Keys
	// Form is how records are written into Log.
	Form event.Form
	// Country says where a request comes from; nil knows nothing.
	Country *Country
	// Clock is the time, epoch ms.
	Clock func() int64
	// Imports numbers the imports of history; nil forgets them with the process.
	Imports *ImportBook
	// Behind reports whether history has to wait for the present; nil never.
	Behind func() bool
	// Pressed is for how long clients have to wait because too much waits already;
	// 0 is not at all. Nil never presses.
	Pressed func() time.Duration
	// Pace holds senders back to what is processed; nil lets all in.
	Pace *Pace
	// Tail shows what comes in; nil shows nothing.
	Tail     *Tail
	Registry prometheus.Registerer
	Logger   *slog.Logger
	Limits   Limits
	// Exclude says whose events are left out.
	Exclude ExcludeOptions
	// CDNHosts name CDNs by host: "*.akamaized.net=akamai". Large ones are known.
	CDNHosts []string
}

// Collector serves the intake. It is safe for any number of requests at once.
type Collector struct {
	cfg      Config
	metrics  *metrics
	batches  sync.Pool
	desks    sync.Pool
	readers  readers
	devices  *deviceCache
	cdns     cdnHosts
	excluded *exclusion
	avro     *avro.Schema
	buckets  sync.Map // key id → *bucket
	inFlight atomic.Int64
	// troubled is when trouble with the log was logged last, epoch ms.
	troubled atomic.Int64
}

// New makes a collector. Errors: a missing part, or metrics that are registered already.
func New(cfg Config) (*Collector, error) {
	if cfg.Log == nil || cfg.Ring == nil || cfg.Keys == nil {
		return nil, errors.New("make a collector: Log, Ring and Keys are needed")
	}
	cfg.Limits.defaults()
	if cfg.Clock == nil {
		cfg.Clock = func() int64 { return time.Now().UnixMilli() }
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Country == nil {
		cfg.Country = &Country{}
	}
	if cfg.Tail == nil {
		cfg.Tail = NewTail()
	}
	if cfg.Imports == nil {
		book, err := OpenImportBook("")
		if err != nil {
			return nil, err
		}
		cfg.Imports = book
	}
	cdns, err := newCDNHosts(cfg.CDNHosts)
	if err != nil {
		return nil, err
	}
	excluded, err := newExclusion(cfg.Exclude, cfg.Ring)
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(cfg.Registry, cfg.Tail)
	if err != nil {
		return nil, err
	}
	published, err := avro.ParseSchema(schema.EventAvro)
	if err != nil {
		return nil, err
	}
	if cfg.Pressed == nil {
		cfg.Pressed = func() time.Duration { return 0 }
	}
	c := &Collector{cfg: cfg, metrics: m, devices: newDeviceCache(), cdns: cdns, excluded: excluded, avro: published}
	c.readers.limit = cfg.Limits.MaxBodyBytes
	c.desks.New = func() any { return newDesk() }
	c.batches.New = func() any { return newBatch(c) }
	return c, nil
}

// handler serves a request that came with a write key.
type handler func(http.ResponseWriter, *http.Request, access.Key)

// Register serves the intake's paths on mux.
func (c *Collector) Register(mux *http.ServeMux) {
	for path, h := range map[string]handler{
		"/v1/events": c.events,
		"/cmcd":      c.cmcd,
		"/epas":      c.epas,
		"/v1/settle": c.settle,
		"/v1/import": c.importHistory,
	} {
		mux.HandleFunc("OPTIONS "+path, c.preflight)
		mux.HandleFunc("POST "+path, c.keyed(h))
	}
	c.registerSegment(mux)
	registerSchemas(mux)
}
