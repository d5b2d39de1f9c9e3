package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"time"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/play"
	"playhead/tools/figures"
)

const (
	heartbeatPlays = 20_000    // open plays that send heartbeats
	heartbeatWarm  = 8         // heartbeats of each before the clock runs
	heartbeatRuns  = 250       // … and while it does
	statePlays     = 1_000_000 // open plays whose state is weighed
)

// measurePlay runs the play engine alone, in this process: how many heartbeats a
// second of one core it takes in, and what a million open plays cost.
func measurePlay(r *figures.Report) error {
	if err := measureHeartbeats(r); err != nil {
		return err
	}
	return measureOpenPlays(r)
}

// players makes events of numbered plays, each of a viewer of its own.
type players struct {
	e         event.Event
	titles    []string
	countries []string
}

func newPlayers() *players {
	a := &players{countries: []string{"US", "DE", "BR", "IN", "FR", "JP", "GB"}}
	for i := range 500 {
		a.titles = append(a.titles, fmt.Sprint("title-", i))
	}
	a.e.Reset()
	a.e.Known, a.e.KeyID, a.e.DurationMS = true, 1, 5_400_000
	a.e.Context = event.Context{
		Region: "BY", DeviceType: "tv", OS: "tvOS", AppVersion: "7.1", Player: "hls.js", CDN: "alpha", ISP: "Fibernet",
	}
	return a
}

// event is what play i says at a time (ms), as its seq-th event.
func (a *players) event(typ event.Type, i int, at, seq, position int64) *event.Event {
	e := &a.e
	// Pseudonyms are as good as random: a number is stirred into one.
	z := uint64(i+1) * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z ^= z >> 27
	binary.LittleEndian.PutUint64(e.Viewer[:], z)
	binary.LittleEndian.PutUint64(e.Viewer[8:], z*0x94d049bb133111eb)
	binary.LittleEndian.PutUint64(e.Play[:], z+1)
	e.TitleID = a.titles[i%len(a.titles)]
	e.Context.Country = a.countries[i%len(a.countries)]
	e.Type, e.Time, e.Seq, e.PositionMS = typ, 1_800_000_000_000+at, seq, position
	e.ReceivedAt = e.Time
	e.Quality.BitrateKbps = 4_500
	return e
}

// measureHeartbeats sends heartbeats every 10 s of many plays in turn, each batch
// of facts as large as an epoch's at full speed.
func measureHeartbeats(r *figures.Report) error {
	a := newPlayers()
	g := play.New(play.DefaultConfig(), nil)
	var out fact.Batch
	round := func(n int64) error {
		typ := event.Heartbeat
		if n == 0 {
			typ = event.PlayStarted
		}
		for i := range heartbeatPlays {
			if i%10_000 == 0 {
				out.Reset()
				g.Begin()
			}
			if err := g.Apply(a.event(typ, i, n*10_000, n, n*10_000), &out); err != nil {
				return err
			}
		}
		g.Tick(1_800_000_000_000+n*10_000, &out)
		return nil
	}
	var before, after runtime.MemStats
	var start time.Duration
	for n := range int64(heartbeatWarm + heartbeatRuns) {
		if n == heartbeatWarm {
			runtime.GC()
			runtime.ReadMemStats(&before)
			var err error
			if start, err = processorTime(); err != nil {
				return err
			}
		}
		if err := round(n); err != nil {
			return err
		}
	}
	end, err := processorTime()
	if err != nil {
		return err
	}
	runtime.ReadMemStats(&after)
	const events = heartbeatPlays * heartbeatRuns
	r.AtLeast("play.events_per_s", events/(end-start).Seconds(), "events/s of one core", 3e6)
	r.AtMost("play.allocs_per_event", float64(after.Mallocs-before.Mallocs)/events, "", 0.001)
	runtime.KeepAlive(g)
	return nil
}

// lifeSoFar is what each of the open plays has sent: a start, heartbeats, a
// pause and a stall.
var lifeSoFar = [...]struct {
	typ          event.Type
	at, position int64
}{
	{event.PlayRequested, 0, event.Absent}, {event.PlayStarted, 1_200, 0},
	{event.Heartbeat, 11_200, 10_000}, {event.Heartbeat, 21_200, 20_000}, {event.Paused, 25_200, 24_000},
	{event.Resumed, 60_200, 24_000}, {event.Heartbeat, 70_200, 34_000}, {event.Heartbeat, 80_200, 44_000},
	{event.StallStarted, 85_200, 49_000}, {event.StallEnded, 86_300, 49_000}, {event.Heartbeat, 90_200, 52_900},
	{event.Heartbeat, 100_200, 62_900}, {event.Heartbeat, 110_200, 72_900}, {event.Heartbeat, 120_200, 82_900},
	{event.Heartbeat, 130_200, 92_900}, {event.Heartbeat, 140_200, 102_900},
}

// keeper holds the states of a snapshot.
type keeper struct {
	keys   []event.ViewerKey
	states [][]byte
	bytes  int
}

func (k *keeper) Viewer(_ play.Place, key event.ViewerKey, state []byte) {
	k.keys, k.states = append(k.keys, key), append(k.states, bytes.Clone(state))
	k.bytes += len(key) + 1 + len(state)
}

func (k *keeper) Meta([]byte) {}

func measureOpenPlays(r *figures.Report) error {
	heap := func() float64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	a := newPlayers()
	empty := heap()
	g := play.New(play.DefaultConfig(), nil)
	var out fact.Batch
	for n, e := range lifeSoFar {
		for i := range statePlays {
			if i%10_000 == 0 {
				out.Reset()
				g.Begin()
			}
			if err := g.Apply(a.event(e.typ, i, e.at, int64(n), e.position), &out); err != nil {
				return err
			}
		}
	}
	out = fact.Batch{}
	k := &keeper{}
	g.Snapshot(k)
	// Of a snapshot nothing is left in the engine but the room for the next list
	// of changes: what is stored is not counted here.
	stored := k.bytes
	k.keys, k.states = nil, nil
	if g.OpenPlays() != statePlays {
		return fmt.Errorf("%d plays are open instead of %d", g.OpenPlays(), statePlays)
	}
	r.AtMost("state.play.bytes", (heap()-empty)/statePlays, "bytes", 1024)
	r.Add("state.play.stored_bytes", float64(stored)/statePlays, "bytes")
	return measureRestore(r, g)
}

// measureRestore reads the states of all open plays into another engine, and lets
// each be heard of there.
func measureRestore(r *figures.Report, g *play.Engine) error {
	a := newPlayers()
	repeat := func(g *play.Engine) error { // a repetition makes a viewer be stored anew
		var out fact.Batch
		g.Begin()
		for i := range statePlays {
			if err := g.Apply(a.event(event.Heartbeat, i, 140_200, int64(len(lifeSoFar)-1), 0), &out); err != nil {
				return err
			}
		}
		return nil
	}
	if err := repeat(g); err != nil {
		return err
	}
	k := &keeper{}
	g.Snapshot(k)
	again := play.New(play.DefaultConfig(), nil)
	start, err := processorTime()
	if err != nil {
		return err
	}
	for i, state := range k.states {
		if err := again.Restore(k.keys[i], state); err != nil {
			return err
		}
	}
	again.Ready()
	end, err := processorTime()
	if err != nil {
		return err
	}
	if again.OpenPlays() != statePlays {
		return fmt.Errorf("%d plays are open after a restart instead of %d", again.OpenPlays(), statePlays)
	}
	r.Add("play.restore_s", (end - start).Seconds(), "s of one core a million plays")
	if err := repeat(again); err != nil {
		return err
	}
	awake, err := processorTime()
	if err != nil {
		return err
	}
	r.Add("play.wake_s", (awake - end).Seconds(), "s of one core a million plays")
	runtime.KeepAlive(g)
	return nil
}
