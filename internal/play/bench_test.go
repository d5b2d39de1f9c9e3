package play

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// BenchmarkManyHeartbeats is 20,000 and 200,000 viewers who play and say so every ten seconds, each batch
// as large as an epoch's under load: the engine's state is larger than the processor's caches.
func BenchmarkManyHeartbeats(b *testing.B) {
	for _, plays := range [...]int{20_000, 200_000} {
		b.Run(fmt.Sprint(plays, "/one"), func(b *testing.B) { manyHeartbeats(b, plays, 0) })
		b.Run(fmt.Sprint(plays, "/ahead"), func(b *testing.B) { manyHeartbeats(b, plays, 16) }) // as the processor does
	}
}

// manyHeartbeats lets so many viewers be sought ahead at once.
func manyHeartbeats(b *testing.B, plays, ahead int) {
	var e event.Event
	e.Reset()
	e.Known, e.KeyID, e.DurationMS, e.Quality.BitrateKbps = true, 1, 5_400_000, 4_500
	e.Context = event.Context{
		Region: "BY", DeviceType: "tv", OS: "tvOS", AppVersion: "7.1", Player: "hls.js", CDN: "alpha", ISP: "Fibernet",
	}
	var titles [256]string
	for i := range titles {
		titles[i] = fmt.Sprint("title-", i)
	}
	countries := [...]string{"US", "DE", "BR", "IN", "FR", "JP", "GB"}
	g := New(DefaultConfig(), nil)
	var out fact.Batch
	// Heartbeats come in another order than viewers did: in the same, the processor foresees
	// what comes next.
	started := false
	viewer := func(i int) (key event.ViewerKey) {
		if started {
			i = i * 7919 % plays
		}
		z := uint64(i+1) * 0x9e3779b97f4a7c15
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z ^= z >> 27
		binary.LittleEndian.PutUint64(key[:], z)
		binary.LittleEndian.PutUint64(key[8:], z*0x94d049bb133111eb)
		return key
	}
	keys := make([]event.ViewerKey, ahead)
	beat := func(n, i int) {
		if i%10_000 == 0 {
			out.Reset()
			g.Begin()
		}
		if ahead > 0 && i%ahead == 0 {
			for k := range keys {
				keys[k] = viewer(i + k)
			}
			g.Seek(keys)
		}
		e.Viewer = viewer(i)
		e.Play = event.Ref(e.Viewer)
		e.TitleID, e.Context.Country = titles[e.Viewer[0]], countries[e.Viewer[1]%7]
		at := int64(n) * 10_000
		e.Type, e.Time, e.Seq, e.PositionMS = event.Heartbeat, 1_800_000_000_000+at, int64(n), at
		if n == 0 {
			e.Type = event.PlayStarted
		}
		e.ReceivedAt = e.Time
		if err := g.Apply(&e, &out); err != nil {
			b.Fatal(err)
		}
	}
	const warm = 8
	for n := range warm {
		for i := range plays {
			beat(n, i)
		}
	}
	started = true
	b.ReportAllocs()
	b.ResetTimer()
	// Pieces are so short that few of them are interrupted by others who work on the machine.
	const piece = 1_000
	pieces, start := make([]time.Duration, 0, b.N/piece), time.Now()
	for k := range b.N {
		beat(warm+k/plays, k%plays)
		if k%piece == piece-1 {
			pieces = append(pieces, time.Since(start))
			if k%plays == plays-1 {
				g.Tick(e.Time, &out)
			}
			start = time.Now()
		}
	}
	if slices.Sort(pieces); len(pieces) > 0 {
		b.ReportMetric(float64(pieces[len(pieces)/2].Nanoseconds())/piece, "median-ns/event")
		b.ReportMetric(float64(pieces[len(pieces)/10].Nanoseconds())/piece, "tenth-ns/event")
	}
}
