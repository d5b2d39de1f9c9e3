// Package duck is the embedded warehouse: roll-up cells, retention curves and
// finished plays in one DuckDB file.
//
// A flush appends partial rows and the offsets they reach in one transaction, to
// the finest source that keeps them. Maintain sums finished buckets to coarser
// sources (table rolled tells up to where) and merges partial rows, tier by tier, so
// that a row is rewritten a few times however often its bucket is written. A scan
// reads offsets and cells in one snapshot, sums measures in SQL and merges
// sketches in Go, a few MiB at a time: what the engine holds of an answer it hardly
// counts. Beside each sketch stands its estimate, which prunes a top and answers for
// a group of one cell. Plays whose time lies wholly in one
// bucket are summed in SQL too, since their whole-life measures are stored; the
// others are decoded and cut at the millisecond.
//
// An engine that DuckDB has given up is replaced under its users, and what runs out of
// memory is tried again alone, in smaller pieces, before it is refused.
//
// It must not know the log, metrics or HTTP, and it starts no goroutine.
package duck
