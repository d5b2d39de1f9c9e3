package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"playhead/internal/access"
	"playhead/internal/collect"
	"playhead/internal/cores"
	"playhead/internal/eventlog/pebblelog"
	"playhead/internal/privacy"
	"playhead/tools/audience"
	"playhead/tools/figures"
)

const (
	// collectRounds: the collector and sonic take turns, so that a machine that
	// does something else for a moment does it to both.
	collectRounds = 4
	collectRound  = 2 * time.Second
	// collectSenders share one fsync: while the log writes for some, bodies of
	// the others are decoded. With 8 all of them were seen to wait at once for a
	// sixth of the time; a service has hundreds.
	collectSenders = 32
)

// loneCollector is the role collect by itself: HTTP on one side, the durable log
// on the other, no plays behind it.
type loneCollector struct {
	url, key string
	folder   string
	log      *pebblelog.Log
	server   *http.Server
	served   sync.WaitGroup
}

func startCollector() (_ *loneCollector, err error) {
	c := &loneCollector{}
	if c.folder, err = os.MkdirTemp("", "bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.stop())
		}
	}()
	ring, err := privacy.OpenRing(c.folder, privacy.Options{})
	if err != nil {
		return nil, err
	}
	keys, err := access.Open(c.folder)
	if err != nil {
		return nil, err
	}
	if c.key, _, err = keys.Create(access.Write, "bench"); err != nil {
		return nil, err
	}
	if c.log, err = pebblelog.Open(filepath.Join(c.folder, "log"), pebblelog.Options{}); err != nil {
		return nil, err
	}
	collector, err := collect.New(collect.Config{Log: c.log, Ring: ring, Keys: keys})
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	collector.Register(mux)
	c.url, c.server = "http://"+l.Addr().String(), &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	c.served.Go(func() { _ = c.server.Serve(l) }) // it ends by Close
	return c, nil
}

func (c *loneCollector) stop() error {
	var errs []error
	if c.server != nil {
		errs = append(errs, c.server.Close())
		c.served.Wait()
	}
	if c.log != nil {
		errs = append(errs, c.log.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(c.folder))...)
}

// take sends bodies to a path, each connection waiting for its answer, and
// returns how many events were acknowledged, and in what time. Meanwhile this
// process shares the processors out as a server does.
func (c *loneCollector) take(ctx context.Context, path, kind string, bodies []body, limit time.Duration) (events int64, took time.Duration, err error) {
	defer cores.Spread()()
	var (
		next, taken atomic.Int64
		mu          sync.Mutex
		errs        []error
		senders     sync.WaitGroup
	)
	began := time.Now()
	send := func() error {
		conn, err := dialKept(c.url, path, c.key, kind)
		if err != nil {
			return err
		}
		defer conn.Close()
		for ctx.Err() == nil && time.Since(began) < limit {
			b := bodies[int(next.Add(1)-1)%len(bodies)]
			if err := conn.send(b.Data); err != nil {
				return err
			}
			taken.Add(int64(b.Events))
		}
		return ctx.Err()
	}
	for range collectSenders {
		senders.Go(func() {
			if err := send(); err != nil {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	senders.Wait()
	return taken.Load(), time.Since(began), errors.Join(errs...)
}

// measureCollector compares the collector alone, acknowledged and durable, with
// what sonic makes of the same bytes on the same cores: sender, HTTP, decoding,
// pseudonyms, the log and its fsync on the one side, a struct on the other.
func measureCollector(ctx context.Context, r *figures.Report, bodies []body) (err error) {
	c, err := startCollector()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	players := audience.Reports(64, 800)
	var native, cmcd, sonic pace
	for range collectRounds {
		if err := native.add(func() (int64, time.Duration, error) {
			return c.take(ctx, "/v1/events", "application/x-ndjson", bodies, collectRound)
		}); err != nil {
			return fmt.Errorf("native: %w", err)
		}
		if err := cmcd.add(func() (int64, time.Duration, error) {
			return c.take(ctx, "/cmcd", "application/cmcd", players, collectRound)
		}); err != nil {
			return fmt.Errorf("cmcd: %w", err)
		}
		if err := sonic.add(func() (int64, time.Duration, error) { return decodeRound(bodies, collectRound, newSonic[fullEvent]) }); err != nil {
			return fmt.Errorf("sonic: %w", err)
		}
	}
	r.Add("collect.native.events_per_s", native.rate(), "events/s")
	r.Add("collect.cmcd.events_per_s", cmcd.rate(), "events/s")
	r.Add("collect.sonic.events_per_s", sonic.rate(), "events/s")
	r.AtLeast("collect.native.ratio", native.rate()/sonic.rate(), "ratio", 0.6)
	r.AtLeast("collect.cmcd.ratio", cmcd.rate()/sonic.rate(), "ratio", 0.6)
	r.Add("collect.native.core_ratio", native.coreRate()/sonic.coreRate(), "ratio")
	r.Add("collect.cmcd.core_ratio", cmcd.coreRate()/sonic.coreRate(), "ratio")
	return nil
}

// pace adds up rounds.
type pace struct {
	events int64
	took   time.Duration
	cores  time.Duration // processor time of this process meanwhile
}

func (p *pace) add(round func() (int64, time.Duration, error)) error {
	before, err := processorTime()
	if err != nil {
		return err
	}
	events, took, err := round()
	if err != nil {
		return err
	}
	after, err := processorTime()
	p.events, p.took, p.cores = p.events+events, p.took+took, p.cores+after-before
	return err
}

// rate is events a second, coreRate events a second of one core's work: what
// the first would be if nothing else ran and nothing was waited for.
func (p *pace) rate() float64     { return float64(p.events) / p.took.Seconds() }
func (p *pace) coreRate() float64 { return float64(p.events) / p.cores.Seconds() }

// processorTime is what this process has used so far, its own and the system's for it.
func processorTime() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("ask for the processor time: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}
