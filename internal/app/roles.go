package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"playhead/internal/eventlog"
	"playhead/internal/eventlog/pebblelog"
	"playhead/sdk"
)

// logStore is a log with its operator state.
type logStore interface {
	eventlog.Log
	eventlog.StateStore
}

// openLog opens the log: Kafka's, or the one of this machine.
func (e *engine) openLog(ctx context.Context) error {
	s := &e.settings
	if s.onKafka() {
		l, err := e.openKafka(ctx)
		if err != nil {
			return err
		}
		e.events = l
		e.settings.Partitions = l.Partitions()
		e.forms, err = s.kafkaForms(ctx)
		return err
	}
	buffer, cache := logMemory(s.LogMemory)
	l, err := pebblelog.Open(logFolder(s.DataDir), pebblelog.Options{
		CacheBytes: cache, MemTableBytes: buffer,
		Partitions: s.Partitions, Logger: e.log, OnFailure: func(err error) { e.broken <- err },
	})
	if err != nil {
		return inUse(s.DataDir, fmt.Errorf("open the log: %w", err))
	}
	e.events, e.local = l, l
	e.settings.Partitions = l.Partitions()
	return nil
}

// now is the log's time, epoch ms.
func (e *engine) now() int64 {
	if e.local == nil {
		return time.Now().UnixMilli()
	}
	return e.local.Now()
}

// room says why the log takes nothing for lack of it, nil if it does.
func (e *engine) room() error {
	if e.local == nil {
		return nil
	}
	return e.local.Room()
}

// ready says what a role of this process is waiting for. A processor that has no
// partition, of more than there are partitions, waits for nothing.
func (s *server) ready() error {
	if s.draining.Load() {
		return errors.New("stopping")
	}
	if s.settings.has("process") && !s.runner.Stats().Ready {
		return errors.New("state is being restored")
	}
	if s.settings.has("query") && s.store.FreshTo() == 0 {
		return errors.New("no partition has been loaded yet")
	}
	if err := s.room(); err != nil {
		return fmt.Errorf("events are refused until there is room on the disk of the data folder: %w", err)
	}
	return nil
}

// eventsTotal is how many events were processed since the start, as far as this
// process sees.
func (s *server) eventsTotal(ctx context.Context) int64 {
	if s.settings.has("process") && !s.settings.onKafka() {
		return s.runner.Stats().Events
	}
	if s.sum != nil {
		return s.sum.Events()
	}
	return s.loader.Stats(ctx).Events
}

// plainRoutes are the doors of a process that answers no questions: the intake, if
// it has one, and what operators ask.
func (s *server) plainRoutes() (err error) {
	text := func(w http.ResponseWriter, code int, what string) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(code)
		_, _ = fmt.Fprintln(w, what) // the client may be gone
	}
	intake := http.NewServeMux()
	if s.settings.has("collect") {
		s.collector.Register(intake)
		s.collector.Register(s.mux)
		intake.Handle("GET /playhead.js", sdk.Handler())
		s.mux.Handle("GET /playhead.js", sdk.Handler())
	}
	s.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { text(w, http.StatusOK, "ok") })
	s.mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := s.ready(); err != nil {
			text(w, http.StatusServiceUnavailable, err.Error())
			return
		}
		text(w, http.StatusOK, "ready")
	})
	s.mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	s.handler, err = newDoor(&s.settings, intake, s.mux)
	return err
}

// ifRole is a stage of a role, or one that this process does not have.
func (s *server) ifRole(role string, run func(context.Context) error) func(context.Context) error {
	if s.settings.has(role) {
		return run
	}
	return func(context.Context) error { return nil }
}
