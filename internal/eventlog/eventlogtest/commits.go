package eventlogtest

import (
	"errors"
	"fmt"
	"sync"

	"playhead/internal/eventlog"
)

func commitAtomic(s *suite) {
	l := s.log()
	s.append(l, eventlog.Facts, 1, "earlier")
	s.ok(l.Commit(s.Context(), []eventlog.Transaction{
		{Partition: 0, From: 0, To: 5, Output: [][]byte{[]byte("a"), []byte("b")}},
		{Partition: 1, From: 0, To: 3, Output: [][]byte{[]byte("c")}, Snapshot: true, State: []eventlog.KV{kv("k", "v")}},
	}))
	for range 2 {
		s.reads(l, eventlog.Facts, 0, 0, "a", "b")
		s.reads(l, eventlog.Facts, 1, 0, "earlier", "c")
		s.progress(l, 0, 5, 0)
		s.progress(l, 1, 3, 3)
		s.state(l, 1, "k", "v")
		l = s.reopen(l)
	}
}

func conflictChangesNothing(s *suite) {
	l := s.log()
	s.ok(l.Commit(s.Context(), []eventlog.Transaction{{Partition: 1, From: 0, To: 4, Output: [][]byte{[]byte("a")}}}))
	again := []eventlog.Transaction{
		{Partition: 0, From: 0, To: 5, Output: [][]byte{[]byte("b")}, Snapshot: true, State: []eventlog.KV{kv("k", "v")}},
		{Partition: 1, From: 0, To: 4, Output: [][]byte{[]byte("a")}},
	}
	for range 2 {
		s.is(l.Commit(s.Context(), again), eventlog.ErrConflict)
		s.progress(l, 0, 0, 0)
		s.progress(l, 1, 4, 0)
		s.reads(l, eventlog.Facts, 0, 0)
		s.reads(l, eventlog.Facts, 1, 0, "a")
		s.state(l, 0, "k", "")
		l = s.reopen(l)
	}
}

func commitChain(s *suite) {
	l := s.log()
	s.ok(l.Commit(s.Context(), []eventlog.Transaction{
		{From: 0, To: 4, Output: [][]byte{[]byte("a")}, Snapshot: true},
		{From: 4, To: 4}, {From: 4, To: 9, Output: [][]byte{[]byte("b")}},
	}))
	s.progress(l, 0, 9, 4)
	s.reads(l, eventlog.Facts, 0, 0, "a", "b")
}

func stateOnlyWithSnapshot(s *suite) {
	l := s.log()
	err := l.Commit(s.Context(), []eventlog.Transaction{{From: 0, To: 1, State: []eventlog.KV{kv("k", "v")}}})
	if err == nil {
		s.Fatal("state without snapshot was taken")
	}
	s.progress(l, 0, 0, 0)
	s.ok(l.Commit(s.Context(), []eventlog.Transaction{{From: 0, To: 1}}))
	s.progress(l, 0, 1, 0)
	s.ok(l.Commit(s.Context(), []eventlog.Transaction{{From: 1, To: 2, Snapshot: true, State: []eventlog.KV{kv("k", "v")}}}))
	s.progress(l, 0, 2, 2)
	s.state(l, 0, "k", "v")
}

func stateByKey(s *suite) {
	l := s.log()
	snapshot := func(from int64, p int32, state ...eventlog.KV) {
		s.Helper()
		s.ok(l.Commit(s.Context(), []eventlog.Transaction{{Partition: p, From: from, To: from + 1, Snapshot: true, State: state}}))
	}
	snapshot(0, 0, kv("a", "1"), kv("b", "2"), kv("c", "3"))
	snapshot(0, 1, kv("a", "other"))
	snapshot(1, 0, kv("a", "9"), kv("b", ""))
	snapshot(2, 0)
	for range 2 {
		s.state(l, 0, "a", "9")
		s.state(l, 0, "b", "")
		s.state(l, 0, "c", "3")
		s.state(l, 1, "a", "other")
		s.state(l, 1, "c", "")
		l = s.reopen(l)
	}
}

func scanState(s *suite) {
	l := s.log()
	s.ok(l.Commit(s.Context(), []eventlog.Transaction{
		{To: 1, Snapshot: true, State: []eventlog.KV{
			kv("p/2", "b"), kv("p/1", "a"), kv("q/1", "c"), kv("p\xff", "e"), kv("p\xff\xff", "f"), kv("p", "d"), kv("o", "z")}},
		{Partition: 1, To: 1, Snapshot: true, State: []eventlog.KV{kv("p/3", "other")}},
	}))
	for prefix, want := range map[string]string{
		"p/": "p/1=a p/2=b ", "p": "p=d p/1=a p/2=b p\xff=e p\xff\xff=f ", "p\xff": "p\xff=e p\xff\xff=f ",
		"": "o=z p=d p/1=a p/2=b p\xff=e p\xff\xff=f q/1=c ", "x": "",
	} {
		got := ""
		s.ok(l.ScanState(s.Context(), 0, []byte(prefix), func(key, value []byte) error {
			got += fmt.Sprintf("%s=%s ", key, value)
			return nil
		}))
		if got != want {
			s.Errorf("scan of %q passed %q, want %q", prefix, got, want)
		}
	}
	stop := errors.New("enough")
	s.is(l.ScanState(s.Context(), 0, nil, func(_, _ []byte) error { return stop }), stop)
}

func progressSurvives(s *suite) {
	l := s.log()
	for i := range int64(6) {
		s.ok(l.Commit(s.Context(), []eventlog.Transaction{{Partition: 3, From: i, To: i + 1, Snapshot: i == 2, Output: [][]byte{fmt.Append(nil, i)}}}))
		l = s.reopen(l)
		s.progress(l, 3, i+1, map[bool]int64{true: 3}[i >= 2])
	}
	s.reads(l, eventlog.Facts, 3, 0, "0", "1", "2", "3", "4", "5")
}

func commitBesideAppend(s *suite) {
	const n = 40
	l := s.log()
	var wg sync.WaitGroup
	for p := range int32(Partitions) {
		wg.Go(func() {
			for i := range n {
				if err := l.Append(s.Context(), eventlog.Events, records(p, fmt.Sprint(i))); err != nil {
					s.Errorf("append: %v", err)
				}
			}
		})
		wg.Go(func() {
			for i := range int64(n) {
				tx := eventlog.Transaction{Partition: p, From: i, To: i + 1, Output: [][]byte{fmt.Append(nil, i)}}
				if err := l.Commit(s.Context(), []eventlog.Transaction{tx}); err != nil {
					s.Errorf("commit: %v", err)
				}
			}
		})
	}
	wg.Wait()
	l = s.reopen(l)
	for p := range int32(Partitions) {
		for _, topic := range []eventlog.Topic{eventlog.Events, eventlog.Facts} {
			texts := s.read(l, topic, p, 0)
			if len(texts) != n {
				s.Fatalf("%s/%d has %d of %d records", topic, p, len(texts), n)
			}
			for i, text := range texts {
				if text != fmt.Sprint(i) {
					s.Fatalf("%s/%d has %s at %d", topic, p, text, i)
				}
			}
		}
		s.progress(l, p, n, 0)
	}
}
