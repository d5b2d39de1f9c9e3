package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"

	"playhead/internal/collect/cmcd"
	"playhead/internal/collect/native"
	"playhead/internal/collect/wire"
	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/eventlog/pebblelog"
	"playhead/internal/fact"
	"playhead/internal/play"
	"playhead/internal/privacy"
	"playhead/internal/rollup"
	"playhead/internal/sketch"
	"playhead/internal/warehouse/layout"
	"playhead/tools/audience"
)

const (
	batchEvents = 200 // of a request
	epochEvents = 400 // that the engines get at once
)

// path is a hot path: run does it once more, and units is how much of the unit that
// is (events, rows, …). What run does the n-th time must depend on n alone. It runs so
// often while it is counted that some thousand instructions of the runtime's, which
// come now and then, do not matter.
type path struct {
	name, unit string
	runs       int
	setup      func(ctx context.Context, d *data) (run func() (units int, err error), err error)
}

// paths are all that is held, in the order of the way of an event.
func paths() []path {
	return []path{
		{"decode.native", "event", 4, decodeNative},
		{"decode.cmcd", "event", 4, decodeCMCD},
		{"pseudonym.known", "id", 20, pseudonymsKnown},
		{"pseudonym.new", "id", 10, pseudonymsNew},
		{"pseudonym.ref", "id", 20, refs},
		{"collect.native", "event", 4, collectNative},
		{"collect.cmcd", "event", 4, collectCMCD},
		{"log.append", "event", 20, logAppend},
		{"event.decode", "event", 8, decodeEvents},
		{"play.heartbeats", "event", 8, heartbeats},
		{"play.mixed", "event", 8, playMixed},
		{"journey.mixed", "event", 8, journeyMixed},
		{"fact.encode", "event", 8, encodeFacts},
		{"fact.decode", "event", 8, decodeFacts},
		{"rollup.apply", "event", 4, applyFacts},
		{"rollup.rows", "row", 4, cellRows},
		{"rollup.plays", "play", 8, playRows},
		{"sketch.merge.sparse", "image", 40, mergeHLL(50, true)},
		{"sketch.merge.dense", "image", 40, mergeHLL(5_000, false)},
		{"sketch.merge.theta", "image", 4, mergeTheta},
	}
}

func decodeNative(_ context.Context, d *data) (func() (int, error), error) {
	dec, next := native.NewDecoder(), 0
	return func() (int, error) {
		b := d.bodies[next%8]
		next++
		n := 0
		err := dec.Decode(b.Data, native.Options{Lines: true}, func(it *wire.Item) {
			if it.Bad.Code == "" {
				n++
			}
		})
		return n, err
	}, nil
}

func decodeCMCD(context.Context, *data) (func() (int, error), error) {
	dec, next, bodies := cmcd.NewDecoder(), 0, audience.Reports(8, batchEvents)
	return func() (int, error) {
		b := bodies[next%8]
		next++
		n := 0
		err := dec.Decode(b.Data, cmcd.Options{}, func(it *wire.Item) {
			if it.Bad.Code == "" && it.Ignored == "" {
				n++
			}
		})
		return n, err
	}, nil
}

// viewers are raw ids.
func viewers(from, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint("viewer-", from+i)
	}
	return list
}

// pseudonymsKnown are of viewers who were here before.
func pseudonymsKnown(_ context.Context, d *data) (func() (int, error), error) {
	ids := viewers(0, 400)
	return func() (int, error) {
		for _, id := range ids {
			if k := d.ring.Viewer(id); k == (event.ViewerKey{}) {
				return 0, errors.New("a viewer without a key")
			}
		}
		return len(ids), nil
	}, nil
}

// pseudonymsNew are of viewers who come for the first time.
func pseudonymsNew(_ context.Context, d *data) (func() (int, error), error) {
	const each = 50
	next := 0
	ids := viewers(1_000_000, (warmRuns+20)*each)
	return func() (int, error) {
		for _, id := range ids[next : next+each] {
			_ = d.ring.Viewer(id)
		}
		next += each
		return each, nil
	}, nil
}

func refs(_ context.Context, d *data) (func() (int, error), error) {
	ids := viewers(0, 400)
	return func() (int, error) {
		for _, id := range ids {
			_ = d.ring.Ref(privacy.DomainPlay, id)
		}
		return len(ids), nil
	}, nil
}

// collectNative is the whole way of a request but for the network and the log.
func collectNative(_ context.Context, d *data) (func() (int, error), error) {
	next := 0
	return func() (int, error) {
		b := d.bodies[next%8]
		next++
		return b.Events, d.send("/v1/events", "application/x-ndjson", b)
	}, nil
}

func collectCMCD(_ context.Context, d *data) (func() (int, error), error) {
	next, bodies := 0, audience.Reports(8, batchEvents)
	return func() (int, error) {
		b := bodies[next%8]
		next++
		return b.Events, d.send("/cmcd", "application/cmcd", b)
	}, nil
}

// logAppend is into the embedded log on a file system in memory: blocks, checksums,
// the hand-over to the writer and back. Its sync costs nothing.
func logAppend(ctx context.Context, d *data) (func() (int, error), error) {
	log, err := pebblelog.Open("log", pebblelog.Options{FS: vfs.NewMem(), Clock: func() int64 { return end }, ReserveBytes: -1})
	if err != nil {
		return nil, err
	}
	records := make([]eventlog.Record, 5*epochEvents) // what a call costs by itself is shared by many
	for i := range records {
		records[i] = eventlog.Record{Partition: event.PartitionOf(d.events[i].Viewer, log.Partitions()), Data: d.records[i]}
	}
	return func() (int, error) { return len(records), log.Append(ctx, eventlog.Events, records) }, nil // it ends with the process
}

func decodeEvents(_ context.Context, d *data) (func() (int, error), error) {
	var e event.Event
	return func() (int, error) {
		for _, r := range d.records[:epochEvents] {
			if _, err := event.DecodeRecord(r, &e); err != nil {
				return 0, err
			}
		}
		return epochEvents, nil
	}, nil
}

// heartbeats come every 10 s of 400 open plays.
func heartbeats(_ context.Context, d *data) (func() (int, error), error) {
	g, n := play.New(play.DefaultConfig(), nil), int64(0)
	starts, said := make([]event.Event, 0, epochEvents), make([]event.Said, 0, epochEvents)
	for i := range d.events {
		if e := d.events[i]; !e.Play.IsZero() && len(starts) < epochEvents {
			e.Type, e.Time, e.ReceivedAt, e.Seq, e.PositionMS = event.PlayStarted, end, end, 0, 0
			e.Viewer[0], e.Viewer[1], e.Play[0], e.Play[1] = byte(i), byte(i>>8), byte(i), byte(i>>8)
			starts, said = append(starts, e), append(said, d.said[i])
		}
	}
	var out fact.Batch
	return func() (int, error) {
		out.Reset()
		g.Begin()
		for i := range starts {
			e := &starts[i]
			if err := g.ApplySaid(e, &said[i], &out); err != nil {
				return 0, err
			}
			e.Type, e.Time, e.ReceivedAt, e.Seq, e.PositionMS = event.Heartbeat, e.Time+10_000, e.ReceivedAt+10_000, e.Seq+1, e.PositionMS+10_000
		}
		g.Tick(end+n*10_000, &out)
		n++
		return len(starts), nil
	}, nil
}

// playMixed is the audience's events through the play engine alone.
func playMixed(_ context.Context, d *data) (func() (int, error), error) {
	g, next, list := play.New(play.DefaultConfig(), nil), 0, d.epochs()
	var out fact.Batch
	return func() (int, error) {
		of := list[next]
		next++
		out.Reset()
		g.Begin()
		for i := range of.events {
			e := of.events[i]
			if err := g.ApplySaid(&e, &of.said[i], &out); err != nil {
				return 0, err
			}
		}
		return len(of.events), nil
	}, nil
}

// journeyMixed is the same with the journeys beside it, as the processor does it.
func journeyMixed(_ context.Context, d *data) (func() (int, error), error) {
	g, err := d.engines()
	if err != nil {
		return nil, err
	}
	next, list := 0, d.epochs()
	var out fact.Batch
	return func() (int, error) {
		of := list[next]
		next++
		return len(of.events), g.apply(of, &out)
	}, nil
}

func encodeFacts(_ context.Context, d *data) (func() (int, error), error) {
	list, err := d.facts()
	if err != nil {
		return nil, err
	}
	next := 0
	var buf []byte
	return func() (int, error) {
		buf = fact.AppendBatch(buf[:0], &list[next%8+8])
		next++
		return epochEvents, nil
	}, nil
}

func decodeFacts(_ context.Context, d *data) (func() (int, error), error) {
	list, err := d.facts()
	if err != nil {
		return nil, err
	}
	var encoded [8][]byte
	for i := range encoded {
		encoded[i] = fact.AppendBatch(nil, &list[i+8])
	}
	next := 0
	var b fact.Batch
	return func() (int, error) {
		err := fact.DecodeBatch(encoded[next%8], &b)
		next++
		return epochEvents, err
	}, nil
}

// applyFacts is into a generation that has the half of the cells already.
func applyFacts(_ context.Context, d *data) (func() (int, error), error) {
	list, err := d.facts()
	if err != nil {
		return nil, err
	}
	g, next := rollup.NewGeneration(rollup.Options{}), 0
	return func() (int, error) {
		err := g.Apply(int64(next), &list[next])
		next++
		return epochEvents, err
	}, nil
}

// generation is one with the facts of many epochs, sealed.
func (d *data) generation() (*rollup.Generation, error) {
	list, err := d.facts()
	if err != nil {
		return nil, err
	}
	g := rollup.NewGeneration(rollup.Options{})
	for i := range list {
		if err := g.Apply(int64(i), &list[i]); err != nil {
			return nil, err
		}
	}
	g.Seal()
	return g, nil
}

// cellRows sums a generation's cells to those of one family and writes their
// sketches, as a driver does before a database gets them.
func cellRows(_ context.Context, d *data) (func() (int, error), error) {
	g, err := d.generation()
	if err != nil {
		return nil, err
	}
	source := rollup.SourceTitleHour
	kinds := layout.Kinds(source.Sketches())
	var images []byte
	return func() (int, error) {
		rows := 0
		err := rollup.Fold([]*rollup.Generation{g}, source, func(r *rollup.Row) error {
			images = images[:0]
			for _, k := range kinds {
				images, _ = r.Image(k, images)
			}
			rows++
			return nil
		})
		return rows, err
	}, nil
}

// playRows writes finished plays as a driver stores them.
func playRows(_ context.Context, d *data) (func() (int, error), error) {
	g, err := d.generation()
	if err != nil {
		return nil, err
	}
	var buf []byte
	return func() (int, error) {
		plays := 0
		err := g.Plays(func(p *fact.Play, dims []fact.Dims, slots []fact.Slot) error {
			_ = rollup.WholeLife(p, dims, rollup.FirstMoment(p), rollup.LastMoment(p)+1)
			buf = layout.AppendDetail(buf[:0], p, dims, slots)
			plays++
			if plays == 60 {
				return errEnough
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			err = nil
		}
		return plays, err
	}, nil
}

var errEnough = errors.New("enough")

// mergeHLL merges images of n members each into an empty accumulator.
func mergeHLL(n int, sparse bool) func(context.Context, *data) (func() (int, error), error) {
	return func(context.Context, *data) (func() (int, error), error) {
		images := make([][]byte, 32)
		for i := range images {
			var h sketch.HLL
			for _, m := range members(uint64(i), n) {
				h.AddCoupon(sketch.Coupon(m))
			}
			images[i] = h.AppendBinary(nil)
		}
		if !sparse {
			images = images[:8]
		}
		return func() (int, error) {
			var acc sketch.HLL
			for _, image := range images {
				if err := acc.MergeBytes(image); err != nil {
					return 0, err
				}
			}
			return len(images), nil
		}, nil
	}
}

func mergeTheta(context.Context, *data) (func() (int, error), error) {
	images := make([][]byte, 8)
	for i := range images {
		var t sketch.Theta
		for _, m := range members(uint64(i), 1_000) {
			t.Add(m)
		}
		images[i] = t.AppendBinary(nil)
	}
	return func() (int, error) {
		var acc sketch.Theta
		for _, image := range images {
			if err := acc.MergeBytes(image); err != nil {
				return 0, err
			}
		}
		return len(images), nil
	}, nil
}
