package eventlogtest

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"playhead/internal/eventlog"
)

// SharedDriver is a driver whose partitions are shared out.
type SharedDriver interface {
	Driver
	eventlog.Shared
}

// SharedOpener opens the log that folder names, as one process of several: dir is
// what this process keeps for itself. Nothing is claimed.
type SharedOpener func(folder, dir string) (SharedDriver, error)

// RunShared runs the behaviours of a log that several processes share: those of
// every log, by one that has claimed all partitions, and those of sharing.
func RunShared(t *testing.T, open SharedOpener) {
	alone := func(dir string, _ func() int64) (Driver, error) {
		l, err := open(dir, filepath.Join(dir, "own"))
		if err != nil {
			return nil, err
		}
		for p := range l.Partitions() {
			if err := l.Claim(t.Context(), p); err != nil {
				_ = l.Close()
				return nil, err
			}
		}
		return l, nil
	}
	run(t, alone, true, slices.DeleteFunc(behaviours(), func(b behaviour) bool { return b.name == ownClock }))
	for _, b := range []struct {
		name string
		run  func(*sharing)
	}{
		{"what is not claimed can be read and not committed", unclaimed},
		{"a claim takes over, and who had it before is fenced", takeOver},
		{"another process finds the state, and one that comes back what changed meanwhile", stateMoves},
		{"committed progress is seen by who has no claim", progressOfOthers},
		{"partitions are shared out, and move when a process comes or goes", sharedOut},
	} {
		t.Run(b.name, func(t *testing.T) { b.run(&sharing{suite: suite{T: t, shared: true}, open: open, folder: t.TempDir()}) })
	}
}

// sharing is one behaviour's run.
type sharing struct {
	suite
	open   SharedOpener
	folder string
}

// process opens the log for a process with a folder of its own.
func (s *sharing) process(name string) SharedDriver {
	s.Helper()
	l, err := s.open(s.folder, filepath.Join(s.folder, name))
	if err != nil {
		s.Fatalf("open: %v", err)
	}
	s.Cleanup(func() { _ = l.Close() })
	return l
}

func step(p int32, from, to int64, fact string, state ...eventlog.KV) []eventlog.Transaction {
	return []eventlog.Transaction{{Partition: p, From: from, To: to, Output: [][]byte{[]byte(fact)}, Snapshot: len(state) > 0, State: state}}
}

func unclaimed(s *sharing) {
	a, b := s.process("a"), s.process("b")
	s.ok(a.Claim(s.Context(), 1))
	s.append(b, eventlog.Events, 1, "event")
	s.ok(a.Commit(s.Context(), step(1, 0, 1, "fact")))
	s.reads(b, eventlog.Events, 1, 0, "event")
	s.reads(b, eventlog.Facts, 1, 0, "fact")
	s.is(b.Commit(s.Context(), step(1, 1, 2, "not mine")), eventlog.ErrNotClaimed)
	_, err := b.State(s.Context(), 1, []byte("k"))
	s.is(err, eventlog.ErrNotClaimed)
	a.Release(1)
	s.is(a.Commit(s.Context(), step(1, 1, 2, "released")), eventlog.ErrNotClaimed)
	s.reads(b, eventlog.Facts, 1, 0, "fact")
}

func takeOver(s *sharing) {
	a, b := s.process("a"), s.process("b")
	s.ok(a.Claim(s.Context(), 2))
	s.ok(a.Claim(s.Context(), 3))
	s.ok(a.Commit(s.Context(), step(2, 0, 5, "of a", kv("k", "a"))))
	s.ok(b.Claim(s.Context(), 2))
	s.progress(b, 2, 5, 5)
	s.is(a.Commit(s.Context(), step(2, 5, 9, "of a zombie", kv("k", "zombie"))), eventlog.ErrNotClaimed)
	s.is(b.Commit(s.Context(), step(2, 4, 9, "too early")), eventlog.ErrConflict)
	s.ok(b.Commit(s.Context(), step(2, 5, 7, "of b")))
	s.is(a.Commit(s.Context(), step(2, 7, 9, "of a zombie")), eventlog.ErrNotClaimed)
	s.reads(a, eventlog.Facts, 2, 0, "of a", "of b")
	s.state(b, 2, "k", "a")
	// What it has still is not touched, and it may claim again.
	s.ok(a.Commit(s.Context(), step(3, 0, 1, "another")))
	s.ok(a.Claim(s.Context(), 2))
	s.progress(a, 2, 7, 5)
	s.ok(a.Commit(s.Context(), step(2, 7, 8, "of a again")))
	s.is(b.Commit(s.Context(), step(2, 7, 8, "of b")), eventlog.ErrNotClaimed)
	s.reads(b, eventlog.Facts, 2, 0, "of a", "of b", "of a again")
}

func stateMoves(s *sharing) {
	a, b := s.process("a"), s.process("b")
	s.ok(a.Claim(s.Context(), 0))
	s.ok(a.Commit(s.Context(), step(0, 0, 1, "1", kv("stays", "1"), kv("changes", "1"), kv("goes", "1"))))
	a.Release(0)
	s.ok(b.Claim(s.Context(), 0))
	s.state(b, 0, "changes", "1")
	s.ok(b.Commit(s.Context(), step(0, 1, 2, "2", kv("changes", "2"), kv("goes", ""), kv("comes", "2"))))
	s.ok(b.Commit(s.Context(), step(0, 2, 4, "3")))
	b.Release(0)
	for _, name := range []string{"a", "c"} { // with an older copy, and with none
		l := a
		if name == "c" {
			l = s.process(name)
		}
		s.ok(l.Claim(s.Context(), 0))
		s.progress(l, 0, 4, 2)
		for key, want := range map[string]string{"stays": "1", "changes": "2", "goes": "", "comes": "2"} {
			s.state(l, 0, key, want)
		}
	}
}

func progressOfOthers(s *sharing) {
	a, b := s.process("a"), s.process("b")
	s.progress(b, 1, 0, 0)
	s.ok(a.Claim(s.Context(), 1))
	s.ok(a.Commit(s.Context(), step(1, 0, 6, "fact")))
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(time.Millisecond) {
		if p, err := b.Progress(s.Context(), 1); err != nil || p.Committed > 0 {
			break
		}
	}
	s.progress(b, 1, 6, 0)
}

func sharedOut(s *sharing) {
	a := s.process("a")
	s.has(a, Partitions)
	b := s.process("b")
	first := s.has(b, Partitions/2)
	s.has(a, Partitions/2)
	for _, p := range first {
		s.ok(b.Claim(s.Context(), p))
		s.ok(b.Commit(s.Context(), step(p, 0, 1, "of b")))
	}
	s.ok(b.Close())
	for _, p := range s.has(a, Partitions) {
		s.ok(a.Claim(s.Context(), p))
	}
	for _, p := range first {
		s.progress(a, p, 1, 0)
	}
}

// has waits until a process is assigned so many partitions, and lets go of what it
// is not.
func (s *sharing) has(l SharedDriver, want int) []int32 {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
	defer cancel()
	for {
		list, changed, err := l.Assignment(ctx)
		s.ok(err)
		for p := range l.Partitions() {
			if !slices.Contains(list, p) {
				l.Release(p)
			}
		}
		if len(list) == want {
			return list
		}
		select {
		case <-changed:
		case <-ctx.Done():
			s.Fatalf("%v are assigned, want %d partitions", list, want)
		}
	}
}
