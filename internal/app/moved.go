package app

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// movedFile, in a data folder, says that the installation is moving to another house, or
// has. arrivedFile, in the other one's, says where it came from.
const (
	movedFile   = "moved.json"
	arrivedFile = "arrived.json"
)

// moved is what a data folder remembers of a move.
type moved struct {
	// ID is of the installation: it moves to one house only.
	ID        string    `json:"id"`
	Begun     time.Time `json:"begun"`
	To        string    `json:"to"`
	Kafka     []string  `json:"kafka"`
	Prefix    string    `json:"prefix"`
	Warehouse string    `json:"warehouse"`
	// Position is where the logs ended when all of them was processed; "" before.
	Position string `json:"position,omitempty"`
	// Done is when everything was there and compared.
	Done *time.Time `json:"done,omitempty"`
}

// readMoved reads the note of a data folder, nil where there is none.
func readMoved(path string) (*moved, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var m moved
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return &m, nil
}

// keep writes the note, as a whole or not at all, durably.
func (m *moved) keep(path string) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	next := path + ".new"
	f, err := os.OpenFile(next, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.Write(append(data, '\n'))
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func newMoved() *moved { return &moved{ID: rand.Text(), Begun: time.Now().UTC()} }

// refuseMoved keeps a server out of a folder whose installation lives elsewhere.
func refuseMoved(dataDir string) error {
	m, err := readMoved(filepath.Join(dataDir, movedFile))
	switch {
	case err != nil || m == nil:
		return err
	case m.Done == nil && m.Position == "":
		return nil // it was only prepared
	case m.Done == nil:
		return fmt.Errorf("the installation in %s is moving to Kafka (%s*): run playhead migrate again until it is through; to give the move up and serve from here, add --serve-moved", dataDir, m.Prefix)
	}
	return fmt.Errorf("the installation in %s has moved to Kafka (%s*) on %s: serve from there, with --data-dir %s; to serve from here all the same, add --serve-moved: "+
		"what comes in then is nowhere else", dataDir, m.Prefix, m.Done.Format(time.DateTime), m.To)
}
