package catalog

import "testing"

func TestAShelfIsReplacedAsAWhole(t *testing.T) {
	parse := func(text string) *Catalog {
		c, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := parse("titles:\n  - {id: a, name: One}\n  - {id: b, name: Two}\n")
	next := parse("titles:\n  - {id: b, name: Three}\n  - {id: c}\n")
	s := NewShelf(first)
	if got, want := Compare(s.Now(), next), (Diff{Titles: 2, Added: 1, Changed: 1, Removed: 1, Version: next.Version()}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got, want := Compare(first, first), (Diff{Titles: 2, Version: first.Version()}); got != want {
		t.Errorf("of itself: %+v", got)
	}
	if got := Compare(nil, first); got.Added != 2 {
		t.Errorf("of nothing: %+v", got)
	}
	s.Replace(next)
	if _, ok := s.Title("a"); ok {
		t.Error("what is gone is still there")
	}
	if b, ok := s.Title("b"); !ok || b.Name != "Three" || len(s.Titles()) != 2 {
		t.Errorf("%+v", b)
	}
}
