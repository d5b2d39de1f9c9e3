package notebook

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestNotesSurvive(t *testing.T) {
	dir := t.TempDir()
	b, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	late, err := b.Annotate(Annotation{Time: noon.Add(time.Hour), Kind: Deploy, Text: "app 8.4", By: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	early, err := b.Annotate(Annotation{Time: noon, Text: "kick-off"})
	if err != nil || early.Kind != Note || early.ID == late.ID {
		t.Fatalf("%+v %v", early, err)
	}
	view, err := b.SaveView(View{Name: "Tonight", Path: "/quality?range=3h"})
	if err != nil {
		t.Fatal(err)
	}
	if b, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	all := b.Annotations(time.Time{}, time.Time{})
	if len(all) != 2 || all[0].ID != early.ID || all[1].Text != "app 8.4" {
		t.Fatalf("annotations: %+v", all)
	}
	if got := b.Annotations(noon.Add(time.Minute), noon.Add(time.Hour)); len(got) != 0 {
		t.Errorf("the end is not in the range: %+v", got)
	}
	if got := b.Views(); len(got) != 1 || got[0] != view {
		t.Fatalf("views: %+v", got)
	}
	if err := errors.Join(b.RemoveAnnotation(early.ID), b.RemoveView(view.ID)); err != nil {
		t.Fatal(err)
	}
	if err := b.RemoveView(view.ID); !errors.Is(err, ErrUnknown) {
		t.Errorf("removed twice: %v", err)
	}
	if b, err = Open(dir); err != nil || len(b.Annotations(time.Time{}, time.Time{})) != 1 || len(b.Views()) != 0 {
		t.Fatalf("after removal: %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, FileName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode: %v %v", info, err)
	}
}

func TestRefusedNotes(t *testing.T) {
	b, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []Annotation{{Text: "x"}, {Time: noon}, {Time: noon, Text: " "}, {Time: noon, Text: "a\nb"}, {Time: noon, Text: "x", Kind: "party"},
		{Time: noon, Text: strings.Repeat("é", maxText+1)}, {Time: noon, Text: "x", Title: strings.Repeat("t", 257)}} {
		if _, err := b.Annotate(a); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v", a, err)
		}
	}
	for _, path := range []string{"", "quality", "//elsewhere.example", "https://elsewhere.example", `/\elsewhere.example`, "/" + strings.Repeat("x", maxPath)} {
		if _, err := b.SaveView(View{Name: "x", Path: path}); !errors.Is(err, ErrInvalid) {
			t.Errorf("%.40q: %v", path, err)
		}
	}
	if len(b.Annotations(time.Time{}, time.Time{}))+len(b.Views()) != 0 {
		t.Error("something refused was kept")
	}
}

func TestAFolderThatCannotBeWrittenKeepsWhatWas(t *testing.T) {
	b, err := Open(filepath.Join(t.TempDir(), "gone"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Annotate(Annotation{Time: noon, Text: "x"}); err == nil || len(b.Annotations(time.Time{}, time.Time{})) != 0 {
		t.Errorf("kept what was not written: %v", err)
	}
}

func TestOtherFilesAreRefused(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{"{half", `{"version":9}`} {
		if err := os.WriteFile(filepath.Join(dir, FileName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil {
			t.Errorf("opened %q", text)
		}
	}
}
