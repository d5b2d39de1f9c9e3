package fact

import "strings"

// Label calls fn for each "kind:value" line of Dims.Labels or of a taste; fn
// returns false to stop. The parts are of lines: nothing is allocated.
func Label(lines string, fn func(kind, value string) bool) {
	for lines != "" {
		line := lines
		if i := strings.IndexByte(lines, '\n'); i >= 0 {
			line, lines = lines[:i], lines[i+1:]
		} else {
			lines = ""
		}
		if kind, value, ok := strings.Cut(line, ":"); ok && !fn(kind, value) {
			return
		}
	}
}
