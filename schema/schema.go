// Package schema holds the published schemas of the native event: Avro and JSON
// Schema. It must not know how they are used; internal/collect/avro proves that
// they and the decoders agree.
package schema

import _ "embed"

// EventAvro is event.avsc.
//
//go:embed event.avsc
var EventAvro []byte

// EventJSON is event.schema.json.
//
//go:embed event.schema.json
var EventJSON []byte
