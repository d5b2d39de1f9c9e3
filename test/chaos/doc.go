// Package chaos breaks an installation on Kafka, and on ClickHouse where there is one,
// while an audience is sent to it, in ways that a seed decides, and has `playhead verify`
// compare every figure at the end. What it runs is real: brokers, database, processes,
// network namespaces, signals.
//
// It must not know how Playhead works.
package chaos
