package lake

import (
	"bytes"
	"fmt"
	"testing"

	"playhead/internal/event"
)

// TestABlockInPieces fills a block twice, with a record that is larger than a piece: each
// record comes back as it was, in order, and the second time needs no more memory.
func TestABlockInPieces(t *testing.T) {
	c := newCrowd(21)
	var records [][]byte
	for i := range 20_000 {
		e := c.event()
		e.Properties = []byte(fmt.Sprintf(`{"n":%d,"pad":"%0200d"}`, i, i))
		if i == 7_000 {
			e.Properties = bytes.Repeat([]byte("x"), 3*pieceBytes)
		}
		records = append(records, event.AppendRecord(nil, &e))
	}
	var b block
	for round := range 2 {
		pieces := len(b.pieces)
		for i, data := range records {
			if err := b.add(data, int64(i)); err != nil {
				t.Fatal(err)
			}
		}
		if round > 0 && len(b.pieces) != pieces {
			t.Errorf("%d pieces, before %d", len(b.pieces), pieces)
		}
		b.sort()
		var last entry
		var r row
		for i := range b.entries {
			x := b.entries[i]
			if err := b.read(&x, &r); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(b.pieces[x.piece][x.at:x.at+x.size], records[x.received]) {
				t.Fatalf("record %d has changed", x.received)
			}
			if i > 0 && last.hour == x.hour && last.hi == x.hi && last.lo == x.lo && (last.time > x.time || last.time == x.time && last.received > x.received) {
				t.Fatalf("record %d comes after %d", x.received, last.received)
			}
			last = x
		}
		b.release(1 << 30)
	}
	if b.release(2 * pieceBytes); len(b.pieces) != 2 || b.bytes() != 0 {
		t.Errorf("%d pieces are kept, %d bytes", len(b.pieces), b.bytes())
	}
	if b.release(0); len(b.pieces) != 0 || b.entries != nil {
		t.Errorf("%d pieces are kept", len(b.pieces))
	}
}
