package study

import (
	"encoding/json"
	"fmt"
)

// Answer is a list of findings. Nobody may change one that was given: it may be given
// to others.
type Answer struct {
	Rows []Row       `json:"rows"`
	Meta InsightMeta `json:"meta"`

	written []byte // the rows as JSON, where the answer is kept
}

// write writes the rows once for all who ask. Rows that cannot be written are told to
// whoever asks for them.
func (a *Answer) write() {
	if rows, err := json.Marshal(a.Rows); err == nil {
		a.written = rows
	}
}

// JSON writes an answer as encoding/json would, the rows of one that is kept as they
// were written before.
func (a *Answer) JSON() ([]byte, error) {
	rows := a.written
	if rows == nil {
		var err error
		if rows, err = json.Marshal(a.Rows); err != nil {
			return nil, fmt.Errorf("write the rows of an answer: %w", err)
		}
	}
	meta, err := json.Marshal(&a.Meta)
	if err != nil {
		return nil, fmt.Errorf("write what is known of an answer: %w", err)
	}
	b := make([]byte, 0, len(rows)+len(meta)+20)
	b = append(append(b, `{"rows":`...), rows...)
	b = append(append(b, `,"meta":`...), meta...)
	return append(b, '}'), nil
}
