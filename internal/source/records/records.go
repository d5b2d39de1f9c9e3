package records

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
)

// Codes of what can be wrong with a value as a whole.
const (
	CodeMalformed     = "malformed"      // it is not what its format allows
	CodeUnframed      = "unframed"       // no number of a schema stands in front of it
	CodeUnknownSchema = "unknown_schema" // the registry has no such schema, or it cannot be used
)

// Error is a value that cannot be read, now or later; the next ones may be.
// Reason tells nothing of what is in it.
type Error struct{ Code, Reason string }

// Error is the reason.
func (e *Error) Error() string { return e.Code + ": " + e.Reason }

// Decoder reads the values of one topic. It must not be used by two goroutines at
// once.
type Decoder interface {
	// JSON is the text of a value, good until the next call or the value changes.
	// Errors: *Error for a value that cannot be read; any other may pass, such as
	// that of a registry that is away, and the value is worth another try.
	JSON(ctx context.Context, value []byte) ([]byte, error)
}

// Schema is what a registry knows under a number.
type Schema struct {
	// Kind is AVRO, PROTOBUF or JSON.
	Kind string
	Text string
	// Referred are the schemas that it names, each behind those that it names
	// itself.
	Referred []Referred
}

// Referred is a schema under the name that others know it by.
type Referred struct{ Name, Text string }

// ErrNoSchema: the registry has no schema of this number.
var ErrNoSchema = errors.New("the registry has no such schema")

// Schemas finds schemas by number. Errors: ErrNoSchema; any other may pass.
type Schemas interface {
	Schema(ctx context.Context, id int32) (*Schema, error)
}

// headBytes is what Confluent's wire format puts in front: a zero and the number
// of the schema, big-endian.
const headBytes = 5

// head takes the number of the schema from a value.
func head(value []byte) (id int32, rest []byte, err error) {
	if len(value) < headBytes || value[0] != 0 {
		return 0, nil, &Error{CodeUnframed, "the value does not begin with a zero and the number of its schema, as Confluent's serialisers write it"}
	}
	return int32(binary.BigEndian.Uint32(value[1:headBytes])), value[headBytes:], nil
}

// maxPlans bounds the schemas of one topic that are kept ready.
const maxPlans = 1000

// plans keeps what was made of schemas, by number: a schema never changes.
type plans[T any] struct {
	schemas Schemas
	kind    string
	make    func(ctx context.Context, s *Schema) (T, error)
	known   map[int32]T
	useless map[int32]*Error
}

func newPlans[T any](schemas Schemas, kind string, make func(context.Context, *Schema) (T, error)) plans[T] {
	return plans[T]{schemas: schemas, kind: kind, make: make, known: map[int32]T{}, useless: map[int32]*Error{}}
}

// of is what was made of the schema with this number.
func (p *plans[T]) of(ctx context.Context, id int32) (T, error) {
	if known, ok := p.known[id]; ok {
		return known, nil
	}
	var none T
	if bad := p.useless[id]; bad != nil {
		return none, bad
	}
	s, err := p.schemas.Schema(ctx, id)
	if errors.Is(err, ErrNoSchema) {
		// It is not remembered here: schemas are registered.
		return none, &Error{CodeUnknownSchema, fmt.Sprintf("the registry has no schema %d", id)}
	}
	if err != nil {
		return none, fmt.Errorf("look up schema %d: %w", id, err)
	}
	bad := &Error{CodeUnknownSchema, fmt.Sprintf("schema %d is one of %s, not %s", id, s.Kind, p.kind)}
	if s.Kind == p.kind {
		made, err := p.make(ctx, s)
		if err == nil {
			if len(p.known) >= maxPlans {
				clear(p.known)
			}
			p.known[id] = made
			return made, nil
		}
		if ctx.Err() != nil {
			return none, ctx.Err()
		}
		bad.Reason = fmt.Sprintf("schema %d cannot be used: %v", id, err)
	}
	if len(p.useless) >= maxPlans {
		clear(p.useless)
	}
	p.useless[id] = bad
	return none, bad
}
