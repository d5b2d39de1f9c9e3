// Package event is the canonical Playhead event: its fields, types, validation
// and the record codec that the log stores. Every wire format is decoded into
// it and everything downstream reads nothing else.
//
// It must not know a clock, a file or a network, and it must never hold a raw
// viewer id, session id or IP address: the collector turns those into a
// ViewerKey or a Ref before an Event leaves its request.
package event
