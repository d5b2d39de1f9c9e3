package access

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// Several processes of an installation have the same keys and people. Each keeps them
// in its own files as ever; what changes in one of them goes to the others as records,
// one a key or person, which hold what the files hold: hashes, never a secret.

// Records are all keys, by id.
func (s *Store) Records() map[string][]byte {
	out := map[string][]byte{}
	for _, k := range s.List() {
		out[strconv.FormatUint(uint64(k.ID), 10)] = record(k)
	}
	return out
}

// Adopt takes keys of other processes into the file. Keys are only ever added and
// revoked, so that it does not matter who tells of which first: what is revoked
// anywhere is revoked. Errors: ErrInvalid of a record that is no key, fs errors.
func (s *Store) Adopt(records map[string][]byte) error {
	var told []Key
	for id, data := range records {
		var k Key
		if err := json.Unmarshal(data, &k); err != nil || k.ID == 0 {
			return fmt.Errorf("key %s of another process: %w", id, errors.Join(ErrInvalid, err))
		}
		if _, err := k.secretHash(); err != nil {
			return err
		}
		told = append(told, k)
	}
	slices.SortFunc(told, func(a, b Key) int { return a.Created.Compare(b.Created) })
	if _, changed := merge(s.List(), told); !changed {
		return nil
	}
	return s.change(func(keys []Key) ([]Key, error) {
		keys, _ = merge(keys, told)
		return keys, nil
	})
}

// merge adds what is told to keys, and revokes what is revoked there.
func merge(keys, told []Key) (all []Key, changed bool) {
	all = slices.Clone(keys)
	for _, k := range told {
		at := slices.IndexFunc(all, func(x Key) bool { return x.ID == k.ID })
		switch {
		case at < 0:
			all, changed = append(all, k), true
		case all[at].Active() && !k.Active() || !all[at].Active() && !k.Active() && k.Revoked.Before(*all[at].Revoked):
			all[at].Revoked, changed = k.Revoked, true
		}
	}
	return all, changed
}

// Records are all people, by id.
func (p *People) Records() map[string][]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return records(p.list)
}

// Share has post told of each change before it is kept: nil is somebody who was
// removed. What post refuses is not changed.
func (p *People) Share(post func(id string, record []byte) error) { p.post = post }

// Replace goes by what other processes know, in place of what the file says. now is
// asked when nobody changes anything. Errors: ErrInvalid, fs errors.
func (p *People) Replace(now func() map[string][]byte) error {
	p.writing.Lock()
	defer p.writing.Unlock()
	told := now()
	if same(p.Records(), told) {
		return nil
	}
	var next []Person
	for id, data := range told {
		var x Person
		if err := json.Unmarshal(data, &x); err != nil || x.ID != id || !x.Role.May(Viewer) {
			return fmt.Errorf("person %s of another process: %w", id, errors.Join(ErrInvalid, err))
		}
		next = append(next, x)
	}
	slices.SortFunc(next, func(a, b Person) int { return a.Created.Compare(b.Created) })
	return p.keep(next)
}

func records(list []Person) map[string][]byte {
	out := map[string][]byte{}
	for _, x := range list {
		out[x.ID] = record(x)
	}
	return out
}

// record is what a key or person is told as: times in UTC, so that equal ones are
// equal bytes everywhere.
func record[T Key | Person](x T) []byte {
	data, err := json.Marshal(x)
	if err != nil {
		return nil // a rate that is no number is refused before it is kept
	}
	return data
}

func same(a, b map[string][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for id := range a {
		if !bytes.Equal(a[id], b[id]) {
			return false
		}
	}
	return true
}

// postChanges posts what is not as it was.
func postChanges(before, after map[string][]byte, post func(id string, record []byte) error) error {
	for id, data := range after {
		if bytes.Equal(before[id], data) {
			continue
		}
		if err := post(id, data); err != nil {
			return err
		}
	}
	for id := range before {
		if after[id] != nil {
			continue
		}
		if err := post(id, nil); err != nil {
			return err
		}
	}
	return nil
}
