// Package replay reads files of events and sends them to a server, as they
// happened or as history: JSON by lines or as an array, Avro and Parquet, plain
// or compressed. Foreign records become events by a declared mapping.
//
// It is a client: it speaks HTTP only, and must not know how events are decoded,
// stored or counted. Nothing of a record is printed but its number.
package replay
