package catalog

import (
	"sort"
	"strings"
)

// nameIndex finds names by a part of them: all of them, without regard to case, in one
// text, so that one search goes through them all.
type nameIndex struct {
	text string
	ends []int // of each title's name in the text, the line end that is behind it included
}

func indexNames(titles []Title) (x nameIndex) {
	var b strings.Builder
	x.ends = make([]int, len(titles))
	for i := range titles {
		b.WriteString(foldName(titles[i].Name))
		b.WriteByte('\n')
		x.ends[i] = b.Len()
	}
	x.text = b.String()
	return x
}

// foldName is a name without regard to case, on one line.
func foldName(s string) string { return strings.ReplaceAll(strings.ToLower(s), "\n", " ") }

// Named are up to limit titles whose name has the text in it, whatever the case: those
// that begin with it first, each part in the order of the catalogue.
func (c *Catalog) Named(text string, limit int) []Title {
	if c == nil || limit <= 0 {
		return nil
	}
	text = foldName(text)
	var begin, within []Title
	for at := 0; at < len(c.names.text) && len(begin) < limit; {
		found := strings.Index(c.names.text[at:], text)
		if found < 0 {
			break
		}
		at += found
		i := sort.SearchInts(c.names.ends, at+1)
		if i == 0 && at == 0 || i > 0 && c.names.ends[i-1] == at {
			begin = append(begin, c.titles[i])
		} else if len(within) < limit {
			within = append(within, c.titles[i])
		}
		at = c.names.ends[i]
	}
	return append(begin, within[:min(len(within), limit-len(begin))]...)
}
