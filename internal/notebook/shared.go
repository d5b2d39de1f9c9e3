package notebook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Several processes of an installation have the same notebook. Each keeps it in its own
// file as ever; what changes in one of them goes to the others as records, one a note.
const (
	annotationRecord = "annotation/"
	viewRecord       = "view/"
)

// Records are all notes by the name of their record.
func (b *Book) Records() map[string][]byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.doc.records()
}

func (d *document) records() map[string][]byte {
	out := map[string][]byte{}
	for _, a := range d.Annotations {
		out[annotationRecord+a.ID], _ = json.Marshal(a) // texts and times always marshal
	}
	for _, v := range d.Views {
		out[viewRecord+v.ID], _ = json.Marshal(v)
	}
	return out
}

// Share has post told of each change before it is kept: nil is a note that was taken
// out. What post refuses is not changed.
func (b *Book) Share(post func(name string, record []byte) error) { b.post = post }

// Replace goes by what other processes know, in place of what the file says. now is
// asked when nobody changes anything. Errors: a record that is no note, fs errors.
func (b *Book) Replace(now func() map[string][]byte) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	told, have := now(), b.Records()
	if same(have, told) {
		return nil
	}
	next := document{Version: 1}
	for name, data := range told {
		var err error
		if strings.HasPrefix(name, viewRecord) {
			var v View
			err = json.Unmarshal(data, &v)
			next.Views = append(next.Views, v)
		} else {
			var a Annotation
			err = json.Unmarshal(data, &a)
			next.Annotations = append(next.Annotations, a)
		}
		if err != nil {
			return fmt.Errorf("%s of another process: %w", name, err)
		}
	}
	slices.SortFunc(next.Annotations, func(x, y Annotation) int { return x.Created.Compare(y.Created) })
	slices.SortFunc(next.Views, func(x, y View) int { return x.Created.Compare(y.Created) })
	return b.keep(next)
}

func same(a, b map[string][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for name := range a {
		if !bytes.Equal(a[name], b[name]) {
			return false
		}
	}
	return true
}

// tell posts what is not as it was.
func (b *Book) tell(before, after map[string][]byte) error {
	if b.post == nil {
		return nil
	}
	for name, data := range after {
		if bytes.Equal(before[name], data) {
			continue
		}
		if err := b.post(name, data); err != nil {
			return err
		}
	}
	for name := range before {
		if after[name] != nil {
			continue
		}
		if err := b.post(name, nil); err != nil {
			return err
		}
	}
	return nil
}
