// Package avro decodes native events written as Avro: object container files,
// whose schema stands in front, and single objects of the published schema. A
// record is written out as the JSON that it stands for, field by field under the
// writer's names, and goes through the native decoder: one set of rules for
// both, and a schema of one's own needs only the same names.
//
// A writer's schema is a stranger's program. It is walked with bounds on depth
// and size here, and not by a library that trusts it. The package knows no keys,
// clock or HTTP.
package avro
