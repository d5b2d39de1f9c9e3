package process

import (
	"encoding/binary"
	"fmt"

	"playhead/internal/play"
)

// keyHeard is the state key of a partition's heard time.
const keyHeard = "h"

// heardVersion is the first byte of the stored heard time.
const heardVersion = 1

// heard tells the time that a partition has listened for. It is the log's receipt
// time less what passed without ticks: while the server was down, or when the
// clock jumped, nobody's silence was heard, so nothing may end by it. It depends
// on nothing but the records of the log. Times are epoch ms.
type heard struct {
	most    int64 // by how much one tick moves time on at most, ms
	skipped int64 // the receipt time is this much ahead
	tick    int64 // heard time of the last tick, or of the first record; 0: there was none yet
}

// at is the heard time of something that the log received. Between two ticks time
// does not go on past the step of one.
func (h *heard) at(received int64) int64 {
	return min(max(received-h.skipped, h.tick), h.tick+h.most)
}

// event moves time on to an event. Only the first record of all is something to
// count from: all partitions get each tick at once, so that time is the same in
// all of them.
func (h *heard) event(received int64) int64 {
	if h.tick == 0 {
		h.tick = received
	}
	return h.at(received)
}

// ticked moves time on to a tick.
func (h *heard) ticked(received int64) int64 {
	h.tick = h.event(received)
	h.skipped = max(h.skipped, received-h.tick)
	return h.tick
}

func (h *heard) append(b []byte) []byte {
	b = append(b, heardVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(h.skipped))
	return binary.BigEndian.AppendUint64(b, uint64(h.tick))
}

// restore reads what append wrote; data of before there was such is none.
func (h *heard) restore(data []byte) error {
	if len(data) != 17 || data[0] != heardVersion {
		return fmt.Errorf("%w: heard time of %d bytes, this build reads 17 of version %d", play.ErrState, len(data), heardVersion)
	}
	h.skipped = int64(binary.BigEndian.Uint64(data[1:]))
	h.tick = int64(binary.BigEndian.Uint64(data[9:]))
	return nil
}

// keyReceived is the state key of the newest receipt time of a partition, of logs
// that do not promise that it never falls: a replay from the snapshot has to go on
// from the same.
const keyReceived = "r"

// KeyBeside is the key of a state that only such a log has, so that a move adds it.
const KeyBeside = keyReceived

// receivedVersion is the first byte of that time.
const receivedVersion = 1

func (p *partition) appendReceived(b []byte) []byte {
	return binary.BigEndian.AppendUint64(append(b, receivedVersion), uint64(p.received))
}

func (p *partition) restoreReceived(data []byte) error {
	if len(data) != 9 || data[0] != receivedVersion {
		return fmt.Errorf("%w: receipt time of %d bytes, this build reads 9 of version %d", play.ErrState, len(data), receivedVersion)
	}
	p.received = int64(binary.BigEndian.Uint64(data[1:]))
	return nil
}
