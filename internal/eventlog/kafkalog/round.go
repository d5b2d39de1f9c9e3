package kafkalog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/twmb/franz-go/pkg/kgo"

	"playhead/internal/eventlog"
)

// round keeps short what has to be read to have all states, however old the state topic
// is and whenever the broker compacts it: from base on there is a record of each state
// that there is. With each snapshot some more keys are looked at, in their order, and
// those whose record is older than target are written again, in the same transaction;
// when all keys have been looked at, target is the new base, and another round begins.
//
// A base stays true for good, since records only come behind it: who knows an older one
// reads more, and nothing wrong.
type round struct {
	base   int64
	live   int64 // states that there were in the round before; 0: nobody has counted
	target int64
	seen   int64  // states of this round so far
	at     []byte // the key to go on with, nil at the beginning
}

const (
	// roundPace is how many states are looked at for each record that the topic grew by.
	// roundWindow is in how many of the newest records a state may be and stay where it
	// is, in states. A round takes a quarter of the states in changes, and what it writes
	// again, which is a quarter of them at most in the long run; what has to be read is two
	// rounds and the window: twice the states at most. Where all states change in turn, as
	// those of open plays do, nothing is written again; where few do, as much as changes.
	roundPace   = 4
	roundWindow = 1
	leastWindow = 1000
	// roundMost is how many states are written again for each record that the topic grew
	// by, and leastBytes is how much in any case.
	roundMost  = 2
	leastBytes = 256 << 10
)

const (
	roundVersion = 1
	roundBytes   = 1 + 8 + 8 + 8 + 8
	// headerBase is the header of a progress record that holds the round, after the id of
	// the topic: offsets say nothing in a topic that this one was copied to.
	headerBase = "base"
)

func (r *round) append(b []byte) []byte {
	b = append(b, roundVersion)
	for _, n := range [...]int64{r.base, r.live, r.target, r.seen} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return append(b, r.at...)
}

// restore reads a round; false is one that this build does not know.
func (r *round) restore(b []byte) bool {
	if len(b) < roundBytes || b[0] != roundVersion {
		return false
	}
	for i, n := range [...]*int64{&r.base, &r.live, &r.target, &r.seen} {
		*n = int64(binary.BigEndian.Uint64(b[1+8*i:]))
	}
	r.at = bytes.Clone(b[roundBytes:])
	return r.base >= 0 && r.base <= r.target && r.live >= 0 && r.seen >= 0
}

// header is what a progress record says of the round.
func (r *round) header(topic [16]byte) kgo.RecordHeader {
	return kgo.RecordHeader{Key: headerBase, Value: r.append(bytes.Clone(topic[:]))}
}

// roundOf is the round of a progress record: that of the beginning where it says nothing
// that holds in this topic, as one that an older build wrote.
func roundOf(record *kgo.Record, topic [16]byte) (r round) {
	for _, h := range record.Headers {
		if h.Key == headerBase && bytes.HasPrefix(h.Value, topic[:]) {
			if r.restore(h.Value[len(topic):]) && r.target <= record.Offset {
				return r
			}
		}
	}
	return round{}
}

// goOn looks at some more states and returns those to write again, before anything else
// of the transaction, and the round as it is with them. The topic ends at end and grew by
// grown records since the last time; written is about how many
// bytes the transaction has.
func (r round) goOn(c *copies, partition int32, end, grown int64, written int) (again []eventlog.KV, _ round, err error) {
	lower := placed(kindState, partition, r.at)
	it, err := c.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: past(placed(kindState, partition, nil))})
	if err != nil {
		return nil, r, err
	}
	defer func() {
		if err = errors.Join(err, it.Close()); err != nil {
			err = fmt.Errorf("look at states of partition %d: %w", partition, err)
		}
	}()
	looks, room := roundPace*grown, max(2*written, leastBytes)
	for valid := it.First(); valid; valid = it.Next() {
		key := it.Key()[placeBytes:]
		if looks--; looks < 0 || int64(len(again)) >= roundMost*grown || room < 0 {
			r.at = bytes.Clone(key)
			return again, r, nil
		}
		value, err := it.ValueAndErr()
		if err != nil {
			return nil, r, err
		}
		offset, state, err := readState(value)
		if err != nil {
			return nil, r, err
		}
		r.seen++
		if offset < r.target {
			again = append(again, eventlog.KV{Key: bytes.Clone(key), Value: bytes.Clone(state)})
			room -= len(key) + len(state)
		}
	}
	r.base, r.live = r.target, r.seen
	r.target = max(r.base, end-max(roundWindow*r.live, leastWindow))
	r.at, r.seen = nil, 0
	return again, r, nil
}
