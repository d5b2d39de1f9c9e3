package native

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestMarksAreWhereStringsMayEnd(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var marks []uint64
	for size := range 400 {
		text := make([]byte, size)
		for i := range text {
			if text[i] = byte(r.IntN(256)); size%3 > 0 && text[i] >= 0x80 {
				text[i] = "\"\\\x00\x1f !\n#\x02\x7f[]^~"[r.IntN(14)]
			}
		}
		var ascii bool
		if marks, ascii = marked(marks, text); ascii != !slices.ContainsFunc(text, func(ch byte) bool { return ch >= 0x80 }) {
			t.Fatalf("ASCII %t: %q", ascii, text)
		}
		if len(marks) != size/markBits+1 {
			t.Fatalf("%d words for %d bytes", len(marks), size)
		}
		for i := range len(marks) * markBits {
			want := i >= size || text[i] < 0x20 || text[i] == '"' || text[i] == '\\'
			if got := marks[i/markBits]>>(i%markBits)&1 != 0; got != want {
				t.Fatalf("byte %d of %q is marked: %t", i, text, got)
			}
			next := i
			for next < size && text[next] >= 0x20 && text[next] != '"' && text[next] != '\\' {
				next++
			}
			if end := endOf(marks, i); end != next {
				t.Fatalf("from byte %d of %q the next mark is at %d, not %d", i, text, end, next)
			}
		}
	}
}

// What instructions of the processor's mark is what plain ones do.
func TestMarksByWords(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		text := make([]byte, markBits*r.IntN(6))
		for i := range text {
			text[i] = byte(r.IntN(1 + r.IntN(256)))
		}
		a, b := make([]uint64, 6), make([]uint64, 6)
		if x, y := mark(text, a), markWords(text, b); x != y || !slices.Equal(a, b) {
			t.Fatalf("of %q: %t %x, by words %t %x", text, x, a, y, b)
		}
	}
}

func BenchmarkMarks(b *testing.B) {
	body := bytes.Repeat(heartbeats(1), 100)
	var marks []uint64
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		marks, _ = marked(marks, body)
	}
}
