package catalog

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestNamed: what is found by a part of a name is what a look at each name finds.
func TestNamed(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	syllables := []string{"a", "B", "ab", "É", "\n", " ", "ba", "c"}
	word := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteString(syllables[rng.IntN(len(syllables))])
		}
		return b.String()
	}
	for range 200 {
		var titles []Title
		for i := range rng.IntN(30) {
			titles = append(titles, Title{ID: fmt.Sprint(i), Name: word(1 + rng.IntN(5))})
		}
		c, err := New(titles)
		if err != nil {
			t.Fatal(err)
		}
		text, limit := word(rng.IntN(3)), rng.IntN(8)
		var begin, within []string
		for _, x := range c.Titles() {
			switch at := strings.Index(foldName(x.Name), foldName(text)); {
			case at == 0:
				begin = append(begin, x.ID)
			case at > 0:
				within = append(within, x.ID)
			}
		}
		want := append(begin, within...)
		want = want[:min(len(want), limit)]
		var got []string
		for _, x := range c.Named(text, limit) {
			got = append(got, x.ID)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q up to %d: %v, want %v of %q", text, limit, got, want, c.names.text)
		}
	}
	if (*Catalog)(nil).Named("a", 5) != nil {
		t.Error("found in no catalogue")
	}
}

func BenchmarkNamed(b *testing.B) {
	var titles []Title
	for i := range 20_000 {
		titles = append(titles, Title{ID: fmt.Sprint(i), Name: fmt.Sprintf("Film %05d", i)})
	}
	c, err := New(titles)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c.Named("123", 50)
	}
}
