package access

import (
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

func openPeople(t *testing.T, dir string) *People {
	t.Helper()
	p, err := OpenPeople(dir)
	if err != nil {
		t.Fatal(err)
	}
	p.cost = bcrypt.MinCost
	return p
}

func TestPeopleSignInByPassword(t *testing.T) {
	dir := t.TempDir()
	p := openPeople(t, dir)
	ada, err := p.Add(" Ada ", Support)
	if err != nil || ada.Name != "Ada" {
		t.Fatalf("%+v %v", ada, err)
	}
	if _, err := p.Add("ADA", Viewer); !errors.Is(err, ErrExists) {
		t.Errorf("the same name: %v", err)
	}
	if _, err := p.Authenticate("Ada", ""); !errors.Is(err, ErrPassword) {
		t.Errorf("without a password set: %v", err)
	}
	for _, bad := range []string{"short", strings.Repeat("x", 73)} {
		if err := p.SetPassword(ada.ID, bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("password of %d bytes: %v", len(bad), err)
		}
	}
	const password = "correct horse battery"
	if err := p.SetPassword(ada.ID, password); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, PeopleFileName))
	if err != nil || strings.Contains(string(data), password) {
		t.Fatal("the file holds a password")
	}
	if info, _ := os.Stat(filepath.Join(dir, PeopleFileName)); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	p = openPeople(t, dir)
	if who, err := p.Authenticate("ada", password); err != nil || who.ID != ada.ID {
		t.Fatalf("after a restart: %+v %v", who, err)
	}
}

func TestGuessingIsBounded(t *testing.T) {
	p := openPeople(t, t.TempDir())
	now := time.Unix(1, 0)
	p.now = func() time.Time { return now }
	ada, err := p.Add("Ada", Viewer)
	if err != nil {
		t.Fatal(err)
	}
	const password = "correct horse battery"
	if err := p.SetPassword(ada.ID, password); err != nil {
		t.Fatal(err)
	}
	for i := range guesses {
		if _, err := p.Authenticate("ada", "wrong"); !errors.Is(err, ErrPassword) {
			t.Fatalf("guess %d: %v", i, err)
		}
	}
	if _, err := p.Authenticate("Ada", password); !errors.Is(err, ErrGuessing) {
		t.Fatalf("after %d guesses: %v", guesses, err)
	}
	now = now.Add(guessPause)
	if _, err := p.Authenticate("Ada", password); err != nil {
		t.Fatalf("after the pause: %v", err)
	}
}

// What a signed-in browser may do follows the person, not the cookie.
func TestCookiesFollowThePerson(t *testing.T) {
	dir := t.TempDir()
	p := openPeople(t, dir)
	s := NewSessions(openStore(t, dir), SessionOptions{People: p})
	ada, err := p.Add("Ada", Viewer)
	if err != nil {
		t.Fatal(err)
	}
	token, err := s.NewLinkForPerson(ada.ID)
	if err != nil {
		t.Fatal(err)
	}
	cookie, err := s.Redeem(token)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(cookie)
	if who, ok := s.FromRequest(r); !ok || who.Role != Viewer || who.Name != "Ada" || who.PersonID != ada.ID {
		t.Fatalf("%+v %v", who, ok)
	}
	if err := p.SetRole(ada.ID, Admin); err != nil {
		t.Fatal(err)
	}
	if who, _ := s.FromRequest(r); who.Role != Admin {
		t.Errorf("the role stayed %s", who.Role)
	}
	if err := p.SetRole(ada.ID, "king"); !errors.Is(err, ErrInvalid) {
		t.Errorf("role king: %v", err)
	}
	if err := p.SetPassword(ada.ID, "correct horse battery"); err != nil {
		t.Fatal(err)
	}
	if _, who, err := s.SignIn("ada", "correct horse battery"); err != nil || who.PersonID != ada.ID {
		t.Errorf("sign in: %+v %v", who, err)
	}
	if err := p.Remove(ada.ID); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.FromRequest(r); ok {
		t.Error("a removed person is still signed in")
	}
	if _, err := s.NewLinkForPerson(ada.ID); !errors.Is(err, ErrUnknown) {
		t.Errorf("link for who is gone: %v", err)
	}
	if err := p.Remove(ada.ID); !errors.Is(err, ErrUnknown) {
		t.Errorf("removed twice: %v", err)
	}
}

func TestRefusedPeople(t *testing.T) {
	p := openPeople(t, t.TempDir())
	for _, c := range []struct {
		name string
		role Role
	}{{"", Viewer}, {strings.Repeat("x", 65), Viewer}, {"a\nb", Viewer}, {"Ada", ""}, {"Ada", "king"}} {
		if _, err := p.Add(c.name, c.role); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q as %q: %v", c.name, c.role, err)
		}
	}
	// Who is not there is refused as slowly as who is.
	if err := bcrypt.CompareHashAndPassword([]byte(nobody), []byte("x")); !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		t.Errorf("the hash of nobody: %v", err)
	}
}
