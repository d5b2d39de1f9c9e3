package app

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"playhead/internal/event"
	"playhead/internal/eventlog"
)

// importer brings history in beside the live stream: with its own clock, once
// (a repeated import changes nothing), and slowly enough that the live stream
// does not notice.
type importer struct {
	log  eventlog.Log
	form event.Form // how records are written into it
	// busy reports whether the server is behind with what it has.
	busy func() bool
	// share of the time that importing may take, (0,1].
	share float64
}

// importBatch records are appended at once.
const importBatch = 1_000

// load appends the events of one import, and then the record that completes it.
// id names the import: whoever loads the same id again gives the same events in
// the same order, and those that are in already are left out. generate hands the
// events over, batch after batch.
func (im *importer) load(ctx context.Context, id uint32, generate func(func([]event.Event) error) error) error {
	var ordinal uint64
	var records []eventlog.Record
	var data []byte
	started := time.Now()
	parts := im.log.Partitions()
	err := generate(func(events []event.Event) error {
		for len(events) > 0 {
			n := min(len(events), importBatch)
			records, data = records[:0], data[:0]
			for i := range events[:n] {
				e := &events[i]
				ordinal++
				e.Import, e.KeyID, e.ID = true, id, event.Ref{}
				binary.BigEndian.PutUint64(e.ID[8:], ordinal)
				from := len(data)
				data = im.form.AppendRecord(data, e)
				records = append(records, eventlog.Record{Partition: event.PartitionOf(e.Viewer, parts), Data: data[from:len(data):len(data)]})
			}
			if err := im.append(ctx, records); err != nil {
				return err
			}
			events = events[n:]
			busy := time.Since(started)
			if err := im.wait(ctx, time.Duration(float64(busy)*(1-im.share)/im.share)); err != nil {
				return err
			}
			started = time.Now()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return im.settle(ctx, id, ordinal)
}

// settleEvents are settled at once: of that many come some dozens of viewers, each
// of whom is read, told what waited and written.
const settleEvents = 4_000

// settle completes an import of so many events. All at once would be seconds of a
// large one's work in which nothing of the present is looked at: it goes in steps
// of viewers, and the present goes between them.
func (im *importer) settle(ctx context.Context, id uint32, events uint64) error {
	steps := int(min(events/settleEvents+1, 512))
	records := make([]eventlog.Record, im.log.Partitions())
	for n := 1; n <= steps; n++ {
		data := im.form.AppendSettle(nil, id, event.ReachOf(n, steps))
		for p := range records {
			records[p] = eventlog.Record{Partition: int32(p), Data: data}
		}
		if err := im.append(ctx, records); err != nil {
			return err
		}
		if n == steps || im.share == 1 {
			continue
		}
		if err := im.wait(ctx, settleRest); err != nil {
			return err
		}
	}
	return nil
}

// settleRest lies between two steps where the present comes first.
const settleRest = 50 * time.Millisecond

func (im *importer) append(ctx context.Context, records []eventlog.Record) error {
	for {
		err := im.log.Append(ctx, eventlog.Events, records)
		if err == nil {
			return nil
		}
		if !errors.Is(err, eventlog.ErrFull) {
			return fmt.Errorf("import: %w", err)
		}
		if err := im.wait(ctx, 5*time.Second); err != nil {
			return err
		}
	}
}

// wait rests, and then until the server has caught up.
func (im *importer) wait(ctx context.Context, rest time.Duration) error {
	for {
		t := time.NewTimer(rest)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
		if !im.busy() {
			return nil
		}
		rest = 10 * time.Millisecond
	}
}
