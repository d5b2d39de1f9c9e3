// Package layout is what warehouses in SQL have in common: the names of their
// tables and columns, which source holds the cells of which time, what stands in
// a cell beside its sketches, and how plays and curves are written as bytes.
//
// It is pure: no database, clock or file. What is written by its codecs is on
// disk in every installation, so that they may only be added to.
package layout
