package process_test

import (
	"context"
	"encoding/binary"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/eventlog/pebblelog"
	"playhead/internal/fact"
	"playhead/internal/process"
)

// bubble is a runner with the default settings on a log in memory, in a bubble in
// which time passes as soon as everybody waits for it.
type bubble struct {
	t      *testing.T
	log    *faulty
	runner *process.Runner
	stop   context.CancelFunc
	done   chan error
}

func inBubble(t *testing.T, c process.Config, fn func(b *bubble)) {
	synctest.Test(t, func(t *testing.T) {
		l, err := pebblelog.Open("data", pebblelog.Options{
			FS: vfs.NewMem(), Partitions: 2, Clock: func() int64 { return time.Now().UnixMilli() }, ReserveBytes: -1,
		})
		if err != nil {
			t.Fatal(err)
		}
		b := &bubble{t: t, log: &faulty{Log: l}}
		defer func() { // also of a test that gives up: nothing may stay in the bubble
			b.end()
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}()
		b.start(c)
		fn(b)
	})
}

func (b *bubble) start(c process.Config) {
	ctx, stop := context.WithCancel(context.Background())
	b.stop, b.done = stop, make(chan error, 1)
	b.runner = process.New(b.log, b.log.Log, c)
	go func(r *process.Runner) { b.done <- r.Run(ctx) }(b.runner)
	time.Sleep(1_100 * time.Millisecond) // between two ticks
}

// end stops the runner and returns how long that took.
func (b *bubble) end() time.Duration {
	b.t.Helper()
	began := time.Now()
	b.stop()
	if err := <-b.done; err != nil {
		b.t.Error(err)
	}
	return time.Since(began)
}

// say appends what a viewer's play says now.
func (b *bubble) say(viewer byte, typ event.Type, seq int64) {
	b.t.Helper()
	var e event.Event
	e.Reset()
	e.Viewer[0], e.Viewer[15], e.Play[0] = viewer, 1, viewer
	e.Known, e.KeyID, e.Type, e.Seq, e.Time = true, 1, typ, seq, time.Now().UnixMilli()
	e.TitleID, e.DurationMS = "film", 5_400_000
	binary.LittleEndian.PutUint64(e.ID[:], uint64(viewer)<<32|uint64(seq))
	appendEvents(b.t, b.log, []event.Event{e})
}

// told are the batches that were committed so far.
func (b *bubble) told() (list []fact.Batch) {
	b.t.Helper()
	for p := range b.log.Partitions() {
		_, err := b.log.Read(b.t.Context(), eventlog.Facts, eventlog.Cursor{Partition: p}, 1<<40, func(e eventlog.Entry) error {
			var f fact.Batch
			err := fact.DecodeBatch(e.Data, &f)
			list = append(list, f)
			return err
		})
		if err != nil {
			b.t.Fatal(err)
		}
	}
	return list
}

func (b *bubble) count(kind fact.MarkKind) (n int32) {
	for _, f := range b.told() {
		for _, m := range f.Marks {
			if m.Kind == kind {
				n += m.N
			}
		}
	}
	return n
}

func (b *bubble) written(topic eventlog.Topic) (n int64) {
	b.t.Helper()
	for p := range b.log.Partitions() {
		_, next, err := b.log.Bounds(b.t.Context(), topic, p)
		if err != nil {
			b.t.Fatal(err)
		}
		n += next
	}
	return n
}

// Time is written into every partition twice a second, each tick is processed at
// once, and that is all that goes on when nobody watches anything.
func TestTicksAreTheOnlyWork(t *testing.T) {
	inBubble(t, process.Config{}, func(b *bubble) {
		events, epochs := b.written(eventlog.Events), b.runner.Stats().Epochs
		time.Sleep(time.Minute)
		if n := b.written(eventlog.Events) - events; n != 2*120 {
			t.Errorf("%d ticks in a minute of two partitions", n)
		}
		if n := b.runner.Stats().Epochs - epochs; n != 120 {
			t.Errorf("%d epochs in a minute", n)
		}
		if lag := b.runner.Stats().LagRecords; lag != 0 {
			t.Errorf("%d records wait", lag)
		}
	})
}

// What arrives within an epoch is committed together: however much is sent, there
// are no more commits than the time has epochs.
func TestEpochsBoundCommits(t *testing.T) {
	inBubble(t, process.Config{Epoch: 100 * time.Millisecond}, func(b *bubble) {
		epochs := b.runner.Stats().Epochs
		for seq := range int64(1_000) {
			typ := event.Heartbeat
			if seq == 0 {
				typ = event.PlayStarted
			}
			b.say(byte(seq%2), typ, seq)
			time.Sleep(10 * time.Millisecond)
		}
		if n := b.runner.Stats().Epochs - epochs; n < 90 || n > 101 {
			t.Errorf("%d epochs in 10 s", n)
		}
		time.Sleep(time.Second)
		if n := b.runner.Stats().Events; n != 1_000 {
			t.Errorf("%d events are processed", n)
		}
	})
}

// A play is closed by silence at its timeout and not before, and its credit ends
// with its last evidence; an attempt without a picture after a minute.
func TestSilenceClosesOnTime(t *testing.T) {
	inBubble(t, process.Config{Tick: time.Second}, func(b *bubble) {
		b.say(1, event.PlayStarted, 0)
		b.say(2, event.PlayRequested, 0)
		time.Sleep(10 * time.Second)
		b.say(1, event.Heartbeat, 1)
		last := time.Now().UnixMilli()
		time.Sleep(49 * time.Second)
		if n := b.count(fact.Exit); n != 0 {
			t.Errorf("%d attempts are given up before a minute has passed", n)
		}
		time.Sleep(2 * time.Second)
		if n := b.count(fact.Exit); n != 1 {
			t.Errorf("%d attempts are given up after a minute", n)
		}
		time.Sleep(30*time.Minute - 52*time.Second)
		if n := b.count(fact.End); n != 0 {
			t.Errorf("%d plays end before half an hour of silence", n)
		}
		time.Sleep(2 * time.Second)
		if n, open := b.count(fact.End), b.runner.Stats().OpenPlays; n != 1 || open != 0 {
			t.Errorf("%d plays end after half an hour of silence, %d are open", n, open)
		}
		for _, f := range b.told() {
			for _, p := range f.Plays {
				if p.FirstFrame != 0 && (p.Ended != last || p.MediaMS != 10_000) {
					t.Errorf("the play ends %d ms after its last evidence, with %d ms of media", p.Ended-last, p.MediaMS)
				}
			}
		}
	})
}

// A heartbeat just before the timeout keeps a play open for another
// half an hour, over a restart too.
func TestAHeartbeatKeepsAPlayOpen(t *testing.T) {
	seldom := process.Config{Tick: 5 * time.Second}
	inBubble(t, seldom, func(b *bubble) {
		b.say(1, event.PlayStarted, 0)
		for seq := int64(1); seq < 4; seq++ {
			time.Sleep(30*time.Minute - 3*time.Second) // a start takes a second
			if open := b.runner.Stats().OpenPlays; open != 1 {
				t.Fatalf("%d plays are open before heartbeat %d", open, seq)
			}
			b.say(1, event.Heartbeat, seq)
			b.end()
			b.start(seldom)
		}
		time.Sleep(30*time.Minute + 5*time.Second)
		if n := b.count(fact.End); n != 1 {
			t.Errorf("%d plays have ended", n)
		}
	})
}

// A full disk is tried again once a second, nothing is lost meanwhile, and a stop
// does not wait for it.
func TestAFullDiskIsTriedOnceASecond(t *testing.T) {
	inBubble(t, process.Config{}, func(b *bubble) {
		const tries = 1 << 40
		b.log.full.Store(tries)
		b.say(1, event.PlayStarted, 0)
		epochs := b.runner.Stats().Epochs
		time.Sleep(20 * time.Second)
		if n := tries - b.log.full.Load(); n < 19 || n > 21 {
			t.Errorf("%d commits were tried in 20 s", n)
		}
		if n := b.runner.Stats().Epochs - epochs; n != 0 || b.count(fact.FirstFrame) != 0 {
			t.Errorf("%d epochs are committed to a full disk, %d plays told", n, b.count(fact.FirstFrame))
		}
		b.log.full.Store(0)
		time.Sleep(2 * time.Second)
		if n, lag := b.count(fact.FirstFrame), b.runner.Stats().LagRecords; n != 1 || lag != 0 {
			t.Errorf("%d plays are told once there is room, %d records wait", n, lag)
		}
		b.log.full.Store(tries)
		time.Sleep(5 * time.Second)
		if took := b.end(); took > time.Second {
			t.Errorf("the stop took %s", took)
		}
		b.log.full.Store(0)
		b.start(process.Config{})
		if n := b.count(fact.FirstFrame); n != 1 {
			t.Errorf("%d plays are told after a restart", n)
		}
	})
}

// State is stored every two seconds, and what was processed leaves the log when
// it has been kept for long enough.
func TestSnapshotsAndRetention(t *testing.T) {
	inBubble(t, process.Config{RetainEvents: 5 * time.Minute}, func(b *bubble) {
		before := b.runner.Stats().Snapshots
		time.Sleep(time.Minute)
		if n := b.runner.Stats().Snapshots - before; n < 2*24 || n > 2*31 {
			t.Errorf("%d snapshots in a minute of two partitions", n)
		}
		time.Sleep(3 * time.Minute)
		first, _, err := b.log.Bounds(t.Context(), eventlog.Events, 0)
		if err != nil || first != 0 {
			t.Errorf("after four minutes the log begins at %d, %v", first, err)
		}
		time.Sleep(3 * time.Minute)
		if first, _, err = b.log.Bounds(t.Context(), eventlog.Events, 0); err != nil || first < 110*2 || first > 130*2 {
			t.Errorf("after seven minutes the log begins at %d, %v", first, err)
		}
	})
}
