package catalog

import (
	"errors"
	"fmt"
	"slices"
)

// Kind is what sort of thing a title is.
type Kind string

// The kinds of titles. A Live title has no runtime.
const (
	Movie   Kind = "movie"
	Series  Kind = "series"
	Season  Kind = "season"
	Episode Kind = "episode"
	Special Kind = "special"
	Live    Kind = "live"
)

// kinds are all kinds, in the order they are explained to people.
var kinds = []Kind{Movie, Series, Season, Episode, Special, Live}

// Shape is the format of a creative.
type Shape string

// A Poster is upright, 2:3; a Still is wide, 16:9.
const (
	Poster Shape = "poster"
	Still  Shape = "still"
)

// Creative is one piece of artwork of a title.
type Creative struct {
	ID   string `yaml:"id" json:"id"`
	Kind Shape  `yaml:"kind" json:"kind"`
	// Image is where the picture is: an https URL, or the name of a file in the
	// folder artwork of the data folder; "" means that it is drawn.
	Image string `yaml:"image,omitempty" json:"image"`
	// Tags are what is to be seen in it: a face, night, a car.
	Tags []string `yaml:"tags,omitempty" json:"tags,omitempty"`
}

// Title is one thing to watch. Titles are values: a copy shares its slices with
// the snapshot and must not change them.
type Title struct {
	ID   string
	Name string
	Kind Kind
	// Show is the id of the series that an episode or a season belongs to.
	Show string
	Year int
	// RuntimeMS is how long the title plays, in ms; 0 for live.
	RuntimeMS int64
	Genres    []string
	Themes    []string
	Cast      []string
	// Language is BCP 47, Origin is ISO 3166-1 alpha-2.
	Language, Origin string
	// Hue is the colour that drawn artwork starts from, 0–359.
	Hue int
	// Launched is the day the title came to the service, epoch ms.
	Launched int64
	// Launches are the days it came to single countries (ISO 3166-1 alpha-2), epoch
	// ms; it is nowhere else. nil is everywhere, on the day Launched.
	Launches  map[string]int64
	Creatives []Creative
}

// LaunchedIn is the day the title came to a country, epoch ms; ok is false where
// it did not, or nobody knows.
func (t Title) LaunchedIn(country string) (day int64, ok bool) {
	if t.Launches == nil {
		return t.Launched, t.Launched != 0
	}
	day, ok = t.Launches[country]
	return day, ok
}

// Creative is the title's creative with that id.
func (t Title) Creative(id string) (Creative, bool) {
	for _, c := range t.Creatives {
		if c.ID == id {
			return c, true
		}
	}
	return Creative{}, false
}

// First is the title's first creative of a shape, or an unnamed one that can be
// drawn all the same.
func (t Title) First(shape Shape) Creative {
	for _, c := range t.Creatives {
		if c.Kind == shape {
			return c
		}
	}
	return Creative{ID: t.ID + "-" + string(shape), Kind: shape}
}

// Catalog is an immutable snapshot of titles. Its methods may be called from
// many goroutines.
type Catalog struct {
	titles []Title
	index  map[string]int
	names  nameIndex
}

// New makes a snapshot of titles, in their order. It fails with every title
// that cannot be: no id, an id twice, an unknown kind, a negative runtime.
func New(titles []Title) (*Catalog, error) {
	c := &Catalog{titles: slices.Clone(titles), index: make(map[string]int, len(titles))}
	var errs []error
	for i := range c.titles {
		t := &c.titles[i]
		if t.Name == "" {
			t.Name = t.ID
		}
		if err := check(t); err != nil {
			errs = append(errs, fmt.Errorf("title %d: %w", i+1, err))
			continue
		}
		if at, taken := c.index[t.ID]; taken {
			errs = append(errs, fmt.Errorf("title %d: id %q is taken by title %d; ids must differ", i+1, t.ID, at+1))
			continue
		}
		c.index[t.ID] = i
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	c.names = indexNames(c.titles)
	return c, nil
}

func check(t *Title) error {
	switch {
	case t.ID == "":
		return errors.New("has no id; give it the id that players send as title_id")
	case len(t.ID) > 256:
		return fmt.Errorf("id has %d bytes; at most 256", len(t.ID))
	case t.Kind != "" && !slices.Contains(kinds, t.Kind):
		return fmt.Errorf("kind %q is unknown; use one of %v", t.Kind, kinds)
	case t.RuntimeMS < 0:
		return errors.New("runtime is negative; give minutes, or leave it out")
	case t.Hue < 0 || t.Hue > 359:
		return fmt.Errorf("hue %d is not on the colour circle; use 0 to 359", t.Hue)
	}
	return nil
}

// Title looks a title up.
func (c *Catalog) Title(id string) (Title, bool) {
	if c == nil {
		return Title{}, false
	}
	i, ok := c.index[id]
	if !ok {
		return Title{}, false
	}
	return c.titles[i], true
}

// Titles are all titles in the order of the catalogue. The slice must not be
// changed.
func (c *Catalog) Titles() []Title {
	if c == nil {
		return nil
	}
	return c.titles
}

// Len is the number of titles.
func (c *Catalog) Len() int { return len(c.Titles()) }
