package rollup

import (
	"strings"
	"unsafe"

	"playhead/internal/fact"
)

const playBytes = int64(unsafe.Sizeof(fact.Play{}))

// arena holds what finished plays point at, in few large pieces.
type arena struct {
	intervals copies[fact.Interval]
	cover     copies[fact.Coverage]
	texts     map[string]string
}

// text is a copy of a string, the same for equal ones.
func (a *arena) text(s string) string {
	if s == "" {
		return ""
	}
	if own, ok := a.texts[s]; ok {
		return own
	}
	if a.texts == nil {
		a.texts = map[string]string{}
	}
	s = strings.Clone(s)
	a.texts[s] = s
	return s
}

// copies hands out copies of short slices from long ones.
type copies[T any] struct{ free []T }

func (p *copies[T]) copy(list []T) []T {
	if len(list) == 0 {
		return nil
	}
	if len(p.free) < len(list) {
		p.free = make([]T, max(1024, len(list)))
	}
	own := p.free[:len(list):len(list)]
	p.free = p.free[len(list):]
	copy(own, list)
	return own
}
