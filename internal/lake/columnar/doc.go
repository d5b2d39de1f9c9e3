// Package columnar writes Parquet files column by column, several times faster
// than a general writer: repeated values, and rows are sorted so that most are,
// cost a comparison. Encodings, thrift and bloom filters are parquet-go's.
//
// It writes flat schemas, zstd, dictionary, delta and plain pages, statistics,
// bloom filters and Parquet modular encryption with one key. It must not know
// what the columns mean.
package columnar
