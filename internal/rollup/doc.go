// Package rollup turns facts into mergeable partial aggregates: which
// dimensions and measures a roll-up keeps, the cells of an in-memory
// generation, and the physical scan that both a generation and a warehouse
// answer.
//
// It is pure: it must not know a clock, a file, a network or SQL.
package rollup
