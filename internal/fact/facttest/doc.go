// Package facttest sums facts for tests: streams that say the same, in whatever
// batches and with whatever was taken back on the way, have equal ledgers. It
// must not be imported by anything but tests.
package facttest
