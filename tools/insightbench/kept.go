package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"playhead/internal/insight"
)

// outcome is what the looks at one null world gave. Program is the hash of the
// program that looked: what another one said is not this one's figure.
type outcome struct {
	Program string           `json:"program"`
	Looks   int              `json:"looks"`
	World   int              `json:"world"`
	Kind    string           `json:"kind"`
	Alarmed []insight.Family `json:"alarmed"`
}

// notes keeps outcomes in a file of lines, so that a run can be made in parts and
// goes on where it was stopped. Without a file it keeps nothing.
type notes struct {
	program string
	looks   int
	known   map[int]outcome

	mu   sync.Mutex
	file *os.File
	err  error // the first
}

func openNotes(path string, looks int) (*notes, error) {
	n := &notes{looks: looks, known: map[int]outcome{}}
	if path == "" {
		return n, nil
	}
	var err error
	if n.program, err = programHash(); err != nil {
		return nil, fmt.Errorf("tell this program from another: %w", err)
	}
	if err := n.read(path); err != nil {
		return nil, fmt.Errorf("read kept outcomes: %w", err)
	}
	if n.file, err = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err != nil {
		return nil, fmt.Errorf("keep outcomes: %w", err)
	}
	return n, nil
}

// read takes what this program said, of as many looks. The last line may have
// been cut by whoever stopped the run.
func (n *notes) read(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var o outcome
		if json.Unmarshal(lines.Bytes(), &o) == nil && o.Program == n.program && o.Looks == n.looks {
			n.known[o.World] = o
		}
	}
	return nil
}

// outcome is the kept one, else that of look.
func (n *notes) outcome(world int, look func() outcome) outcome {
	if o, ok := n.known[world]; ok {
		return o
	}
	o := look()
	o.Program, o.Looks, o.World = n.program, n.looks, world
	if n.file == nil {
		return o
	}
	line, err := json.Marshal(o)
	n.mu.Lock()
	defer n.mu.Unlock()
	if err == nil {
		_, err = n.file.Write(append(line, '\n'))
	}
	if n.err == nil {
		n.err = err
	}
	return o
}

// close says whether all was kept.
func (n *notes) close() error {
	if n.file == nil {
		return nil
	}
	return errors.Join(n.err, n.file.Close())
}

func programHash() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}
