// Package duck is the embedded warehouse: roll-up cells, retention curves and
// finished plays in one DuckDB file.
//
// A flush appends partial rows and the offsets they reach in one transaction;
// Maintain later merges the partial rows of a bucket into one row a cell. A scan
// reads offsets and cells in one snapshot, sums measures in SQL and merges
// sketches in Go while the rows come by. Plays whose time lies wholly in one
// bucket are summed in SQL too, since their whole-life measures are stored; the
// others are decoded and cut at the millisecond.
//
// It must not know the log, metrics or HTTP, and it starts no goroutine.
package duck
