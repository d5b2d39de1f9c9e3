// Package clickhousetest starts real ClickHouse servers for tests, with settings,
// ports and data of their own, and stops them when the test ends.
//
// It serves tests only, and touches no server that it did not start.
package clickhousetest
