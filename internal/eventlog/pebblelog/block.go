package pebblelog

import (
	"encoding/binary"
	"fmt"

	"github.com/zeebo/xxh3"

	"playhead/internal/eventlog"
)

// A block is
//
//	version(1) count(4) received_at(8) { length(uvarint) record }… checksum(8)
//
// little endian. The checksum is XXH3-64 over everything before it, seeded with
// the block's place, so that a block read from the wrong key is found out too.
const (
	blockVersion = 1
	blockHeader  = 1 + 4 + 8
	blockTrailer = 8
	// blockTarget is the size at which a block is cut.
	blockTarget = 1 << 20
)

// blockBuilder collects records of one partition; it writes a block into memory
// that it keeps for the next.
type blockBuilder struct {
	buf   []byte
	count uint32
}

func (b *blockBuilder) add(data []byte) {
	if b.count == 0 {
		b.buf = append(b.buf[:0], make([]byte, blockHeader)...)
	}
	b.buf = binary.AppendUvarint(b.buf, uint64(len(data)))
	b.buf = append(b.buf, data...)
	b.count++
}

// finish returns the block, good until the next add, and empties the builder.
func (b *blockBuilder) finish(topic byte, partition int32, base, receivedAt int64) []byte {
	b.buf[0] = blockVersion
	binary.LittleEndian.PutUint32(b.buf[1:], b.count)
	binary.LittleEndian.PutUint64(b.buf[5:], uint64(receivedAt))
	sum := xxh3.HashSeed(b.buf, blockSeed(topic, partition, base))
	b.buf = binary.LittleEndian.AppendUint64(b.buf, sum)
	b.count = 0
	return b.buf
}

// release lets go of memory that one large call left behind.
func (b *blockBuilder) release() {
	if cap(b.buf) > 4*blockTarget {
		b.buf = nil
	}
}

func blockSeed(topic byte, partition int32, base int64) uint64 {
	return uint64(base)*0x9E3779B97F4A7C15 ^ uint64(partition)<<8 ^ uint64(topic)
}

// block is a stored block whose checksum was found to be right.
type block struct {
	base       int64
	count      uint32
	receivedAt int64
	payload    []byte
}

// end is the offset after the block's last record.
func (b *block) end() int64 { return b.base + int64(b.count) }

// openBlock checks a stored value; the block points into it.
func openBlock(topic byte, partition int32, base int64, value []byte) (block, error) {
	if len(value) < blockHeader+blockTrailer {
		return block{}, corrupt(topic, partition, base, "a block is too short")
	}
	body := value[:len(value)-blockTrailer]
	sum := binary.LittleEndian.Uint64(value[len(body):])
	if xxh3.HashSeed(body, blockSeed(topic, partition, base)) != sum {
		return block{}, corrupt(topic, partition, base, "a block does not match its checksum")
	}
	if body[0] != blockVersion {
		return block{}, fmt.Errorf("block of topic %s, partition %d at offset %d has version %d, which is not known",
			topicName(topic), partition, base, body[0])
	}
	return block{
		base: base, count: binary.LittleEndian.Uint32(body[1:]),
		receivedAt: int64(binary.LittleEndian.Uint64(body[5:])), payload: body[blockHeader:],
	}, nil
}

// next cuts the first record off payload; false if it is cut short.
func next(payload []byte) (record, rest []byte, ok bool) {
	size, n := binary.Uvarint(payload)
	if n <= 0 || size > uint64(len(payload)-n) {
		return nil, nil, false
	}
	return payload[n : n+int(size) : n+int(size)], payload[n+int(size):], true
}

func corrupt(topic byte, partition int32, offset int64, what string) error {
	return fmt.Errorf("%w: topic %s, partition %d, offset %d: %s", eventlog.ErrCorrupt, topicName(topic), partition, offset, what)
}
