// Package play is the play state machine: events of a viewer in any order
// within the reorder horizon go in, signed facts come out, and the sum of the
// facts never depends on order, duplication, batch cuts or restarts.
//
// How: a play keeps the events of its last 30 s (of its own event time) and
// two folds, one before them (base) and one after them (tip). An event that
// sorts last is folded into the tip and its consequences are emitted. An event
// that sorts earlier takes back what the kept events emitted since the base,
// and emits it anew in the right order. Definitions: CTA-2066 and docs/plays.md.
//
// It is pure: time comes in as a value, state goes out as bytes. It must not
// know a log, a clock, a file or a network.
package play
