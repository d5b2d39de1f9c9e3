// Package clickhouse is the warehouse for when one machine is not enough: roll-up
// cells, retention curves and finished plays in a ClickHouse server or cluster,
// over its native protocol, from 18.16 on.
//
// ClickHouse has no transactions, so that this is how a flush is all there or not
// at all: whatever belongs together is written as a run, rows with the same number
// in each table they go to, and nobody looks at a run before a commit names it.
// A commit is one row that holds the whole state: the offsets reached, the runs of
// each table that count, and how many rows each has on each shard. A reader takes
// one state, asks a replica whether it has all rows of the runs in it, and reads
// those alone: that is its snapshot, over any number of queries and tables.
//
// What is in doubt is left behind and written anew under another number: a block
// that may or may not have arrived is in a run that no commit names. A commit in
// doubt is followed by a later one that says everything too. So no insert is ever
// repeated, and what a server does about equal blocks does not matter. Numbers begin
// with the time of the open that gives them: an older process cannot get in between.
//
// Runs are the tables' partitions. Maintain merges many small ones into one, sums
// finished buckets to coarser sources, and drops runs that no reader can be at.
//
// It must not know the log, metrics or HTTP, and it starts no goroutine that
// outlives a call.
package clickhouse
