// Package lakesql asks a lake by SQL: DuckDB, in memory, with the view "events"
// over the files that count. It reads a lake that a server is writing to as well
// as one that nobody has open.
//
// It must not change a lake.
package lakesql
