package access

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// Versions of the files: the first had no checksum.
const (
	versionBare = 1
	version     = 2
)

// errSum: a file is not what was written.
var errSum = errors.New(`it does not match its checksum: a byte is damaged, or it was edited by hand. ` +
	`Take it from a copy; or, if all of it is what you mean, set "version" to 1 and remove "sum": the next change writes a new one`)

// sealed is what both files begin with. Sum is that of the content (xxHash64, in
// hexadecimal), so that a file may be laid out anew.
type sealed struct {
	Version int    `json:"version"`
	Sum     string `json:"sum,omitempty"`
}

// seal makes the file of a document that s is part of.
func (s *sealed) seal(doc any) ([]byte, error) {
	s.Version, s.Sum = version, ""
	sum, err := sumOf(doc)
	if err != nil {
		return nil, err
	}
	s.Sum = sum
	data, err := json.MarshalIndent(doc, "", "  ")
	return append(data, '\n'), err
}

// open reads what seal made into the document that s is part of, or a file of
// before there were checksums. Errors: ErrInvalid of a version that is not known.
func (s *sealed) open(data []byte, doc any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields() // such as the sum's, when its name is damaged
	if err := dec.Decode(doc); err != nil {
		if s.Version > version {
			return s.unknown()
		}
		return err
	}
	sum := s.Sum
	switch {
	case s.Version < versionBare || s.Version > version:
		return s.unknown()
	case s.Version == versionBare && sum == "":
		return nil
	}
	s.Sum = ""
	defer func() { s.Sum = sum }()
	if again, err := sumOf(doc); err != nil || s.Version != version || again != sum {
		return errors.Join(err, errSum)
	}
	return nil
}

func (s *sealed) unknown() error {
	return fmt.Errorf("version %d is not known to this program: %w", s.Version, ErrInvalid)
}

func sumOf(doc any) (string, error) {
	data, err := json.Marshal(doc)
	return fmt.Sprintf("%016x", xxhash.Sum64(data)), err
}
