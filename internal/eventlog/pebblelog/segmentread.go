package pebblelog

import (
	"context"
	"errors"
	"fmt"
)

// runSegments passes events from their segments.
func (r *reading) runSegments(ctx context.Context, s *segments) (err error) {
	w := s.windows.Get().(*window)
	defer func() {
		err = errors.Join(err, w.close())
		s.windows.Put(w)
	}()
	for more := true; more && r.from.Offset < r.end; {
		g, at, limit, err := s.find(r.from.Partition, r.from.Offset, w)
		if err == nil && g == nil {
			err = r.nowhere()
		}
		if err == nil {
			more, err = r.segment(ctx, g, at, min(limit, r.end), w)
		}
		if err = errors.Join(err, w.close()); err != nil {
			return err
		}
	}
	return nil
}

// segment passes the events of one segment up to an offset that it is known to reach,
// looking from a batch on; false when enough was passed.
func (r *reading) segment(ctx context.Context, g *segment, at, to int64, w *window) (more bool, err error) {
	var h batchHead
	for r.from.Offset < to {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		ok, err := readBatchHead(w, g.number, at, &h)
		if err != nil {
			return false, fmt.Errorf("read %s: %w", segmentName(g.number), err)
		}
		if !ok {
			return false, corrupt(r.topic, r.from.Partition, r.from.Offset,
				fmt.Sprintf("the batch at byte %d of %s does not match its checksum", at, segmentName(g.number)))
		}
		for i := range h.refs {
			if ref := &h.refs[i]; ref.partition == r.from.Partition && ref.end() > r.from.Offset && r.from.Offset < to {
				if more, err := r.ref(g, ref, w); err != nil || !more {
					return false, err
				}
			}
		}
		at = h.end
	}
	return true, nil
}

// ref passes the events of a block from the cursor on; false when enough was passed.
func (r *reading) ref(g *segment, ref *ref, w *window) (more bool, err error) {
	if ref.base > r.from.Offset {
		return false, r.nowhere()
	}
	if ref.at+ref.size > w.size {
		return false, corrupt(r.topic, ref.partition, ref.base, segmentName(g.number)+" is cut short")
	}
	data, err := w.bytes(ref.at, ref.size)
	if err != nil {
		return false, fmt.Errorf("read %s: %w", segmentName(g.number), err)
	}
	b, err := openBlock(r.topic, ref.partition, ref.base, data)
	if err != nil {
		return false, fmt.Errorf("%s: %w", segmentName(g.number), err)
	}
	if b.count != ref.count {
		return false, corrupt(r.topic, ref.partition, ref.base, "a block has another number of records than "+segmentName(g.number)+" says")
	}
	return r.block(&b)
}

// dropSegments removes what nothing is needed of: the finisher lets go of after a trim of events.
func (l *Log) dropSegments() error {
	first := make([]int64, l.partitions)
	l.mu.Lock()
	for p := range l.durable {
		first[p] = l.durable[p].logs[topicEvents-1].first
	}
	l.mu.Unlock()
	if err := l.segments.drop(first); err != nil {
		return fmt.Errorf("let go of events: %w", err)
	}
	return nil
}
