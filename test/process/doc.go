// Package process tests the built binary as a process: how it starts, refuses
// to start, takes bad input, stops, is killed and comes back. Run it by
// `make test ONLY="build process"`, or with -binary naming another one.
//
// It must not import any package of the project: it knows what a user knows.
package process
