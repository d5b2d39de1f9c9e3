package catalog

import (
	"reflect"
	"sync/atomic"
)

// Shelf holds the catalogue that is valid now; another may take its place at any
// time. Its methods may be called from many goroutines.
type Shelf struct{ now atomic.Pointer[Catalog] }

// NewShelf returns a shelf with c on it.
func NewShelf(c *Catalog) *Shelf {
	s := &Shelf{}
	s.now.Store(c)
	return s
}

// Now is the catalogue as it is now; nil and empty are the same.
func (s *Shelf) Now() *Catalog { return s.now.Load() }

// Replace puts another catalogue in its place.
func (s *Shelf) Replace(c *Catalog) { s.now.Store(c) }

// Titles are all titles now. The slice must not be changed.
func (s *Shelf) Titles() []Title { return s.Now().Titles() }

// Title looks a title up, as it is now.
func (s *Shelf) Title(id string) (Title, bool) { return s.Now().Title(id) }

// Diff is what another catalogue would change.
type Diff struct {
	Titles  int `json:"titles" doc:"Titles in the new one."`
	Added   int `json:"added"`
	Changed int `json:"changed"`
	Removed int `json:"removed"`
}

// Compare says what b changes against a.
func Compare(a, b *Catalog) Diff {
	d := Diff{Titles: b.Len()}
	for _, t := range b.Titles() {
		before, ok := a.Title(t.ID)
		switch {
		case !ok:
			d.Added++
		case !reflect.DeepEqual(before, t):
			d.Changed++
		}
	}
	for _, t := range a.Titles() {
		if _, ok := b.Title(t.ID); !ok {
			d.Removed++
		}
	}
	return d
}
