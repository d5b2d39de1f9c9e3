// Package avrohead is how a record that is Avro names the schema that it is
// written by: by the number that a registry gave it (Confluent's wire format) or by
// its fingerprint (Avro's single-object encoding).
//
// It is pure, and must not know any schema.
package avrohead
