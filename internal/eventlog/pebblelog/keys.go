package pebblelog

import (
	"encoding/binary"
	"fmt"

	"playhead/internal/eventlog"
)

// First bytes of the keys. Stored: append only.
const (
	keySettings = 0x00
	keyBlock    = 0x01
	keyState    = 0x02
	keyTrim     = 0x03
	keyProgress = 0x04
)

const blockKeyBytes = 1 + 1 + 4 + 8

// topics maps a topic to its number in keys. Stored: append only.
const (
	topicEvents = 1
	topicFacts  = 2
	topicCount  = 2
)

func topicNumber(t eventlog.Topic) (byte, error) {
	switch t {
	case eventlog.Events:
		return topicEvents, nil
	case eventlog.Facts:
		return topicFacts, nil
	}
	return 0, fmt.Errorf("topic %q is not known", t)
}

func topicName(n byte) eventlog.Topic {
	if n == topicEvents {
		return eventlog.Events
	}
	return eventlog.Facts
}

// blockKey is the key of the block that begins at base.
func blockKey(topic byte, partition int32, base int64) []byte {
	k := make([]byte, 0, blockKeyBytes)
	k = append(k, keyBlock, topic)
	k = binary.BigEndian.AppendUint32(k, uint32(partition))
	return binary.BigEndian.AppendUint64(k, uint64(base))
}

// blockBounds are the keys around all blocks of a partition.
func blockBounds(topic byte, partition int32) (lower, upper []byte) {
	return blockKey(topic, partition, 0), blockKey(topic, partition+1, 0)
}

// blockBase is the base offset in a block's key.
func blockBase(key []byte) int64 {
	return int64(binary.BigEndian.Uint64(key[len(key)-8:]))
}

func stateKey(partition int32, key []byte) []byte {
	k := make([]byte, 0, 5+len(key))
	k = append(k, keyState)
	k = binary.BigEndian.AppendUint32(k, uint32(partition))
	return append(k, key...)
}

func trimKey(topic byte, partition int32) []byte {
	return binary.BigEndian.AppendUint32([]byte{keyTrim, topic}, uint32(partition))
}

func progressKey(partition int32) []byte {
	return binary.BigEndian.AppendUint32([]byte{keyProgress}, uint32(partition))
}

// after is the smallest key that is greater than all keys with the prefix.
func after(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}
