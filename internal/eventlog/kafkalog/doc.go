// Package kafkalog is the log on Kafka: the topics "events" and "facts", and a
// compacted topic of operator state beside them. Any number of collectors append,
// any number of processors share the partitions out among themselves, and anybody
// else may read the topics too.
//
// It must not know what a record means, and it coordinates nothing by itself: who
// works on which partition is what Kafka's consumer group says, and who may commit
// there is what Kafka's transactions say.
//
// # Topics
//
// Named after Options.Prefix, all with the same number of partitions:
//
//	<prefix>events   one record an event, tick, settle or control record
//	<prefix>facts    one record a batch of facts
//	<prefix>state    compacted: 0x00 → progress, 0x01 key → operator state
//
// They are made with the settings that the log relies on (topics.go); topics that
// are there with others are refused.
//
// # Commit
//
// A partition has a transactional id of its own. Claim takes it over: from then on
// whoever had it before is fenced by Kafka, and what it had under way is over. A
// commit is one transaction of the partition: its facts, the states that changed,
// its progress (the truth, in the state topic) and the consumer group's offset (for
// tools that show lag). Partitions are independent: one that moves or fails holds
// up no other.
//
// # State
//
// States are read by key at random, so each process keeps a copy of those of its
// partitions in a Pebble database below Options.Dir: written only after Kafka has
// committed, without a sync, and brought up to date from the state topic by Claim.
// It may be deleted at any time. What has to be read then is bounded by what is alive,
// not by how old the topic is, and not by when a broker compacts it: states whose records
// are old are written again, some with each snapshot, and the progress says from where on
// all of them are (round.go).
//
// # Offsets and times
//
// Offsets grow, with holes: a transaction's marker takes one, and so does what an
// aborted transaction wrote. Read hands out committed records only. Times are those
// at which the leading broker appended (LogAppendTime); another leader's clock may
// be a little behind.
package kafkalog
