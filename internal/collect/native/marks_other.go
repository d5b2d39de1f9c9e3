//go:build !amd64

package native

// mark marks the whole blocks of text, and reports whether all of it is ASCII.
func mark(text []byte, marks []uint64) (ascii bool) { return markWords(text, marks) }
