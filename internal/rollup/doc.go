// Package rollup turns facts into mergeable partial aggregates: which
// dimensions and measures a roll-up keeps, the cells of an in-memory
// generation, and the physical scan that both a generation and a warehouse
// answer.
//
// A generation guards itself with one lock, held for a batch by the writer and
// for a scan by readers. That keeps batches whole for every scan without
// copying cells; it stays cheap because generations are small: the store seals
// one and opens the next after some MiB, and a sealed one has no writer to hold
// up. So a writer waits for the scan of a few ten thousand cells at most, about
// a millisecond.
//
// It is pure: it must not know a clock, a file, a network or SQL.
package rollup
