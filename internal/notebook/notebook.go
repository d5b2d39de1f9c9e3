package notebook

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// FileName is the notebook's name in the data folder.
const FileName = "notebook.json"

// Bounds of what is kept.
const (
	MaxAnnotations = 5000
	MaxViews       = 1000
	maxText        = 400  // runes
	maxPath        = 4096 // bytes
)

var (
	// ErrInvalid: the note as given cannot be kept; the error says why.
	ErrInvalid = errors.New("cannot be kept")
	// ErrUnknown: there is no such note.
	ErrUnknown = errors.New("no such note")
	// ErrFull: there are as many as there may be.
	ErrFull = errors.New("the notebook is full; remove some first")
)

// Kind is what an annotation tells of.
type Kind string

// Kinds of annotations.
const (
	Launch   Kind = "launch"
	Deploy   Kind = "deploy"
	Incident Kind = "incident"
	Note     Kind = "note"
)

// Kinds are all kinds.
func Kinds() []Kind { return []Kind{Launch, Deploy, Incident, Note} }

// Annotation is something that happened at a time.
type Annotation struct {
	ID   string    `json:"id"`
	Time time.Time `json:"time"`
	Kind Kind      `json:"kind"`
	Text string    `json:"text"`
	// Title narrows it to one title; "" is the whole service.
	Title   string    `json:"title,omitempty"`
	By      string    `json:"by"`
	Created time.Time `json:"created"`
}

// View is an address of the dashboard under a name.
type View struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Path begins with / and has the query that holds what is looked at.
	Path    string    `json:"path"`
	By      string    `json:"by"`
	Created time.Time `json:"created"`
}

type document struct {
	Version     int          `json:"version"`
	Annotations []Annotation `json:"annotations"`
	Views       []View       `json:"views"`
}

// Book is an open notebook. It may be used from many goroutines, by one process.
type Book struct {
	path    string
	writing sync.Mutex // held by who changes it; taken before mu
	post    func(name string, record []byte) error
	mu      sync.Mutex
	doc     document
}

// Open reads the notebook of a data folder; none yet is no error.
func Open(dir string) (*Book, error) {
	b := &Book{path: filepath.Join(dir, FileName), doc: document{Version: 1}}
	data, err := os.ReadFile(b.path)
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open the notebook: %w", err)
	}
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&b.doc); err != nil {
		return nil, fmt.Errorf("read the notebook %s: %w", b.path, err)
	}
	if b.doc.Version != 1 {
		return nil, fmt.Errorf("read the notebook %s: version %d is not known to this program", b.path, b.doc.Version)
	}
	return b, nil
}

// Annotations are those of [from, to), oldest first; a zero time is no bound.
func (b *Book) Annotations(from, to time.Time) []Annotation {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := []Annotation{}
	for _, a := range b.doc.Annotations {
		if (from.IsZero() || !a.Time.Before(from)) && (to.IsZero() || a.Time.Before(to)) {
			out = append(out, a)
		}
	}
	slices.SortStableFunc(out, func(x, y Annotation) int { return x.Time.Compare(y.Time) })
	return out
}

// Annotate keeps a, with an id of its own. Errors: ErrInvalid, ErrFull, fs errors.
func (b *Book) Annotate(a Annotation) (Annotation, error) {
	a.Kind = cmp.Or(a.Kind, Note)
	switch {
	case a.Time.IsZero():
		return a, fmt.Errorf("annotation: time is missing: %w", ErrInvalid)
	case !slices.Contains(Kinds(), a.Kind):
		return a, fmt.Errorf("annotation: kind %q is none of %v: %w", a.Kind, Kinds(), ErrInvalid)
	case len(a.Title) > 256:
		return a, fmt.Errorf("annotation: the title's id is longer than 256 bytes: %w", ErrInvalid)
	}
	if err := checkText("annotation: text", a.Text); err != nil {
		return a, err
	}
	a.ID, a.Time = newID(), a.Time.UTC()
	return a, b.change(func(d *document) error {
		if len(d.Annotations) >= MaxAnnotations {
			return fmt.Errorf("annotation: %w", ErrFull)
		}
		d.Annotations = append(d.Annotations, a)
		return nil
	})
}

// RemoveAnnotation takes one out. Errors: ErrUnknown, fs errors.
func (b *Book) RemoveAnnotation(id string) error {
	return b.change(func(d *document) (err error) {
		d.Annotations, err = without(d.Annotations, func(a Annotation) bool { return a.ID == id })
		return err
	})
}

// Views are all saved views by name.
func (b *Book) Views() []View {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := append([]View{}, b.doc.Views...)
	slices.SortStableFunc(out, func(x, y View) int {
		return cmp.Compare(strings.ToLower(x.Name), strings.ToLower(y.Name))
	})
	return out
}

// SaveView keeps v, with an id of its own. Errors: ErrInvalid, ErrFull, fs errors.
func (b *Book) SaveView(v View) (View, error) {
	if err := checkText("view: name", v.Name); err != nil {
		return v, err
	}
	// A path of this server alone: a saved link must not lead elsewhere.
	if !strings.HasPrefix(v.Path, "/") || strings.HasPrefix(v.Path, "//") || strings.HasPrefix(v.Path, "/\\") || len(v.Path) > maxPath {
		return v, fmt.Errorf("view: path must be an address of the dashboard that begins with one / and is at most %d bytes: %w", maxPath, ErrInvalid)
	}
	v.ID = newID()
	return v, b.change(func(d *document) error {
		if len(d.Views) >= MaxViews {
			return fmt.Errorf("view: %w", ErrFull)
		}
		d.Views = append(d.Views, v)
		return nil
	})
}

// RemoveView takes one out. Errors: ErrUnknown, fs errors.
func (b *Book) RemoveView(id string) error {
	return b.change(func(d *document) (err error) {
		d.Views, err = without(d.Views, func(v View) bool { return v.ID == id })
		return err
	})
}

// change applies fn to a copy, and keeps it when it could be written.
func (b *Book) change(fn func(*document) error) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	b.mu.Lock()
	next := document{Version: 1, Annotations: slices.Clone(b.doc.Annotations), Views: slices.Clone(b.doc.Views)}
	before := b.doc.records()
	b.mu.Unlock()
	if err := fn(&next); err != nil {
		return err
	}
	if err := b.tell(before, next.records()); err != nil {
		return fmt.Errorf("tell the other processes of a note: %w", err)
	}
	return b.keep(next)
}

// keep writes a document and goes by it. b.writing is held.
func (b *Book) keep(next document) error {
	if err := write(b.path, next); err != nil {
		return fmt.Errorf("write the notebook: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.doc = next
	return nil
}

func without[T any](list []T, is func(T) bool) ([]T, error) {
	at := slices.IndexFunc(list, is)
	if at < 0 {
		return list, ErrUnknown
	}
	return slices.Delete(list, at, at+1), nil
}

func checkText(what, text string) error {
	n := utf8.RuneCountInString(text)
	switch {
	case strings.TrimSpace(text) == "":
		return fmt.Errorf("%s is empty: %w", what, ErrInvalid)
	case n > maxText || !utf8.ValidString(text):
		return fmt.Errorf("%s has %d characters, at most %d: %w", what, n, maxText, ErrInvalid)
	}
	for _, r := range text {
		if r < ' ' || r == 0x7f {
			return fmt.Errorf("%s has control characters: %w", what, ErrInvalid)
		}
	}
	return nil
}

func newID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	return hex.EncodeToString(b[:])
}

// write replaces the file as a whole, durably, readable by its owner alone.
func write(path string, doc document) (err error) {
	data, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+FileName+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(append(data, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
