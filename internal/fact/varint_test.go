package fact

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"
)

func TestVarintsAreThoseOfTheLibrary(t *testing.T) {
	values := []uint64{0, math.MaxUint32, math.MaxUint64}
	for bits := range 64 {
		values = append(values, 1<<bits-1, 1<<bits, 1<<bits+1)
	}
	for _, v := range values {
		want := binary.AppendUvarint([]byte{7}, v)
		got := make([]byte, 1+binary.MaxVarintLen64+slack)
		got[0] = 7
		if n := put(got, 1, v); !slices.Equal(got[:n], want) {
			t.Errorf("%d is written as % x, want % x", v, got[:n], want)
		}
		clear(got[len(want):])
		read, behind := short(got, 1)
		if len(want) > 1+4 {
			if behind != 0 {
				t.Errorf("%d is short", v)
			}
		} else if uint64(read) != v || behind != len(want) {
			t.Errorf("%d is read as %d, up to %d", v, read, behind)
		}
		if n := int64(v); n >= math.MinInt32/2 && n <= math.MaxInt32/2 && unzigzag(uint32(zigzag(n))) != n {
			t.Errorf("%d is zigzagged to %d", n, unzigzag(uint32(zigzag(n))))
		}
	}
}

// A batch of many texts makes the table of them grow; the order is that of first use.
func TestManyTexts(t *testing.T) {
	var b Batch
	for i := range 500 {
		b.Dims = append(b.Dims, Dims{Title: string(rune('a'+i%300)) + "-title", Country: string(rune('a' + i%26)), Labels: string(rune('a'+i)) + "-label"})
	}
	data := AppendBatch(nil, &b)
	var got Batch
	if err := DecodeBatch(data, &got); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Dims, b.Dims) {
		t.Error("the texts are others")
	}
	r := reader{data: data, at: 1}
	r.at += 4 + 7 // the header, one byte each
	texts := r.table()
	if want := 300 + 26 + 500; len(texts) != want || texts[0] != "a-title" || texts[1] != "a" || texts[2] != "a-label" || texts[3] != "b-title" {
		t.Errorf("%d texts in the table, want %d: %q…", len(texts), want, texts[:4])
	}
}
