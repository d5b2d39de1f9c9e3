// Package eventlog is the port to the two durable logs, "events" and "facts",
// and the conformance suite that every driver passes. Drivers live below it:
// pebblelog on one machine.
//
// It must not know what a record means, apart from the moment at which the log
// received it.
package eventlog
