package pebblelog

import "sync/atomic"

// maxHalf is how far one reading of a clock that went back moves time on, ms.
const maxHalf = 5_000

// stamp gives the times that records are received at: the clock's, but never one
// before the last. When the clock went back it goes on at half the clock's pace
// until the clock has caught up: standing still, no silence could be told by it
// for as long as the clock went back. Times are epoch ms.
type stamp struct {
	last atomic.Int64 // the latest given; read by anybody, written by the writer
	read int64        // the clock's time that last goes by
}

// start begins with the latest time that was given before.
func (s *stamp) start(last, now int64) {
	s.last.Store(last)
	s.read = now
}

// next is what is received now.
func (s *stamp) next(now int64) int64 {
	last := s.last.Load()
	switch {
	case now >= last:
		last, s.read = now, now
	case now < s.read:
		s.read = now
	default:
		half := (now - s.read) / 2
		last += min(half, maxHalf) // the clock may have been set to where it should be
		s.read += 2 * half         // what is left over counts next time
	}
	s.last.Store(last)
	return last
}

// Now is the time of the log, epoch ms: the clock's, or what records were stamped
// with last where the clock has gone back behind it.
func (l *Log) Now() int64 { return max(l.opts.Clock(), l.writer.stamp.last.Load()) }

// Ahead is how far the log's time is ahead of the clock, ms, since the clock went
// back.
func (l *Log) Ahead() int64 { return max(0, l.writer.stamp.last.Load()-l.opts.Clock()) }
