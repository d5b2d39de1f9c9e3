package access

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// Whatever bit flips in one of the files: it is said, or what is read is what was
// written.
func TestFlippedBits(t *testing.T) {
	dir := t.TempDir()
	keys, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := keys.CreateKey(Key{Kind: Write, Name: "tv", Origins: []string{"https://tv.example.com"}, EventsPerSecond: 40}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := keys.Create(Read, "desk"); err != nil {
		t.Fatal(err)
	}
	people, err := OpenPeople(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := people.Add("Ann", Viewer); err != nil {
		t.Fatal(err)
	}
	for name, read := range map[string]func() (any, error){
		FileName: func() (any, error) {
			s, err := Open(dir)
			if err != nil {
				return nil, err
			}
			return s.List(), nil
		},
		PeopleFileName: func() (any, error) {
			p, err := OpenPeople(dir)
			if err != nil {
				return nil, err
			}
			return p.List(), nil
		},
	} {
		path := filepath.Join(dir, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := read()
		if err != nil {
			t.Fatal(err)
		}
		for bit := range 8 * len(whole) {
			flipped := bytes.Clone(whole)
			flipped[bit/8] ^= 1 << (bit % 8)
			if err := os.WriteFile(path, flipped, 0o600); err != nil {
				t.Fatal(err)
			}
			if got, err := read(); err == nil && !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: bit %d is not noticed:\n%s", name, bit, flipped)
			} else if err != nil && !strings.Contains(err.Error(), path) {
				t.Fatalf("%s: bit %d: %v does not name the file", name, bit, err)
			}
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// A file that was edited by hand is refused with the way to have it taken; laid
// out anew it is the same; and one of before there were checksums is read, and
// gets one with its next change.
func TestEditedByHand(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, PeopleFileName)
	people, err := OpenPeople(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := people.Add("Ann", Viewer); err != nil {
		t.Fatal(err)
	}
	edit := func(old, with string) {
		t.Helper()
		data, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(data), old) {
			t.Fatalf("no %q in %s, %v", old, data, err)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(data), old, with)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	edit("\n", "\r\n\t")
	if _, err := OpenPeople(dir); err != nil {
		t.Errorf("laid out anew: %v", err)
	}
	edit(`"viewer"`, `"admin"`)
	if _, err := OpenPeople(dir); err == nil || !strings.Contains(err.Error(), `set "version" to 1 and remove "sum"`) {
		t.Errorf("edited: %v", err)
	}
	edit(`"version": 2`, `"version": 1`)
	if _, err := OpenPeople(dir); err == nil {
		t.Error("a first version with a sum is taken")
	}
	data, _ := os.ReadFile(path)
	lines := strings.Split(string(data), "\n")
	for i, l := range lines {
		if strings.Contains(l, `"sum"`) {
			lines[i] = ""
		}
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	if people, err = OpenPeople(dir); err != nil || people.List()[0].Role != Admin {
		t.Fatalf("without a sum: %v", err)
	}
	if _, err := people.Add("Ben", Viewer); err != nil {
		t.Fatal(err)
	}
	if data, _ = os.ReadFile(path); !strings.Contains(string(data), `"sum": "`) || !strings.Contains(string(data), `"version": 2`) {
		t.Errorf("after a change:\n%s", data)
	}
}
