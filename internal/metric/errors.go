package metric

import (
	"fmt"
	"slices"
	"strings"

	"playhead/internal/spell"
)

// FieldError is one thing that is wrong with a query.
type FieldError struct {
	Field   string // e.g. "where[0].dimension"; "" is the query as a whole
	Code    string // json, type, unknown, required, invalid, range, limit
	Message string
}

func (e FieldError) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return e.Field + ": " + e.Message
}

// QueryError says everything that is wrong with a query.
type QueryError struct{ Fields []FieldError }

func (e *QueryError) Error() string {
	parts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		parts[i] = f.Error()
	}
	return "query: " + strings.Join(parts, "; ")
}

// problems collects field errors.
type problems []FieldError

func (p *problems) add(field, code, format string, args ...any) {
	*p = append(*p, FieldError{Field: field, Code: code, Message: fmt.Sprintf(format, args...)})
}

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return &QueryError{Fields: p}
}

// didYouMean is "; did you mean x?" for the nearest of the known names, or ""
// when none is near.
func didYouMean(name string, known []string) string {
	near := spell.Nearest(strings.ToLower(name), known)
	if near == "" {
		return ""
	}
	return "; did you mean " + near + "?"
}

// clip keeps what a client wrote short enough to be said back.
func clip(s string) string {
	if len(s) > 64 {
		return strings.ToValidUTF8(s[:64], "") + "…"
	}
	return s
}

func names[T any](all []T, name func(T) string) []string {
	out := make([]string, len(all))
	for i, v := range all {
		out[i] = name(v)
	}
	return out
}

func list(known []string) string {
	return strings.Join(slices.Clone(known), ", ")
}
