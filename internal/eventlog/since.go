package eventlog

import (
	"context"
	"errors"
)

// errFound ends a read after one record.
var errFound = errors.New("found")

// Since is an offset of a partition from which on the records are of a time (epoch ms)
// or later, but for a few where times went back a little; the end where there are none.
// It reads one record in each of a few places, so that it costs the logarithm of what
// is kept. Errors are those of Bounds and Read.
func Since(ctx context.Context, l Log, topic Topic, partition int32, at int64) (int64, error) {
	from, to, err := l.Bounds(ctx, topic, partition)
	if err != nil {
		return 0, err
	}
	for from < to {
		middle := from + (to-from)/2
		var found Entry
		_, err := l.Read(ctx, topic, Cursor{Partition: partition, Offset: middle}, 1, func(e Entry) error {
			found = Entry{Offset: e.Offset, ReceivedAt: e.ReceivedAt}
			return errFound
		})
		switch {
		case errors.Is(err, ErrTrimmed):
			from = middle + 1
		case err == nil: // nothing is there, to the end
			to = middle
		case !errors.Is(err, errFound):
			return 0, err
		case found.ReceivedAt >= at || found.Offset >= to:
			to = middle
		default:
			from = found.Offset + 1
		}
	}
	return from, nil
}
