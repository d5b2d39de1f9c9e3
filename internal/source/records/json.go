package records

import "context"

// NewJSON reads values that are JSON; a schema's number in front is passed over.
func NewJSON() Decoder { return jsonDecoder{} }

type jsonDecoder struct{}

// JSON is the value itself. Whether it is JSON finds out who reads it.
func (jsonDecoder) JSON(_ context.Context, value []byte) ([]byte, error) {
	if len(value) >= headBytes && value[0] == 0 { // no JSON begins with a zero byte
		return value[headBytes:], nil
	}
	return value, nil
}
