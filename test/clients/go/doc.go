// Package clients drives Go clients that nobody here wrote against the built
// binary and asserts on the plays that come out. It is a module of its own, so
// that what they need does not become part of Playhead.
//
//	go -C test/clients/go test ./... -binary "$PWD/bin/playhead"
package clients
