// Package source takes events from Kafka topics that others write: one member of a
// consumer group reads records, makes native events of them by the topic's declared
// format and mapping, and hands them to the intake, which treats them as it does
// those of POST /v1/events. Offsets are committed only when what they cover is
// durable, and a record's place is the id of events that have none, so that a
// record that is read again counts once.
//
// It must not know what an event means, nor stop for a record: what cannot be used
// is counted, shown and put aside. Nothing of a record or a password is logged.
package source
