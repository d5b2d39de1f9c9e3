package eventlogtest

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"playhead/internal/eventlog"
)

func waitWakes(s *suite) {
	l := s.log()
	s.append(l, eventlog.Events, 1, "there")
	s.ok(l.Wait(s.Context(), eventlog.Events, []eventlog.Cursor{{Partition: 0}, {Partition: 1}}))

	woken := make(chan error, 1)
	go func() {
		woken <- l.Wait(s.Context(), eventlog.Events, []eventlog.Cursor{{Partition: 0}, {Partition: 1, Offset: 1}})
	}()
	s.append(l, eventlog.Facts, 0, "another topic")
	s.append(l, eventlog.Events, 2, "another partition")
	select {
	case err := <-woken:
		s.Fatalf("woken without cause: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	s.append(l, eventlog.Events, 1, "new")
	s.ok(<-woken)
	s.reads(l, eventlog.Events, 1, 1, "new")

	go func() { woken <- l.Wait(s.Context(), eventlog.Facts, []eventlog.Cursor{{Partition: 3}}) }()
	s.ok(l.Commit(s.Context(), []eventlog.Transaction{{Partition: 3, To: 1, Output: [][]byte{[]byte("fact")}}}))
	s.ok(<-woken)
}

func waitEndsWithContext(s *suite) {
	l := s.log()
	ctx, cancel := context.WithTimeout(s.Context(), 10*time.Millisecond)
	defer cancel()
	s.is(l.Wait(ctx, eventlog.Events, []eventlog.Cursor{{Partition: 0}}), context.DeadlineExceeded)
}

func cancelledContext(s *suite) {
	l := s.log()
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	s.is(l.Append(ctx, eventlog.Events, records(0, "a")), context.Canceled)
	s.is(l.Commit(ctx, []eventlog.Transaction{{To: 1}}), context.Canceled)
	s.is(l.Trim(ctx, eventlog.Events, eventlog.Cursor{}), context.Canceled)
	s.is(l.Wait(ctx, eventlog.Events, []eventlog.Cursor{{}}), context.Canceled)
	s.append(l, eventlog.Events, 0, "b")
	s.reads(l, eventlog.Events, 0, 0, "b")
	s.progress(l, 0, 0, 0)
	_, err := l.Read(ctx, eventlog.Events, eventlog.Cursor{}, 1, func(eventlog.Entry) error { return nil })
	s.is(err, context.Canceled)
}

func closeWaits(s *suite) {
	l := s.log()
	s.append(l, eventlog.Events, 0, "first")
	// A reader inside its function, writers on their way and one who waits.
	inside, leave := make(chan struct{}), make(chan struct{})
	var read atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := l.Read(s.Context(), eventlog.Events, eventlog.Cursor{}, 1, func(eventlog.Entry) error {
			close(inside)
			<-leave
			read.Store(true)
			return nil
		})
		if err != nil {
			s.Errorf("read: %v", err)
		}
	})
	<-inside
	waited := make(chan error, 1)
	go func() { waited <- l.Wait(s.Context(), eventlog.Events, []eventlog.Cursor{{Partition: 1}}) }()
	var written atomic.Int64
	for range 4 {
		wg.Go(func() {
			for l.Append(s.Context(), eventlog.Events, records(2, "x")) == nil {
				written.Add(1)
			}
		})
	}
	closed := make(chan error, 1)
	go func() { closed <- l.Close() }()
	s.is(<-waited, eventlog.ErrClosed)
	select {
	case err := <-closed:
		s.Fatalf("closed under a reader: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(leave)
	s.ok(<-closed)
	if !read.Load() {
		s.Fatal("closed before the reader was done")
	}
	wg.Wait()
	l = s.log()
	s.bounds(l, eventlog.Events, 2, 0, written.Load())
}

func closedLog(s *suite) {
	l := s.log()
	s.append(l, eventlog.Events, 0, "a")
	s.ok(l.Close())
	s.ok(l.Close())
	s.is(l.Append(s.Context(), eventlog.Events, records(0, "b")), eventlog.ErrClosed)
	s.is(l.Commit(s.Context(), []eventlog.Transaction{{To: 1}}), eventlog.ErrClosed)
	s.is(l.Trim(s.Context(), eventlog.Events, eventlog.Cursor{Offset: 1}), eventlog.ErrClosed)
	s.is(l.Wait(s.Context(), eventlog.Events, []eventlog.Cursor{{}}), eventlog.ErrClosed)
	_, err := l.Read(s.Context(), eventlog.Events, eventlog.Cursor{}, 1, func(eventlog.Entry) error { return nil })
	s.is(err, eventlog.ErrClosed)
	_, _, err = l.Bounds(s.Context(), eventlog.Events, 0)
	s.is(err, eventlog.ErrClosed)
	_, err = l.Progress(s.Context(), 0)
	s.is(err, eventlog.ErrClosed)
	_, err = l.State(s.Context(), 0, []byte("k"))
	s.is(err, eventlog.ErrClosed)
	s.is(l.ScanState(s.Context(), 0, nil, func(_, _ []byte) error { return nil }), eventlog.ErrClosed)
	s.want(s.read(s.log(), eventlog.Events, 0, 0), "a")
}

func secondOpen(s *suite) {
	l := s.log()
	if second, err := s.open(s.dir, s.now.Load); err == nil {
		_ = second.Close()
		s.Fatal("the log was opened twice")
	} else {
		s.is(err, eventlog.ErrLocked)
	}
	s.append(l, eventlog.Events, 0, "still works")
	l = s.reopen(l)
	s.reads(l, eventlog.Events, 0, 0, "still works")
}
