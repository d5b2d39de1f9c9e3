package journey

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// showKind is the kind of label that says which show a title is of.
const showKind = "show"

// Title is what the journey needs to know of a title of the catalogue.
type Title struct {
	ID string
	// Show is the series that an episode, or a season, is of; Season the season
	// that an episode is of. "" none.
	Show, Season string
	// RuntimeMS is how long it plays, 0 unknown.
	RuntimeMS int64
	// Labels are sorted lines "kind:value".
	Labels string
}

// Share is how large a share of what the population chooses bears a label, (0,1).
type Share struct {
	Label string // "kind:value"
	Share float64
}

// Catalog is a snapshot of the catalogue, as a control record brings it.
type Catalog struct {
	data    []byte // as it came
	titles  map[string]Title
	seasons map[string]int64 // running time of a season's episodes, ms
	shares  map[string]float64
}

// catalogVersion is the first byte of a control record's data.
const catalogVersion = 1

// maxCatalog bounds titles and labels, maxLabels the labels of one title.
const (
	maxCatalog = 1 << 20
	maxLabels  = 64 << 10
)

// AppendCatalog appends the data of a control record: equal input gives equal
// bytes, whatever its order.
func AppendCatalog(dst []byte, titles []Title, shares []Share) []byte {
	titles, shares = slices.Clone(titles), slices.Clone(shares)
	slices.SortFunc(titles, func(a, b Title) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(shares, func(a, b Share) int { return strings.Compare(a.Label, b.Label) })
	w := writer{data: append(dst, catalogVersion)}
	w.uint(uint64(len(titles)))
	for i := range titles {
		t := &titles[i]
		w.string(t.ID)
		w.text(t.Show)
		w.text(t.Season)
		w.int(t.RuntimeMS)
		n := 0
		if t.Labels != "" {
			n = 1 + strings.Count(t.Labels, "\n")
		}
		w.uint(uint64(n))
		for line := range strings.SplitSeq(t.Labels, "\n") {
			if n > 0 {
				w.text(line)
			}
		}
	}
	w.uint(uint64(len(shares)))
	for _, s := range shares {
		w.text(s.Label)
		w.float(s.Share)
	}
	return w.data
}

// DecodeCatalog reads what AppendCatalog wrote. Errors: ErrState.
func DecodeCatalog(data []byte) (*Catalog, error) {
	r := reader{data: data}
	if v := r.byte(); v != catalogVersion {
		return nil, fmt.Errorf("%w: catalogue of version %d, this build reads %d", ErrState, v, catalogVersion)
	}
	c := &Catalog{data: bytes.Clone(data), titles: map[string]Title{}, seasons: map[string]int64{}, shares: map[string]float64{}}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		t := Title{ID: r.string(), Show: r.text(), Season: r.text(), RuntimeMS: r.int()}
		var lines []string
		for k := r.count(); k > 0 && r.err == nil; k-- {
			lines = append(lines, r.text())
		}
		t.Labels = strings.Join(lines, "\n")
		c.titles[t.ID] = t
		if t.Season != "" {
			c.seasons[t.Season] += max(0, t.RuntimeMS)
		}
		if len(c.titles) > maxCatalog || len(t.Labels) > maxLabels {
			r.fail(errRange)
		}
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		label := r.text()
		c.shares[label] = r.float()
	}
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	return c, nil
}

// Alike reports whether two control records have the same titles and the same
// labels with shares, each of which is less than factor times the other; 0 does
// not look at the shares. What cannot be read is like nothing.
func Alike(a, b []byte, factor float64) bool {
	one, err := DecodeCatalog(a)
	if err != nil {
		return false
	}
	other, err := DecodeCatalog(b)
	if err != nil || !maps.Equal(one.titles, other.titles) {
		return false
	}
	return factor == 0 || maps.EqualFunc(one.shares, other.shares, func(p, q float64) bool { return p < q*factor && q < p*factor })
}

func (c *Catalog) labels(title string) string { return c.titles[title].Labels }
func (c *Catalog) show(title string) string   { return c.titles[title].Show }
func (c *Catalog) runtime(title string) int64 { return c.titles[title].RuntimeMS }

// season is the season of an episode and the running time of all of it.
func (c *Catalog) season(title string) (id string, runtime int64) {
	id = c.titles[title].Season
	return id, c.seasons[id]
}
