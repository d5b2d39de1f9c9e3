// Package hostile holds the tests of the built binary's door: who may come in,
// by which name and at what rate, and what clients that mean harm can cost.
//
// It must not import the server's packages: it meets the binary as clients do.
package hostile
