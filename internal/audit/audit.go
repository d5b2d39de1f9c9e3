package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// FileName is the audit log's name in the data folder.
const FileName = "audit.jsonl"

// version of a line.
const version = 1

// Entry is one look-up. It names nobody but who looked.
type Entry struct {
	Version int       `json:"v"`
	Time    time.Time `json:"time"`
	// Who is the name of the person or of the token, Role what it may do.
	Who  string `json:"who"`
	Role string `json:"role"`
	// PersonID and KeyID tell which person or token it was; names can be given
	// anew. Both are empty for a browser that the server's own link signed in.
	PersonID string `json:"person_id,omitempty"`
	KeyID    uint32 `json:"key_id,omitempty"`
	// Action is what was done.
	Action string `json:"action"`
	// Viewer is the pseudonym that was looked up, By what was given for it.
	Viewer string `json:"viewer"`
	By     string `json:"by"`
	// From and To are the times that were asked for.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Log is an open audit log. It may be used from many goroutines, by one process.
type Log struct {
	mu   sync.Mutex
	file *os.File
}

// Open opens or makes the audit log of a data folder. What a crash left of a last
// line stays, and is ended, so that the next line is whole.
func Open(dir string) (*Log, error) {
	f, err := os.OpenFile(filepath.Join(dir, FileName), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the audit log: %w", err)
	}
	l := &Log{file: f}
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil && size > 0 {
		last := make([]byte, 1)
		if _, err = f.ReadAt(last, size-1); err == nil && last[0] != '\n' {
			err = l.write([]byte("\n"))
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the audit log: %w", err), f.Close())
	}
	return l, nil
}

// Append writes an entry, and returns once it is durable.
func (l *Log) Append(e Entry) error {
	e.Version = version
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.write(append(line, '\n')); err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return nil
}

func (l *Log) write(line []byte) error {
	if _, err := l.file.Write(line); err != nil {
		return err
	}
	return l.file.Sync()
}

// entryBytes is about the most that an entry takes.
const entryBytes = 1 << 10

// Recent are the last entries, at most n, the newest first. Lines that no entry
// can be read from (a crash cut them short, a newer program wrote them) are
// counted, not given.
func (l *Log) Recent(n int) (list []Entry, unread int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	size, err := l.file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, 0, fmt.Errorf("read the audit log: %w", err)
	}
	from := max(0, size-int64(n+1)*entryBytes)
	data := make([]byte, size-from)
	if _, err := l.file.ReadAt(data, from); err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, fmt.Errorf("read the audit log: %w", err)
	}
	lines := bytes.Split(bytes.TrimRight(data, "\n"), []byte("\n"))
	if from > 0 {
		lines = lines[1:] // begins before what was read
	}
	for i := len(lines) - 1; i >= 0 && len(list) < n; i-- {
		var e Entry
		switch {
		case len(lines[i]) == 0:
		case json.Unmarshal(lines[i], &e) != nil || e.Version != version:
			unread++
		default:
			list = append(list, e)
		}
	}
	return list, unread, nil
}

// Close lets go of the file.
func (l *Log) Close() error { return l.file.Close() }
