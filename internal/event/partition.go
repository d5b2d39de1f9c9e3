package event

import "encoding/binary"

// PartitionOf is the partition, of n > 0, that holds everything of a viewer.
// It is part of the format of the log: it may never change.
func PartitionOf(viewer ViewerKey, n int32) int32 {
	return int32(binary.LittleEndian.Uint32(viewer[:4]) % uint32(n))
}
