// Package acme has the built binary get its certificate from a real ACME server:
// Pebble, Let's Encrypt's own for tests. It is a module of its own, so that what
// Pebble needs does not become part of Playhead.
//
//	go -C test/acme test ./... -binary "$PWD/bin/playhead"
package acme
