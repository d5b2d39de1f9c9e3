// Package support tells what single plays were like: a viewer's as a timeline of
// states, and the worst behind a figure as a sample. Finished plays come from the
// warehouse, with what has been corrected; open ones from the stored state of the
// processor.
//
// It takes a raw id only to turn it into a pseudonym, keeps none and puts none
// into an error. It must not know HTTP, nor decide who may ask.
package support
