package wiretest

import (
	"runtime"
	"testing"

	"playhead/internal/collect/wire"
)

const (
	// atOnce is what decoding may allocate whatever the body is, bytes: half a
	// megabyte is what encoding/json keeps of 10,000 levels.
	atOnce = 1 << 20
	// perByte and perItem are what it may allocate for each byte of the body and for
	// each event that comes out, good or bad, whose number is bounded.
	perByte, perItem = 6, 512
)

// Bounded fails when decoding a body allocates more than a few times its size.
// decode returns how many items came out.
func Bounded(t testing.TB, body []byte, decode func() (items int)) {
	t.Helper()
	cost, items := costOf(decode)
	most := uint64(atOnce + perByte*len(body) + perItem*items)
	for range 2 { // a collection of garbage empties pools: the least of three says what is needed
		if cost <= most {
			return
		}
		again, _ := costOf(decode)
		cost = min(cost, again)
	}
	if cost > most && !raced {
		t.Errorf("decoding %d bytes to %d events allocated %d bytes, more than %d", len(body), items, cost, most)
	}
}

func costOf(decode func() int) (cost uint64, items int) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	items = decode()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, items
}

// Neighbours fails unless the first and the last item are good: what stands between
// them may be anything.
func Neighbours(t testing.TB, body []byte, decode func(emit func(*wire.Item)) error) {
	t.Helper()
	var first, last string
	items := 0
	err := decode(func(it *wire.Item) {
		last = "good"
		if it.Bad.Code != "" || it.Ignored != "" {
			last = it.Bad.Field + " " + string(it.Bad.Code) + " " + it.Bad.Reason + it.Ignored
		}
		if items == 0 {
			first = last
		}
		items++
	})
	if err != nil || items < 2 || first != "good" || last != "good" {
		t.Errorf("of %d items the first is %q, the last %q, %v: %q", items, first, last, err, body)
	}
}
