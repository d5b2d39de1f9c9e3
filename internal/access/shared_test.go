package access

import (
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// Keys of two folders become the same in both, whoever hears of what first, and what
// is revoked in one is revoked in both.
func TestKeysOfProcessesBecomeTheSame(t *testing.T) {
	a, b := emptyStore(t), emptyStore(t)
	secret, key, err := a.Create(Write, "web")
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := b.Create(Read, "reader")
	if err != nil {
		t.Fatal(err)
	}
	early := a.Records() // before it is revoked
	exchange := func() {
		t.Helper()
		of := a.Records()
		if err := a.Adopt(b.Records()); err != nil {
			t.Fatal(err)
		}
		if err := b.Adopt(of); err != nil {
			t.Fatal(err)
		}
	}
	exchange()
	for name, s := range map[string]*Store{"a": a, "b": b} {
		for _, secret := range []string{secret, other} {
			if _, ok := s.Lookup(secret); !ok {
				t.Errorf("%s does not know a key", name)
			}
		}
	}
	if _, err := b.Revoke("web"); err != nil {
		t.Fatal(err)
	}
	exchange()
	if err := a.Adopt(early); err != nil { // old news
		t.Fatal(err)
	}
	for name, s := range map[string]*Store{"a": a, "b": b} {
		if k, ok := s.Lookup(secret); ok {
			t.Errorf("%s knows %v, which is revoked", name, k)
		}
	}
	if !maps.EqualFunc(a.Records(), b.Records(), func(x, y []byte) bool { return string(x) == string(y) }) {
		t.Errorf("they differ: %s and %s", a.Records(), b.Records())
	}
	if err := a.Adopt(map[string][]byte{"7": []byte(`{"id":7}`)}); !errors.Is(err, ErrInvalid) {
		t.Errorf("a key without a hash gave %v", err)
	}
	if err := a.Adopt(map[string][]byte{"x": []byte(`{}`)}); !errors.Is(err, ErrInvalid) {
		t.Errorf("no key gave %v", err)
	}
	if key.ID == 0 {
		t.Error("the key has no id")
	}
}

func emptyStore(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A change of people is told before it is kept, and not made where it cannot be told.
func TestPeopleAreTold(t *testing.T) {
	p, err := OpenPeople(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	told := map[string][]byte{}
	var refuse error
	p.Share(func(id string, record []byte) error {
		if refuse != nil {
			return refuse
		}
		if told[id] = record; record == nil {
			delete(told, id)
		}
		return nil
	})
	ada, err := p.Add("Ada", Admin)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Add("Bob", Viewer); err != nil {
		t.Fatal(err)
	}
	if err := p.SetRole(ada.ID, Support); err != nil {
		t.Fatal(err)
	}
	same := func() bool {
		return maps.EqualFunc(p.Records(), told, func(x, y []byte) bool { return string(x) == string(y) })
	}
	if len(told) != 2 || !same() {
		t.Errorf("told %s, they are %s", told, p.Records())
	}
	if err := p.Remove(ada.ID); err != nil || len(told) != 1 {
		t.Errorf("told %s after a removal, %v", told, err)
	}
	refuse = errors.New("nobody listens")
	if _, err := p.Add("Eve", Admin); !errors.Is(err, refuse) || len(p.List()) != 1 {
		t.Errorf("%d people after a refusal, %v", len(p.List()), err)
	}
	// Another process's word counts, and is kept.
	second, err := OpenPeople(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Add("Old", Admin); err != nil {
		t.Fatal(err)
	}
	if err := second.Replace(func() map[string][]byte { return told }); err != nil {
		t.Fatal(err)
	}
	if list := second.List(); len(list) != 1 || list[0].Name != "Bob" {
		t.Errorf("people are %v", list)
	}
	if err := second.Replace(func() map[string][]byte { return map[string][]byte{"x": []byte(`{"id":"y"}`)} }); !errors.Is(err, ErrInvalid) {
		t.Errorf("nobody gave %v", err)
	}
}

// A browser is signed in by one process and known to another; a link works once,
// whoever redeems it.
func TestSignedInEverywhere(t *testing.T) {
	var mu sync.Mutex
	used := map[string]bool{}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var down error
	once := func(link string, until time.Time) (bool, error) {
		mu.Lock()
		defer mu.Unlock()
		if !until.Equal(now.Add(linkLife)) && !until.Before(now.Add(linkLife)) {
			t.Errorf("the link lasts until %v", until)
		}
		first := !used[link] && down == nil
		used[link] = used[link] || down == nil
		return first, down
	}
	open := func(secret string) *Sessions {
		return NewSessions(emptyStore(t), SessionOptions{Secret: []byte(secret), Once: once, Now: func() time.Time { return now }})
	}
	a, b, stranger := open("same"), open("same"), open("other")
	token := a.NewLink()
	if _, err := stranger.Redeem(token); !errors.Is(err, ErrLink) {
		t.Errorf("a stranger redeemed a link: %v", err)
	}
	down = errors.New("no answer")
	if _, err := b.Redeem(token); !errors.Is(err, down) {
		t.Errorf("a link that cannot be checked gave %v", err)
	}
	down = nil
	cookie, err := b.Redeem(token)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Sessions{a, b} {
		if _, err := s.Redeem(token); !errors.Is(err, ErrLink) {
			t.Errorf("a used link gave %v", err)
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(cookie)
		if who, ok := s.FromRequest(r); !ok || who.Role != Admin {
			t.Errorf("the cookie is of %v, %v", who, ok)
		}
		r = httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: CookieName, Value: a.NewLink()})
		if _, ok := s.FromRequest(r); ok {
			t.Error("a link was taken for a cookie")
		}
	}
	if _, err := a.Redeem(cookie.Value); !errors.Is(err, ErrLink) {
		t.Errorf("a cookie was taken for a link: %v", err)
	}
	late := a.NewLink()
	now = now.Add(linkLife)
	if _, err := b.Redeem(late); !errors.Is(err, ErrLink) {
		t.Errorf("a link of a quarter of an hour ago gave %v", err)
	}
}
