package warehouse

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"playhead/internal/rollup"
)

// valueIndex keeps the values of dimensions in memory, sorted as people look
// for them: without regard to case.
type valueIndex struct {
	mu   sync.RWMutex
	dims [rollup.DimensionCount][]value
}

type value struct{ folded, text string }

func compareValues(a, b value) int {
	return cmp.Or(strings.Compare(a.folded, b.folded), strings.Compare(a.text, b.text))
}

// load makes the list of a dimension.
func (x *valueIndex) load(d rollup.Dimension, texts []string) {
	list := make([]value, 0, len(texts))
	for _, t := range texts {
		if t != "" {
			list = append(list, value{strings.ToLower(t), t})
		}
	}
	slices.SortFunc(list, compareValues)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.dims[d] = slices.Compact(list)
}

func (x *valueIndex) add(d rollup.Dimension, text string) {
	if text == "" {
		return
	}
	v := value{strings.ToLower(text), text}
	x.mu.Lock()
	defer x.mu.Unlock()
	if i, found := slices.BinarySearchFunc(x.dims[d], v, compareValues); !found {
		x.dims[d] = slices.Insert(x.dims[d], i, v)
	}
}

func (x *valueIndex) find(d rollup.Dimension, prefix string, limit int) []string {
	prefix = strings.ToLower(prefix)
	x.mu.RLock()
	defer x.mu.RUnlock()
	list := x.dims[d]
	at, _ := slices.BinarySearchFunc(list, value{folded: prefix}, compareValues)
	out := []string{}
	for _, v := range list[at:] {
		if len(out) >= limit || !strings.HasPrefix(v.folded, prefix) {
			break
		}
		out = append(out, v.text)
	}
	return out
}
