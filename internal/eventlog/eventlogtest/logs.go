package eventlogtest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"playhead/internal/eventlog"
)

func emptyLog(s *suite) {
	l := s.log()
	if l.Partitions() != Partitions {
		s.Fatalf("%d partitions, want %d", l.Partitions(), Partitions)
	}
	for _, topic := range []eventlog.Topic{eventlog.Events, eventlog.Facts} {
		for p := range int32(Partitions) {
			s.bounds(l, topic, p, 0, 0)
			s.reads(l, topic, p, 0)
			s.progress(l, p, 0, 0)
		}
	}
}

func appendKeepsOrder(s *suite) {
	l := s.log()
	s.ok(l.Append(s.Context(), eventlog.Events, []eventlog.Record{
		{Partition: 2, Data: []byte("a")}, {Partition: 0, Data: []byte("b")},
		{Partition: 2, Data: []byte("c")}, {Partition: 0, Data: nil}, {Partition: 2, Data: []byte("d")},
	}))
	s.append(l, eventlog.Events, 2, "e")
	s.append(l, eventlog.Facts, 2, "f")
	for range 2 {
		s.reads(l, eventlog.Events, 2, 0, "a", "c", "d", "e")
		s.reads(l, eventlog.Events, 0, 0, "b", "")
		s.reads(l, eventlog.Events, 1, 0)
		s.reads(l, eventlog.Facts, 2, 0, "f")
		s.bounds(l, eventlog.Events, 2, 0, 4)
		s.bounds(l, eventlog.Events, 1, 0, 0)
		l = s.reopen(l)
	}
}

func appendNothing(s *suite) {
	l := s.log()
	s.ok(l.Append(s.Context(), eventlog.Events, nil))
	s.ok(l.Commit(s.Context(), nil))
	s.bounds(l, eventlog.Events, 0, 0, 0)
}

func wrongPlace(s *suite) {
	l := s.log()
	for _, p := range []int32{-1, Partitions} {
		if err := l.Append(s.Context(), eventlog.Events, append(records(0, "a"), records(p, "b")...)); err == nil {
			s.Fatalf("append to partition %d succeeded", p)
		}
	}
	if err := l.Append(s.Context(), "other", records(0, "a")); err == nil {
		s.Fatal("append to an unknown topic succeeded")
	}
	if err := l.Commit(s.Context(), []eventlog.Transaction{{Partition: Partitions}}); err == nil {
		s.Fatal("commit to a partition that does not exist succeeded")
	}
	s.bounds(l, eventlog.Events, 0, 0, 0)
}

func dataIsCopied(s *suite) {
	l := s.log()
	data := []byte("first")
	s.ok(l.Append(s.Context(), eventlog.Events, []eventlog.Record{{Data: data}}))
	copy(data, "XXXXX")
	s.reads(l, eventlog.Events, 0, 0, "first")
}

func concurrentAppends(s *suite) {
	const writers, calls = 8, 25
	l := s.log()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for c := range calls {
				list := records(int32(w%Partitions), fmt.Sprintf("%d/%d/a", w, c), fmt.Sprintf("%d/%d/b", w, c))
				list = append(list, records(int32((w+1)%Partitions), fmt.Sprintf("%d/%d/c", w, c))...)
				if err := l.Append(s.Context(), eventlog.Events, list); err != nil {
					s.Errorf("append: %v", err)
				}
			}
		})
	}
	wg.Wait()
	l = s.reopen(l)
	next := map[string]int{} // writer and letter → call that must come next
	for p := range int32(Partitions) {
		texts := s.read(l, eventlog.Events, p, 0)
		for i, text := range texts {
			f := strings.Split(text, "/")
			if want := fmt.Sprint(next[f[0]+f[2]]); f[1] != want {
				s.Fatalf("partition %d has %s where call %s must come", p, text, want)
			}
			next[f[0]+f[2]]++
			if f[2] == "a" && (i+1 == len(texts) || texts[i+1] != f[0]+"/"+f[1]+"/b") {
				s.Fatalf("partition %d: call %s is torn", p, text)
			}
		}
	}
	if len(next) != 3*writers {
		s.Fatalf("%d of %d sequences are there", len(next), 3*writers)
	}
	for k, n := range next {
		if n != calls {
			s.Fatalf("sequence %s has %d of %d records", k, n, calls)
		}
	}
}

func largeRecords(s *suite) {
	l := s.log()
	list := make([]eventlog.Record, 12)
	for i := range list {
		list[i] = eventlog.Record{Partition: int32(i % 2), Data: bytes.Repeat([]byte{byte('a' + i)}, 700<<10)}
	}
	list[3].Data = bytes.Repeat([]byte("z"), 5<<20)
	s.ok(l.Append(s.Context(), eventlog.Events, list))
	l = s.reopen(l)
	for p := range 2 {
		for i, text := range s.read(l, eventlog.Events, int32(p), 0) {
			if text != string(list[2*i+p].Data) {
				s.Fatalf("record %d of partition %d is not what was appended", i, p)
			}
		}
		s.bounds(l, eventlog.Events, int32(p), 0, 6)
	}
}

func readFromCursor(s *suite) {
	l := s.log()
	var all []string
	for i := range 10 {
		batch := []string{fmt.Sprintf("%03d", 3*i), fmt.Sprintf("%03d", 3*i+1), fmt.Sprintf("%03d", 3*i+2)}
		s.append(l, eventlog.Events, 1, batch...)
		all = append(all, batch...)
	}
	for from := range int64(31) {
		s.reads(l, eventlog.Events, 1, from, all[from:]...)
	}
	n := 0
	next, err := l.Read(s.Context(), eventlog.Events, eventlog.Cursor{Partition: 1, Offset: 4}, 12, func(eventlog.Entry) error { n++; return nil })
	s.ok(err)
	if n < 3 || n > 6 || next != 4+int64(n) {
		s.Fatalf("a read of 12 bytes passed %d records of 3 and says %d", n, next)
	}
	next, err = l.Read(s.Context(), eventlog.Events, eventlog.Cursor{Partition: 1, Offset: 99}, 12, func(eventlog.Entry) error { n++; return nil })
	s.ok(err)
	if next != 99 {
		s.Fatalf("a read past the end says %d", next)
	}
}

func readAtLeastOne(s *suite) {
	l := s.log()
	s.append(l, eventlog.Events, 0, "one", "two")
	n := 0
	next, err := l.Read(s.Context(), eventlog.Events, eventlog.Cursor{}, 0, func(eventlog.Entry) error { n++; return nil })
	s.ok(err)
	if n != 1 || next != 1 {
		s.Fatalf("passed %d entries, next is %d", n, next)
	}
}

func readerError(s *suite) {
	l := s.log()
	s.append(l, eventlog.Events, 0, "one", "two", "three")
	stop := errors.New("enough")
	next, err := l.Read(s.Context(), eventlog.Events, eventlog.Cursor{}, 1<<20, func(e eventlog.Entry) error {
		if e.Offset == 1 {
			return stop
		}
		return nil
	})
	s.is(err, stop)
	if next != 1 {
		s.Fatalf("next is %d, want the entry that was not taken", next)
	}
}

func trimMoves(s *suite) {
	l := s.log()
	for i := range 5 {
		s.append(l, eventlog.Events, 3, fmt.Sprint(2*i), fmt.Sprint(2*i+1))
	}
	s.append(l, eventlog.Facts, 3, "fact")
	for _, before := range []int64{4, 4, 1, 7, 7} {
		s.ok(l.Trim(s.Context(), eventlog.Events, eventlog.Cursor{Partition: 3, Offset: before}))
	}
	for range 2 {
		s.bounds(l, eventlog.Events, 3, 7, 10)
		s.reads(l, eventlog.Events, 3, 7, "7", "8", "9")
		s.bounds(l, eventlog.Facts, 3, 0, 1)
		l = s.reopen(l)
	}
	s.ok(l.Trim(s.Context(), eventlog.Events, eventlog.Cursor{Partition: 3, Offset: 8}))
	s.append(l, eventlog.Events, 3, "10")
	s.reads(l, eventlog.Events, 3, 8, "8", "9", "10")
}

func trimPastEnd(s *suite) {
	l := s.log()
	s.append(l, eventlog.Events, 0, "0", "1")
	s.ok(l.Trim(s.Context(), eventlog.Events, eventlog.Cursor{Offset: 1000}))
	for range 2 {
		s.bounds(l, eventlog.Events, 0, 2, 2)
		s.reads(l, eventlog.Events, 0, 2)
		l = s.reopen(l)
	}
	s.append(l, eventlog.Events, 0, "2")
	s.reads(l, eventlog.Events, 0, 2, "2")
}

func trimmedOffset(s *suite) {
	l := s.log()
	s.append(l, eventlog.Events, 0, "0", "1", "2")
	s.ok(l.Trim(s.Context(), eventlog.Events, eventlog.Cursor{Offset: 2}))
	called := false
	_, err := l.Read(s.Context(), eventlog.Events, eventlog.Cursor{Offset: 1}, 1<<20, func(eventlog.Entry) error { called = true; return nil })
	s.is(err, eventlog.ErrTrimmed)
	if called {
		s.Fatal("a trimmed entry was passed")
	}
}

func receivedNeverDecreases(s *suite) {
	l := s.log()
	start := s.now.Load()
	var clock []int64
	for _, step := range []int64{0, 50, -3_600_000, 10, 3_700_000} {
		clock = append(clock, start+step)
		s.now.Store(start + step)
		s.append(l, eventlog.Events, 0, "x")
		l = s.reopen(l)
	}
	all := s.received(l, 0)
	if want := []int64{clock[0], clock[1], clock[1]}; !slices.Equal(all[:3], want) || all[4] != clock[4] {
		s.Fatalf("received at %v by a clock of %v", all, clock)
	}
	if all[3] < all[2] || all[3] > all[2]+10_000 { // a log may go on slowly while its clock is behind
		s.Fatalf("received at %v by a clock of %v", all, clock)
	}
	s.ok(l.Trim(s.Context(), eventlog.Events, eventlog.Cursor{Offset: 2}))
	if got := s.received(l, 2); !slices.Equal(got, all[2:]) {
		s.Fatalf("received at %v after a trim, want %v", got, all[2:])
	}
	// Not even when everything that had the later time is gone.
	s.ok(l.Trim(s.Context(), eventlog.Events, eventlog.Cursor{Offset: 100}))
	s.now.Store(start)
	l = s.reopen(l)
	s.append(l, eventlog.Events, 0, "y")
	if got := s.received(l, 5); len(got) != 1 || got[0] < all[4] {
		s.Errorf("received at %v after %d", got, all[4])
	}
}

// received is when the log took the events of partition 0 from an offset on.
func (s *suite) received(l eventlog.Log, from int64) (at []int64) {
	s.Helper()
	_, err := l.Read(s.Context(), eventlog.Events, eventlog.Cursor{Offset: from}, 1<<20, func(e eventlog.Entry) error {
		at = append(at, e.ReceivedAt)
		return nil
	})
	s.ok(err)
	return at
}
