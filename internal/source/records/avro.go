package records

import (
	"context"

	"playhead/internal/collect/avro"
)

// avroKind is what registries call it.
const avroKind = "AVRO"

// NewAvro reads Avro whose schema's number stands in front.
func NewAvro(schemas Schemas) Decoder {
	return &avroDecoder{plans: newPlans(schemas, avroKind, func(_ context.Context, s *Schema) (*avro.Writer, error) {
		var referred [][]byte
		for _, r := range s.Referred {
			referred = append(referred, []byte(r.Text))
		}
		return avro.ParseWriter([]byte(s.Text), referred...)
	})}
}

// NewAvroOf reads Avro of one schema; framed says that a number stands in front
// all the same. Errors: a schema that cannot be used.
func NewAvroOf(schema []byte, framed bool) (Decoder, error) {
	w, err := avro.ParseWriter(schema)
	if err != nil {
		return nil, err
	}
	return &avroDecoder{only: w, framed: framed}, nil
}

type avroDecoder struct {
	plans  plans[*avro.Writer]
	only   *avro.Writer // nil where the registry is asked
	framed bool
	text   []byte
}

// JSON reads the value by its writer's schema.
func (d *avroDecoder) JSON(ctx context.Context, value []byte) (text []byte, err error) {
	w := d.only
	if w == nil || d.framed {
		var id int32
		if id, value, err = head(value); err != nil {
			return nil, err
		}
		if w == nil {
			if w, err = d.plans.of(ctx, id); err != nil {
				return nil, err
			}
		}
	}
	if d.text, err = w.JSON(d.text[:0], value); err != nil {
		return nil, &Error{CodeMalformed, "the value is not Avro of its schema: " + err.Error()}
	}
	return d.text, nil
}
