package segment

import (
	"runtime"
	"strings"
	"testing"

	"playhead/internal/collect/wire"
)

// TestHostileBodies: what a body costs is a few times its own size, and half a
// megabyte for what encoding/json keeps of 10,000 levels.
func TestHostileBodies(t *testing.T) {
	fill := func(unit string, n int) string { return strings.Repeat(unit, n/len(unit)) }
	events := func(properties string) string {
		one := `{"type":"track","userId":"u","event":"x","properties":{` + properties + `}}`
		return `{"batch":[` + strings.Repeat(one+",", (MaxBatchBytes-100)/(len(one)+1)-1) + one + `]}`
	}
	for name, body := range map[string]string{
		"many members":     events(fill(`"a":1,`, 30_000) + `"z":1`),
		"the same member":  events(fill(`"session_id":"s",`, 30_000) + `"z":1`),
		"many objects":     events(`"a":[` + fill(`{},`, 30_000) + `1]`),
		"many escapes":     events(`"a":"` + fill(`\u0000`, 30_000) + `"`),
		"needless escapes": events(`"a":"` + fill(`\u0061`, 30_000) + `"`),
		"deep":             events(`"a":` + fill(`[`, 15_000) + fill(`]`, 15_000)),
		"long numbers":     events(`"position":1` + fill(`0`, 30_000)),
		"tiny events":      `{"batch":[` + fill(`{},`, MaxBatchBytes-100) + `{}]}`,
		"no batch":         `{"batch":` + fill(`[`, 9000) + fill(`]`, 9000) + `}`,
		"keys":             `{` + fill(`"batch":[],`, MaxBatchBytes-100) + `"batch":[{}]}`,
	} {
		cost, n, err := decodeCost(body)
		for range 2 { // a collection of garbage empties pools: the least of three says what is needed
			again, _, _ := decodeCost(body)
			cost = min(cost, again)
		}
		if cost > uint64(4*len(body))+512<<10 && !raced {
			t.Errorf("%s: %d bytes for a body of %d (%d events, %v)", name, cost, len(body), n, err)
		}
	}
}

// decodeCost is what decoding a body allocates in all, bytes.
func decodeCost(body string) (cost uint64, events int, err error) {
	var before, after runtime.MemStats
	d, text := NewDecoder(), []byte(body)
	runtime.ReadMemStats(&before)
	err = d.Decode(text, Options{MaxEvents: 10_000}, func(*wire.Item) { events++ })
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, events, err
}
