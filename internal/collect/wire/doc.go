// Package wire is what a decoder hands to the collector: an event whose ids are
// still raw text. It must not leave the request it came in.
package wire
