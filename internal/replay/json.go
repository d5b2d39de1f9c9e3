package replay

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxRecord bounds the text of a record; the server takes no larger event.
const maxRecord = 1 << 20

// newJSONSource tells lines from an array, an envelope and values one after the
// other.
func newJSONSource(text *bufio.Reader) (source, error) {
	if bom, _ := text.Peek(3); bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
		_, _ = text.Discard(3) // peeked
	}
	const look = 256 << 10
	head, err := text.Peek(look)
	if err != nil && err != io.EOF {
		return nil, err
	}
	whole := err == io.EOF
	first := bytes.TrimLeft(head, " \t\r\n")
	switch {
	case len(first) == 0:
		return &lineSource{in: text}, nil
	case isLines(head, whole):
		return &lineSource{in: text}, nil
	case first[0] == '[' || first[0] == '{':
		dec := json.NewDecoder(text)
		return &valueSource{dec: dec, array: first[0] == '['}, nil
	}
	return nil, errFormat
}

// isLines tells lines, of which some may be broken, by one that is an object by
// itself and begins at the margin.
func isLines(head []byte, whole bool) bool {
	for len(head) > 0 {
		line, rest, found := bytes.Cut(head, []byte("\n"))
		if !found && !whole {
			return false
		}
		if line = bytes.TrimRight(line, " \t\r"); len(line) > 0 && line[0] == '{' && json.Valid(line) {
			return !isEnvelope(line)
		}
		head = rest
	}
	return false
}

func isEnvelope(line []byte) bool {
	var e struct {
		Events []json.RawMessage `json:"events"`
		Type   *string           `json:"type"`
	}
	return bytes.Contains(line, []byte(`"events"`)) && json.Unmarshal(line, &e) == nil && e.Events != nil && e.Type == nil
}

// lineSource reads a record a line. A bad line is only itself bad.
type lineSource struct{ in *bufio.Reader }

func (s *lineSource) next() ([]byte, error) {
	for {
		line, err := s.in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = s.in.ReadSlice('\n')
			}
			if err != nil && err != io.EOF {
				return nil, err
			}
			return nil, &RecordError{Code: "too_long", Reason: "the line is longer than 1 MiB"}
		}
		if line = bytes.TrimSpace(line); len(line) == 0 && err == nil {
			continue
		}
		switch {
		case err != nil && (err != io.EOF || len(line) == 0):
			return nil, err
		case !json.Valid(line):
			return nil, &RecordError{Code: "malformed", Reason: "the line is not JSON"}
		}
		return line, nil
	}
}

// valueSource reads an array of records, an envelope with the array "events",
// or values one after the other.
type valueSource struct {
	dec *json.Decoder
	// array: the values stand in one, which was begun.
	array, begun bool
	events       []json.RawMessage
	line         bytes.Buffer
}

func (s *valueSource) next() ([]byte, error) {
	if s.array && !s.begun {
		s.begun = true
		if _, err := s.dec.Token(); err != nil { // the bracket
			return nil, damaged(err)
		}
	}
	if len(s.events) > 0 {
		record := s.events[0]
		s.events = s.events[1:]
		return s.compact(record)
	}
	if s.array && !s.dec.More() {
		if _, err := s.dec.Token(); err != nil {
			return nil, damaged(err)
		}
		return nil, io.EOF
	}
	var record json.RawMessage
	if err := s.dec.Decode(&record); err != nil {
		if err == io.EOF && !s.array {
			return nil, io.EOF
		}
		return nil, damaged(err)
	}
	if !s.array && isEnvelope(record) {
		var e struct {
			Events []json.RawMessage `json:"events"`
		}
		if err := json.Unmarshal(record, &e); err != nil {
			return nil, damaged(err)
		}
		s.events = e.Events
		return s.next()
	}
	return s.compact(record)
}

func (s *valueSource) compact(record []byte) ([]byte, error) {
	if len(record) > maxRecord {
		return nil, &RecordError{Code: "too_long", Reason: "the record is longer than 1 MiB"}
	}
	s.line.Reset()
	if err := json.Compact(&s.line, record); err != nil {
		return nil, &RecordError{Code: "malformed", Reason: "the record is not JSON"}
	}
	return s.line.Bytes(), nil
}

func damaged(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("not JSON from here on: %w", err)
}
