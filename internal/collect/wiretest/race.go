//go:build race

package wiretest

// raced: the race detector allocates, too.
const raced = true
