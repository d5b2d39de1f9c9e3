// Package records reads the values of Kafka records: JSON, Avro or Protobuf, with
// the number of their schema in front (Confluent's wire format) or of one schema
// that the operator names. Whatever it was becomes the text of one JSON object
// under the writer's own field names, for a mapping or the native decoder.
//
// A writer's schema and a record are a stranger's program: depth and size are
// bounded. The package knows no Kafka, keys, clock or network: where schemas come
// from is a port.
package records
