package pebblelog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/zeebo/xxh3"

	"playhead/internal/eventlog"
)

func TestAfter(t *testing.T) {
	for _, c := range []struct{ prefix, want []byte }{
		{[]byte{1}, []byte{2}},
		{[]byte{1, 0xff}, []byte{2}},
		{[]byte{1, 2, 0xff, 0xff}, []byte{1, 3}},
		{[]byte{0xff}, nil},
	} {
		if got := after(c.prefix); !bytes.Equal(got, c.want) {
			t.Errorf("after(%x) = %x, want %x", c.prefix, got, c.want)
		}
	}
}

// FuzzBlock reads arbitrary stored values, also with the checksum made right,
// as the records of a block: every answer is records or ErrCorrupt.
func FuzzBlock(f *testing.F) {
	var b blockBuilder
	b.add([]byte("first"))
	b.add(nil)
	b.add(bytes.Repeat([]byte("x"), 200))
	f.Add(bytes.Clone(b.finish(topicEvents, 1, 7, 1_700_000_000_000)))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, value []byte) {
		readBlock(t, value)
		if n := len(value) - blockTrailer; n >= blockHeader {
			value = bytes.Clone(value)
			value[0] = blockVersion
			binary.LittleEndian.PutUint64(value[n:], xxh3.HashSeed(value[:n], blockSeed(topicEvents, 1, 7)))
			readBlock(t, value)
		}
	})
}

func readBlock(t *testing.T, value []byte) {
	b, err := openBlock(topicEvents, 1, 7, value)
	if err == nil {
		passed := 0
		r := reading{topic: topicEvents, from: eventlog.Cursor{Partition: 1, Offset: 7}, end: b.end(), left: 1 << 30,
			fn: func(e eventlog.Entry) error { passed += len(e.Data); return nil }}
		_, err = r.block(&b)
		if passed > len(value) {
			t.Fatalf("%d bytes came out of %d", passed, len(value))
		}
	}
	if err != nil && !errors.Is(err, eventlog.ErrCorrupt) {
		t.Fatalf("error %v is not ErrCorrupt", err)
	}
}
