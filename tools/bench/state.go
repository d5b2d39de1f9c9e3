package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/eventlog/pebblelog"
	"playhead/internal/process"
	"playhead/tools/figures"
)

// measureState takes what a million viewers cost the processor on a real log:
// how long a start with all their plays open takes, and what memory they hold
// once they are gone. The log's clock is the bench's own.
func measureState(ctx context.Context, r *figures.Report, crowd int) (err error) {
	dir, err := os.MkdirTemp("", "playhead-state-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s := &stateBench{dir: dir, crowd: crowd}
	s.now.Store(1_800_000_000_000)
	if err := s.start(ctx); err != nil {
		return err
	}
	empty := liveBytes()
	if err := s.open(ctx); err != nil {
		return errors.Join(err, s.stop())
	}
	if err := s.snapshots(ctx, 2); err != nil { // what a burst took is given back with them
		return errors.Join(err, s.stop())
	}
	if open := s.runner.Stats().OpenPlays; open != int64(crowd) {
		return errors.Join(fmt.Errorf("%d plays are open, not %d", open, crowd), s.stop())
	}
	r.Add("process.open_play_bytes", float64(liveBytes()-empty)/float64(crowd), "B")
	if err := s.stop(); err != nil {
		return err
	}
	began := time.Now()
	before, err := processorTime()
	if err != nil {
		return err
	}
	if err := s.start(ctx); err != nil {
		return err
	}
	r.AtMost("restart.open_plays_s", time.Since(began).Seconds(), "s", 5)
	after, err := processorTime()
	if err != nil {
		return errors.Join(err, s.stop())
	}
	r.Add("restart.open_plays_core_s", (after - before).Seconds(), "s of one core")
	if open := s.runner.Stats().OpenPlays; open != int64(crowd) {
		return errors.Join(fmt.Errorf("%d plays are open after the start, not %d", open, crowd), s.stop())
	}
	// Silence closes the plays, then the sessions; a day later impressions mature.
	if err := s.pass(ctx, 24*time.Hour+5*time.Minute); err != nil {
		return errors.Join(err, s.stop())
	}
	if err := s.snapshots(ctx, 3); err != nil {
		return errors.Join(err, s.stop())
	}
	if st := s.runner.Stats(); st.OpenPlays != 0 {
		return errors.Join(fmt.Errorf("%d plays are open after a day of silence", st.OpenPlays), s.stop())
	}
	r.AtMost("state.viewer.bytes", float64(max(0, liveBytes()-empty))/float64(crowd), "B", 300)
	return s.stop()
}

// cacheBytes holds most of what a million viewers have stored, as log-memory of
// 560 MiB does for an operator who has so many: the bench's day is over in minutes,
// so that every viewer is brought back again and again. It is not on the heap.
const cacheBytes = 512 << 20

// stateBench is a processor on a log of its own.
type stateBench struct {
	dir    string
	crowd  int          // viewers who have a play open at once, and are idle later
	now    atomic.Int64 // the log's clock, epoch ms
	pace   atomic.Int64 // by how much it goes on with each look, ms
	log    *pebblelog.Log
	runner *process.Runner
	cancel context.CancelFunc
	done   chan error
}

// start opens the log and returns when the processor is ready.
func (s *stateBench) start(ctx context.Context) (err error) {
	s.log, err = pebblelog.Open(s.dir, pebblelog.Options{Clock: s.clock, CacheBytes: cacheBytes, MemTableBytes: 16 << 20, ReserveBytes: -1})
	if err != nil {
		return err
	}
	s.runner = process.New(s.log, s.log, process.Config{Epoch: 5 * time.Millisecond, Tick: 2 * time.Millisecond, RetainEvents: time.Minute})
	var own context.Context
	own, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.done = make(chan error, 1)
	go func() { s.done <- s.runner.Run(own) }()
	for !s.runner.Stats().Ready {
		select {
		case err := <-s.done:
			return errors.Join(err, s.log.Close())
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}

func (s *stateBench) stop() error {
	s.cancel()
	return errors.Join(<-s.done, s.log.Close())
}

func (s *stateBench) clock() int64 { return s.now.Add(s.pace.Load()) }

// heard is the time in which the processor has listened, epoch ms: a tick moves
// it on by some seconds at most.
func (s *stateBench) heard() int64 { return s.now.Load() - s.runner.Stats().UnheardMillis }

// pass lets d of heard time pass, quickly.
func (s *stateBench) pass(ctx context.Context, d time.Duration) error {
	end := s.heard() + d.Milliseconds()
	s.pace.Store(8_000)
	defer s.pace.Store(0)
	for s.heard() < end {
		if err := s.settled(ctx); err != nil {
			return err
		}
	}
	return nil
}

// settled waits until everything that was appended is processed, and the clock
// was seen.
func (s *stateBench) settled(ctx context.Context) error {
	epochs := s.runner.Stats().Epochs
	for {
		if st := s.runner.Stats(); st.LagRecords < 20 && st.Epochs >= epochs+3 {
			return nil
		}
		select {
		case err := <-s.done:
			s.done <- nil
			return errors.Join(err, errors.New("the processor has ended"))
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// snapshots waits until n more snapshots of each partition were taken, which take
// turns: viewers leave memory with one.
func (s *stateBench) snapshots(ctx context.Context, n int64) error {
	n *= int64(s.log.Partitions())
	for until := s.runner.Stats().Snapshots + n; s.runner.Stats().Snapshots < until; {
		if err := s.settled(ctx); err != nil {
			return err
		}
	}
	return nil
}

// open lets everybody look at some artwork and play something.
func (s *stateBench) open(ctx context.Context) error {
	const batch = 5_000
	records := make([]eventlog.Record, 0, 3*batch)
	for first := 0; first < s.crowd; first += batch {
		records = records[:0]
		s.now.Add(250)
		for n := first; n < min(first+batch, s.crowd); n++ {
			records = s.watch(records, n)
		}
		if err := s.log.Append(ctx, eventlog.Events, records); err != nil {
			return err
		}
		if err := s.settled(ctx); err != nil {
			return err
		}
	}
	return nil
}

// watch appends what viewer number n does.
func (s *stateBench) watch(records []eventlog.Record, n int) []eventlog.Record {
	now := s.now.Load()
	var e event.Event
	e.Reset()
	binary.BigEndian.PutUint64(e.Viewer[:], uint64(n+1)*0x9e3779b97f4a7c15)
	e.Known, e.KeyID, e.TitleID = true, 1, fmt.Sprint("title-", n%400)
	e.Context = event.Context{Country: "US", DeviceType: "tv", CDN: "northlight", ISP: "Cobalt Cable", OS: "webOS 25", AppVersion: "8.4.1"}
	add := func(t event.Type, at, seq int64) {
		e.Type, e.Time, e.Seq = t, at, seq
		binary.BigEndian.PutUint64(e.ID[:], uint64(n)<<8|uint64(t))
		records = append(records, eventlog.Record{
			Partition: event.PartitionOf(e.Viewer, s.log.Partitions()), Data: event.AppendRecord(nil, &e),
		})
	}
	e.CreativeID, e.Placement, e.Rank, e.Impression = e.TitleID+"-p1", "hero", int64(n%12), event.Ref{1, byte(n), byte(n >> 8), byte(n >> 16)}
	add(event.Impression, now-40_000, event.Absent)
	e.CreativeID, e.Placement, e.Rank, e.Impression = "", "", event.Absent, event.Ref{}
	binary.BigEndian.PutUint64(e.Play[:], uint64(n+1))
	e.DurationMS, e.PositionMS = 5_400_000, 0
	add(event.PlayStarted, now-30_000, 0)
	e.PositionMS = 30_000
	add(event.Heartbeat, now, 1)
	return records
}

// liveBytes is what lives on the heap, bytes.
func liveBytes() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
