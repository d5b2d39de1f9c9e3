// Package mapping makes events of foreign records by a declared mapping: for
// each field of an event, where in the record its value stands and how it is to
// be read. docs/replay.md describes it for those who write one.
//
// It is pure: it must not know where records come from nor where events go.
package mapping
