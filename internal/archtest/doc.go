// Package archtest holds the rules of the house as a Go test: who may import
// whom, what pure packages must not touch, how long a file may be, and what
// must not be in the tree. The order of the packages is read from the table in
// ARCHITECTURE.md, so that page and rule cannot drift apart.
//
// It must not import any package of the project: it reads their source.
package archtest
