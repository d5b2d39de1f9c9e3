package access

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func openStore(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestKeysLiveAndDie(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	secret, key, err := s.Create(Write, "web")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^phw_[0-9A-Za-z]{32,}$`).MatchString(secret) || key.ID == 0 {
		t.Fatalf("secret or id: %d characters, id %d", len(secret), key.ID)
	}
	token, _, err := s.Create(Read, "")
	if err != nil || !strings.HasPrefix(token, "phr_") {
		t.Fatalf("read token: %v", err)
	}
	if got, ok := s.Lookup(secret); !ok || got.ID != key.ID || got.Name != "web" {
		t.Fatalf("lookup: %v %v", got, ok)
	}
	for _, wrong := range []string{"", "phw_", secret[:len(secret)-1], secret + "x", strings.Repeat("a", 1<<20)} {
		if _, ok := s.Lookup(wrong); ok {
			t.Errorf("a wrong secret of %d characters opens", len(wrong))
		}
	}
	if _, _, err := s.Create(Write, "web"); !errors.Is(err, ErrExists) {
		t.Fatalf("second of a name: %v", err)
	}
	data, _ := os.ReadFile(filepath.Join(dir, FileName))
	if strings.Contains(string(data), secret) || strings.Contains(string(data), token) {
		t.Fatal("the file holds a secret")
	}
	if info, _ := os.Stat(filepath.Join(dir, FileName)); info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v", info.Mode())
	}
	if _, err := s.Revoke("web"); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Lookup(secret); ok {
		t.Fatal("a revoked key opens")
	}
	if _, err := s.Revoke("web"); !errors.Is(err, ErrUnknown) {
		t.Fatalf("revoke twice: %v", err)
	}
	again, _, err := s.Create(Write, "web")
	if err != nil || again == secret {
		t.Fatalf("name of a revoked key: %v", err)
	}
	all := s.List()
	if _, err := s.Revoke(fmt.Sprint(all[2].ID)); err != nil || len(all) != 3 {
		t.Fatalf("revoke by id: %v of %d", err, len(all))
	}
}

func TestRefusedKeys(t *testing.T) {
	s := openStore(t, t.TempDir())
	for _, k := range []Key{{}, {Kind: "both"}, {Kind: Read}, {Kind: Read, Role: "root"}, {Kind: Write, Role: Admin},
		{Kind: Write, Name: strings.Repeat("x", 65)}, {Kind: Write, Name: "a\nb"}, {Kind: Write, EventsPerSecond: -1}} {
		if _, _, err := s.CreateKey(k); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v", k, err)
		}
	}
}

func TestCreatorsDoNotLoseKeys(t *testing.T) {
	dir := t.TempDir()
	const each = 5
	var wg sync.WaitGroup
	for p := range 6 {
		s := openStore(t, dir) // each with its own lock, like a process
		wg.Go(func() {
			for i := range each {
				if _, _, err := s.Create(Write, fmt.Sprintf("k-%d-%d", p, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	ids := map[uint32]bool{}
	for _, k := range openStore(t, dir).List() {
		ids[k.ID] = true
	}
	if len(ids) != 6*each || ids[0] {
		t.Fatalf("%d keys of %d", len(ids), 6*each)
	}
}

func TestWatchSeesOtherProcesses(t *testing.T) {
	dir := t.TempDir()
	server, cli := openStore(t, dir), openStore(t, dir)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	bad := make(chan error, 10)
	go func() { done <- server.Watch(ctx, func(err error) { bad <- err }) }()
	secret, _, err := cli.Create(Write, "late")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { _, ok := server.Lookup(secret); return ok })
	if _, err := cli.Revoke("late"); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { _, ok := server.Lookup(secret); return !ok })
	keep, _, err := cli.Create(Write, "kept")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { _, ok := server.Lookup(keep); return ok })
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte("{half"), 0o600); err != nil {
		t.Fatal(err)
	}
	select {
	case <-bad:
	case <-time.After(3 * time.Second):
		t.Fatal("a damaged file was not reported")
	}
	if _, ok := server.Lookup(keep); !ok {
		t.Fatal("a damaged file took the keys away")
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Second + pollEvery); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatal("not within a second")
}

func TestOpenRefusesLooseOrDamagedFiles(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	if _, _, err := s.Create(Write, "a"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, FileName)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Fatalf("loose mode: %v", err)
	}
	for _, text := range []string{"", "[]", `{"version":9}`, `{"version":1,"keys":[{"id":1,"sha256":"zz"}]}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		os.Chmod(path, 0o600)
		if _, err := Open(dir); err == nil {
			t.Errorf("opened %q", text)
		}
	}
}

func TestRoles(t *testing.T) {
	for _, c := range []struct {
		role, least Role
		may         bool
	}{
		{Viewer, Viewer, true}, {Viewer, Support, false}, {Viewer, Admin, false}, {Support, Viewer, true}, {Support, Support, true}, {Support, Admin, false},
		{Admin, Viewer, true}, {Admin, Support, true}, {Admin, Admin, true}, {"", Viewer, false}, {"king", Viewer, false}, {Admin, "", false}, {Admin, "king", false},
	} {
		if c.role.May(c.least) != c.may {
			t.Errorf("%q for what needs %q: %v", c.role, c.least, !c.may)
		}
	}
}

func TestOrigins(t *testing.T) {
	k := Key{Origins: []string{"https://a.example"}}
	for origin, want := range map[string]bool{"": true, "https://a.example": true, "https://b.example": false, "null": false} {
		if k.Allows(origin) != want {
			t.Errorf("%q: %v", origin, !want)
		}
	}
	if open := (&Key{}); !open.Allows("https://any.example") {
		t.Error("no list means all")
	}
}

func TestSignIn(t *testing.T) {
	dir := t.TempDir()
	store := openStore(t, dir)
	token, _, err := store.Create(Read, "grafana")
	if err != nil {
		t.Fatal(err)
	}
	write, _, err := store.Create(Write, "web")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := NewSessions(store, SessionOptions{})
		link, old := s.NewLink(), s.NewLink()
		cookie, err := s.Redeem(link)
		if err != nil || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode {
			t.Fatalf("%v %v", cookie, err)
		}
		if _, err := s.Redeem(link); !errors.Is(err, ErrLink) {
			t.Fatalf("used twice: %v", err)
		}
		ask := func(header, value string) (Identity, bool) {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set(header, value)
			return s.FromRequest(r)
		}
		good := CookieName + "=" + cookie.Value
		if id, ok := ask("Cookie", good); !ok || id.Role != Admin {
			t.Fatalf("cookie: %v %v", id, ok)
		}
		if id, ok := ask("Authorization", "Bearer "+token); !ok || id.Name != "grafana" || id.KeyID == 0 {
			t.Fatalf("token: %v %v", id, ok)
		}
		for _, bad := range [][2]string{{"Authorization", "Bearer " + write}, {"Authorization", "Bearer nonsense"}, {"Authorization", token},
			{"Cookie", good + "x"}, {"Cookie", CookieName + "=e30.AAAA"}, {"Cookie", "other=1"}} {
			if _, ok := ask(bad[0], bad[1]); ok {
				t.Errorf("%s opens", bad[0])
			}
		}
		if id, ok := (NewSessions(store, SessionOptions{})).FromRequest(&http.Request{Header: http.Header{"Cookie": {good}}}); ok {
			t.Errorf("another secret's cookie opens: %v", id)
		}
		time.Sleep(linkLife)
		if _, err := s.Redeem(old); !errors.Is(err, ErrLink) {
			t.Fatalf("old link: %v", err)
		}
		if _, ok := ask("Cookie", good); !ok {
			t.Fatal("signed out too early")
		}
		time.Sleep(sessionLife)
		if _, ok := ask("Cookie", good); ok {
			t.Fatal("a cookie lives for ever")
		}
	})
}

// A key that another process made works from the moment it was given out, for
// all of the requests that come with it at once, whatever wrong keys come in
// between; nothing watches the file here.
func TestAKeyOfAnotherProcessWorksAtOnce(t *testing.T) {
	dir := t.TempDir()
	server, other := openStore(t, dir), openStore(t, dir)
	stop := make(chan struct{})
	var flood sync.WaitGroup
	flood.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				server.Lookup("phw_" + strings.Repeat("x", secretChars))
			}
		}
	})
	for range 20 {
		secret, _, err := other.Create(Write, "")
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, ok := server.Lookup(secret); !ok {
					t.Error("a key that was just made is not known")
				}
			})
		}
		wg.Wait()
	}
	close(stop)
	flood.Wait()
}

// Wrong keys do not make a damaged file be read again and again; mending its
// mode alone is seen.
func TestWrongKeysCostALook(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	secret, _, err := openStore(t, dir).Create(Write, "late")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, FileName)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Lookup(secret); ok {
		t.Fatal("a key of a file that others can read opens")
	}
	wrong := "phw_" + strings.Repeat("x", secretChars)
	if allocs := testing.AllocsPerRun(20, func() { s.Lookup(wrong) }); allocs > 8 {
		t.Errorf("a wrong key costs %.0f allocations: the file is read for it", allocs)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Lookup(secret); !ok {
		t.Fatal("the mended file is not seen")
	}
}
