// Package catalog is what there is to watch: titles, their creatives, cast,
// genres and runtimes, as an immutable snapshot, and the artwork that is drawn
// for titles which have no pictures of their own.
//
// It must not know who watches, nor change a snapshot after it was made: a new
// catalogue is a new Catalog.
package catalog
