// Package registry asks a schema registry that speaks Confluent's API for schemas
// by their number, with what they refer to, and remembers them: a schema never
// changes. It registers ours.
//
// It must not know what a schema means, nor tell passwords in its errors.
package registry
