package catalog

import (
	"fmt"
	"reflect"
	"sync/atomic"

	"github.com/zeebo/xxh3"
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

// Named are titles by a part of their name, as they are now; see Catalog.Named.
func (s *Shelf) Named(text string, limit int) []Title { return s.Now().Named(text, limit) }

// Title looks a title up, as it is now.
func (s *Shelf) Title(id string) (Title, bool) { return s.Now().Title(id) }

// Diff is what another catalogue would change.
type Diff struct {
	Titles  int `json:"titles" doc:"Titles in the new one."`
	Added   int `json:"added"`
	Changed int `json:"changed"`
	Removed int `json:"removed"`
	// Version is a hash of the catalogue's contents.
	Version string `json:"version" doc:"Hash of the new one's contents: equal catalogues have equal versions."`
}

// Compare says what b changes against a.
func Compare(a, b *Catalog) Diff {
	d := Diff{Titles: b.Len(), Version: b.Version()}
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

// Version is a hash of what is in the catalogue.
func (c *Catalog) Version() string {
	text, err := Encode(c)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%016x", xxh3.Hash(text))
}
