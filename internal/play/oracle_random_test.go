package play

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"sort"
	"strconv"
	"sync/atomic"
	"testing"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/fact/facttest"
)

// envPlays sets how many random plays the oracle is asked about; tools/test.sh
// asks about more than a plain go test. envSeed is the first seed: a long run can
// be parted by it, or go on from what an earlier one said it had come to.
const (
	envPlays = "PLAYHEAD_PLAY_ORACLE"
	envSeed  = "PLAYHEAD_PLAY_ORACLE_SEED"
)

func oracleNumber(t *testing.T, name string, otherwise int64) int64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// oracleLife is a life of a play that exercises every rule.
type oracleLife struct {
	r      *rand.Rand
	out    []event.Event
	at     int64
	pos    int64
	seq    int64
	make   func(event.Type, int64) event.Event
	seqs   bool
	cmcd   bool
	absent int // one in so many positions is not reported; 0: all are
	rate   float64
	// quality: the player reports bitrates and dropped frames.
	quality bool
}

func (l *oracleLife) add(typ event.Type, pos int64) *event.Event {
	e := l.make(typ, l.at)
	e.Seq, e.PositionMS, e.Rate = event.Absent, pos, l.rate
	if l.seqs {
		e.Seq = l.seq
	}
	e.ID = event.Ref{byte(l.seq), byte(l.seq >> 8), byte(typ)}
	l.seq++
	if l.quality && l.r.IntN(2) == 0 {
		e.Quality.BitrateKbps = []int64{-1, 0, 800, 4_500}[l.r.IntN(4)]
		e.Quality.DroppedFrames = []int64{-1, 0, 0, 7}[l.r.IntN(4)]
	}
	if l.absent > 0 && l.r.IntN(l.absent) == 0 {
		e.PositionMS = event.Absent
	}
	l.out = append(l.out, e)
	return &l.out[len(l.out)-1]
}

// watch lets d ms of playing pass.
func (l *oracleLife) watch(d int64) {
	l.at += d
	l.pos += int64(float64(d) * l.rate)
}

func (l *oracleLife) wait() {
	l.add(event.StallStarted, l.pos)
	switch l.r.IntN(4) {
	case 0:
		l.at += l.r.Int64N(50)
	case 1:
		l.at += 50 + l.r.Int64N(2)
	case 2:
		l.at += l.r.Int64N(300)
	case 3:
		for range l.r.IntN(4) {
			l.at += 51 + l.r.Int64N(200_000)
			switch l.r.IntN(4) {
			case 0:
				l.add(event.Heartbeat, l.pos)
			case 1:
				l.add(event.StallStarted, -1)
			case 2:
				l.add(event.Error, -1)
			case 3:
				l.add(event.QualityChanged, -1).Context.CDN = fmt.Sprint("cdn", l.r.IntN(3))
			}
		}
		l.at += 51 + l.r.Int64N(20_000)
	}
}

// step is one thing that a player or its viewer does.
func (l *oracleLife) step() {
	r := l.r
	switch r.IntN(22) {
	case 0:
		l.add(event.Paused, l.pos)
		for range r.IntN(3) {
			l.at += 1 + r.Int64N(100_000)
			l.add([]event.Type{event.Heartbeat, event.StallStarted, event.StallEnded, event.QualityChanged}[r.IntN(4)], l.pos)
		}
		l.at += r.Int64N(100_000)
		if r.IntN(4) > 0 {
			l.add(event.Resumed, l.pos)
		}
	case 1, 2:
		from := l.pos
		l.pos = r.Int64N(110_000)
		if l.cmcd || r.IntN(2) == 0 {
			l.add(event.SeekStarted, []int64{-1, from}[r.IntN(2)]).FromMS = []int64{-1, -1, from, from - 900}[r.IntN(4)]
			l.at += r.Int64N([]int64{3, 20, 5_000}[r.IntN(3)])
		}
		switch {
		case r.IntN(3) == 0:
			l.wait()
			l.add(event.StallEnded, l.pos)
		case l.cmcd:
			l.add(event.Resumed, l.pos)
		default:
			l.add(event.Seeked, l.pos).FromMS = []int64{-1, from, max(0, from+1_500), max(0, l.pos-2_000+r.Int64N(4)), l.pos + 1_999 + r.Int64N(3)}[r.IntN(5)]
			l.at += r.Int64N(4_000)
			if r.IntN(2) == 0 {
				l.wait()
				l.add(event.StallEnded, l.pos)
			}
		}
	case 3, 4:
		l.wait()
		l.add([]event.Type{event.StallEnded, event.Resumed, event.Paused, event.SeekStarted, event.AdStarted, event.PlayStarted}[r.IntN(6)], -1)
	case 5:
		l.add(event.QualityChanged, -1).Context.CDN = fmt.Sprint("cdn", r.IntN(3))
	case 6:
		l.add(event.AdStarted, -1)
		for range r.IntN(3) {
			l.at += r.Int64N(20_000)
			l.add([]event.Type{event.Heartbeat, event.StallStarted, event.StallEnded}[r.IntN(3)], r.Int64N(20_000)).DurationMS = 20_000
		}
		l.at += r.Int64N(20_000)
		l.add([]event.Type{event.AdEnded, event.AdEnded, event.Resumed, event.Paused}[r.IntN(4)], l.pos)
	case 7:
		e := l.add(event.Error, -1)
		e.Quality.ErrorFatal, e.Quality.ErrorCode = r.IntN(6) == 0, []string{"", "E-1"}[r.IntN(2)]
		e.Quality.ErrorClass = []string{"", "technical", "business"}[r.IntN(3)]
	case 8:
		l.at += r.Int64N(300_000) // silence; sometimes the picture went on
		if r.IntN(2) == 0 {
			l.pos += r.Int64N(300_000)
		}
		l.add(event.Heartbeat, l.pos)
	case 9:
		if r.IntN(4) == 0 {
			l.at += 30*60_000 - 2 + r.Int64N(5)
		} else if r.IntN(4) == 0 {
			l.at += 29*60_000 + r.Int64N(60*60_000)
		}
	case 10:
		l.rate = []float64{0.5, 1, 1, 1.5, 2}[r.IntN(5)]
		l.add(event.QualityChanged, l.pos)
	case 11:
		if r.IntN(4) == 0 {
			l.add(event.PlayEnded, l.pos)
			l.at += r.Int64N(100_000)
		}
	case 12:
		l.add(event.Type(int(event.PlayRequested)+r.IntN(int(event.PlayEnded-event.PlayRequested)+1)), l.pos)
	case 13:
		l.add(event.PlayRequested, -1)
	default:
		every := []int64{10_000, 10_000, 5_000, 900, 40_000}[r.IntN(5)]
		for range 1 + r.IntN(6) {
			l.watch(every + r.Int64N(20) - 10)
			l.add(event.Heartbeat, l.pos+r.Int64N(5_000)-2_500+2_500*int64(r.IntN(2)))
			if r.IntN(9) == 0 {
				l.seq++ // one that never arrives
			}
		}
	}
	l.watch(r.Int64N([]int64{2, 3_000, 12_000}[r.IntN(3)]))
}

func (l *oracleLife) live() []event.Event {
	r := l.r
	l.rate, l.at = 1, r.Int64N(120_000)
	switch r.IntN(8) {
	case 0: // seen from its middle, perhaps after idling
		l.pos = r.Int64N(3) * 30_000
		for range r.IntN(3) {
			l.add(event.Heartbeat, 0).Context.Country = "DE"
			l.at += r.Int64N(40_000)
		}
	case 1:
		e := l.add([]event.Type{event.PlayStarted, event.Resumed, event.AdStarted, event.Heartbeat}[r.IntN(4)], r.Int64N(2)*20_000)
		e.Quality.StartupMS = []int64{-1, 0, 700}[r.IntN(3)]
	default:
		l.add(event.PlayRequested, []int64{-1, 0, 40_000}[r.IntN(3)])
		if r.IntN(8) == 0 {
			l.at += r.Int64N(90_000)
			e := l.add([]event.Type{event.Heartbeat, event.StallStarted, event.Paused, event.SeekStarted, event.Error, event.PlayEnded}[r.IntN(6)], -1)
			e.Quality.ErrorFatal, e.Quality.ErrorClass = r.IntN(2) == 0, []string{"", "business"}[r.IntN(2)]
		}
		l.at += r.Int64N(4_000)
		if r.IntN(10) > 0 {
			l.add([]event.Type{event.PlayStarted, event.PlayStarted, event.AdStarted, event.Resumed}[r.IntN(4)], l.pos).Quality.StartupMS = []int64{-1, 700}[r.IntN(2)]
		}
	}
	for range r.IntN(25) {
		l.step()
	}
	if r.IntN(3) == 0 {
		l.add(event.PlayEnded, l.pos)
	}
	return l.out
}

// The stream says what the definitions say over the complete list, whatever
// order, repetitions, ticks, restarts and evictions there were.
func TestStreamIsTheDefinition(t *testing.T) {
	want, first := oracleNumber(t, envPlays, 1_000), oracleNumber(t, envSeed, 0)
	var seeds, plays, events atomic.Int64
	seeds.Store(first)
	t.Run("plays", func(t *testing.T) {
		for n := range runtime.GOMAXPROCS(0) {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				for plays.Load() < want && !t.Failed() {
					p, e := oracleCheck(t, uint64(seeds.Add(1)-1))
					if now := plays.Add(int64(p)); now/50_000 != (now-int64(p))/50_000 {
						t.Logf("%d plays so far; go on from seed %d", now, seeds.Load()-int64(runtime.GOMAXPROCS(0)))
					}
					events.Add(int64(e))
				}
			})
		}
	})
	if t.Failed() {
		return
	}
	t.Logf("seeds %d to %d: %d random plays of %d events: no difference", first, seeds.Load()-1, plays.Load(), events.Load())
}

func oracleCheck(t *testing.T, seed uint64) (plays, events int) {
	stream, sum, heard, told, events := oracleRound(t, seed)
	if !stream.Equal(sum) {
		got, want := stream.String(), sum.String()
		t.Errorf("seed %d: the stream says otherwise than the definitions\n--- stream\n%s\n--- definitions\n%s", seed,
			facttest.Diff(got, want), facttest.Diff(want, got))
	}
	if err := heard.agrees(told); err != nil {
		t.Errorf("seed %d: %v", seed, err)
	}
	return len(told), events
}

func oracleRound(t *testing.T, seed uint64) (stream, sum *facttest.Ledger, heard listener, told map[event.Ref]oracleTold, events int) {
	r := rand.New(rand.NewPCG(seed, 7))
	var plays [][]event.Event
	var all []event.Event
	for n := range byte(1 + r.IntN(3)) {
		live, duration := r.IntN(8) == 0, []int64{60_000, 100_000, 100_000, -1}[r.IntN(4)]
		if live {
			duration = -1
		}
		l := &oracleLife{r: r, seqs: r.IntN(3) > 0, cmcd: r.IntN(3) == 0, absent: []int{0, 0, 2, 5}[r.IntN(4)], quality: r.IntN(3) > 0}
		title, device := fmt.Sprint("t", r.IntN(2)), fmt.Sprint("d", r.IntN(2))
		l.make = func(typ event.Type, at int64) event.Event {
			e := ev(typ, at, event.Absent, event.Absent)
			e.Play, e.TitleID, e.Context.DeviceType, e.Live = event.Ref{n + 1}, title, device, live
			if e.DurationMS = duration; r.IntN(6) == 0 {
				e.DurationMS = event.Absent
			}
			return e
		}
		events := l.live()
		plays = append(plays, events)
		all = append(all, events...)
	}
	var truth fact.Batch
	told = oraclePlays(plays, &truth)
	sum = facttest.NewLedger()
	sum.Add(&truth)

	sort.SliceStable(all, func(i, j int) bool { return all[i].Time < all[j].Time })
	arrival := disorder(r, all)
	stream = facttest.NewLedger()
	store := newMemory()
	g := store.engine(t)
	var out fact.Batch
	heard = listener{}
	hear := func() {
		if err := heard.hear(g.Changes); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		g.Changes = g.Changes[:0]
	}
	next := func() {
		stream.Add(&out)
		out.Reset()
		g.Begin()
	}
	g.Begin()
	for i := range arrival {
		if err := g.Apply(&arrival[i], &out); err != nil {
			t.Fatal(err)
		}
		hear()
		if r.IntN(7) == 0 {
			g.Tick(arrival[i].ReceivedAt, &out)
			hear()
			next()
		}
		if r.IntN(9) == 0 {
			g.Snapshot(store)
			if r.IntN(2) == 0 {
				g = store.engine(t)
				next()
			}
		}
		if out.Counts.LateDropped+out.Counts.Evicted > 0 {
			t.Fatalf("seed %d: %+v", seed, out.Counts)
		}
	}
	g.Settle(1, event.Everybody, &out)
	hear()
	stream.Add(&out)
	return stream, sum, heard, told, len(arrival)
}
