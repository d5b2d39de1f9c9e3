package app

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"time"
)

// requestGrace is for how long requests under way may finish once nobody is listened to
// any more; streams end at once.
const requestGrace = 2 * time.Second

// drained is a context for what runs. When ctx ends the process is not ready any more,
// but serves for as long as a load balancer may take to notice; then the context ends.
func (s *server) drained(ctx context.Context) (context.Context, context.CancelFunc) {
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		select {
		case <-running.Done():
			return
		case <-ctx.Done():
		}
		s.draining.Store(true)
		wait := s.settings.Drain
		if !s.settings.has("collect") && !s.settings.has("query") {
			wait = 0 // nobody sends anything here
		}
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-running.Done():
		case <-t.C:
		}
		stop()
	}()
	return running, stop
}

// leaving tells clients, from the moment that a stop was asked for, to send what comes
// next to somebody else: a connection that is closed after an answer is one on which
// nothing is under way.
func (s *server) leaving(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		if !isStream(r) {
			next.ServeHTTP(w, r)
			return
		}
		// A stream lasts as long as its client, or as this process listens.
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(s.streams, cancel)()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// isStream reports whether a request is one that its client ends.
func isStream(r *http.Request) bool {
	return r.URL.Path == "/api/v1/live" || r.URL.Path == "/api/v1/events/tail"
}

// finish ends streams, lets requests under way finish, and closes what is idle.
func (s *server) finish(ctx context.Context, h *http.Server) error {
	s.draining.Store(true)
	s.cutStreams()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestGrace)
	defer cancel()
	err := h.Shutdown(stop)
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("requests were cut off: they took longer than a stop waits", "grace", requestGrace)
		err = h.Close()
	}
	return err
}

// hearOthers keeps up with what other processes load and say, where this one answers.
func (s *server) hearOthers(ctx context.Context) error {
	if s.sum == nil {
		return nil
	}
	following := make(chan error, 1)
	go func() { following <- s.store.Follow(ctx, s.log) }()
	err := hearLive(ctx, s.passing, rand.Text(), s.sum, s.log)
	return errors.Join(err, <-following)
}

// feedOthers tells processes that answer what is true of the partitions here.
func (s *server) feedOthers(ctx context.Context) error {
	if s.passing == nil {
		return nil
	}
	f := &liveFeed{log: s.events, board: s.passing, owned: s.runner.Processing, logger: s.log, clock: time.Now}
	return f.run(ctx)
}
