// Package process runs the play state machine over the partitions of the log
// "events" and hands facts over to the log "facts", exactly once.
//
// An epoch reads a range of events of every partition, folds it, and writes
// facts and the new offset in one atomic durable commit. State is snapshotted
// less often, by the cost of replaying; after a crash events are replayed from
// the snapshot and what they say is suppressed up to the committed offset.
//
// It must not know what a play is made of (package play) nor how a log stores
// things (the drivers of package eventlog).
package process
