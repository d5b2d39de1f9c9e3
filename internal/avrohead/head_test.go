package avrohead_test

import (
	"bytes"
	"errors"
	"testing"

	"playhead/internal/avrohead"
)

func TestHeads(t *testing.T) {
	for _, c := range []struct {
		name string
		head avrohead.Head
		want []byte
	}{
		{"single object", avrohead.Single(0x0102030405060708), []byte{0xC3, 1, 8, 7, 6, 5, 4, 3, 2, 1}},
		{"numbered", avrohead.Numbered(7), []byte{0, 0, 0, 0, 7}},
	} {
		got := c.head.Append([]byte("x"))
		if !bytes.Equal(got[1:], c.want) || c.head.Len() != len(c.want) || c.head.Empty() {
			t.Errorf("%s: % x, want % x", c.name, got[1:], c.want)
		}
		record := append(got[1:], 'r')
		if !avrohead.Begins(record) {
			t.Errorf("%s: not seen to begin with a head", c.name)
		}
		if at, err := avrohead.Cut(record); err != nil || at != len(c.want) {
			t.Errorf("%s: what follows begins at %d (%v), want %d", c.name, at, err, len(c.want))
		}
		if _, err := avrohead.Cut(c.want); !errors.Is(err, avrohead.ErrHead) {
			t.Errorf("%s: nothing follows, and the error is %v", c.name, err)
		}
	}
	if _, err := avrohead.Cut([]byte{0xC3, 2, 0, 0, 0, 0, 0, 0, 0, 0, 'r'}); !errors.Is(err, avrohead.ErrHead) {
		t.Errorf("another version of the encoding: %v", err)
	}
	if !(avrohead.Head{}).Empty() || avrohead.Begins([]byte{0x12}) {
		t.Error("what is in another form is taken for Avro")
	}
}
