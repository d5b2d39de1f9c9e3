package simulate

import (
	"strings"
	"testing"

	"playhead/internal/catalog"
)

// testBase is 2026-11-20T18:00:00Z.
const testBase = int64(1_795_197_600_000)

func generateAll(t testing.TB, seed uint64, length, viewers, events int64) (*generator, []string) {
	t.Helper()
	g := newGenerator(newWorld(seed, catalog.Demo(1).Titles()), seed, testBase, length, viewers, events)
	var out []string
	if err := g.run(func(d delivery) error {
		out = append(out, string(d.body))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return g, out
}

func TestExactNumberOfEvents(t *testing.T) {
	for _, n := range []int64{1, 50, 1000, 20_000} {
		g, out := generateAll(t, 7, 3*hourMS, 5000, n)
		if g.events != n || int64(len(out)) != n+g.repeats {
			t.Errorf("%d events wanted: %d generated, %d delivered with %d repeats", n, g.events, len(out), g.repeats)
		}
		kinds := map[string]int{}
		for _, e := range out {
			kinds[strings.SplitN(e, `"`, 5)[3]]++
		}
		t.Logf("n=%d plays=%d late=%d repeats=%d %v", n, g.plays, g.late, g.repeats, kinds)
	}
}
