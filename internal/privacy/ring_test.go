package privacy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"playhead/internal/event"
)

func open(t *testing.T, dir string, opts Options) *Ring {
	t.Helper()
	r, err := OpenRing(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The pseudonyms of a fixed secret are a promise: a change of them breaks the
// identity of every installation.
func TestGoldenPseudonyms(t *testing.T) {
	secret := []byte("0123456789abcdef0123456789abcdef")
	r, err := newRing(secret, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{
		r.ID(), r.Viewer("viewer-1").String(), r.Anonymous("viewer-1").String(),
		r.Session("viewer-1").String(), r.Ref(DomainPlay, "p1").String(), r.Ref(DomainID, "p1").String(),
	}
	want := []string{
		"b5092c6a1b1bee1f",
		"d97aa9f6ae7d5802f7cb18bf5c89ba9d",
		"a323b7f47e5aa4e6bb748357672668d9",
		"53251014574c5d67d7cb7608d090be41",
		"42129b852b283757a69b484c111fbd69",
		"6156338702dd4135a5d4e3af6987b9a5",
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("golden %d: got %s, want %s", i, got[i], want[i])
		}
	}
}

func TestRingIsCreatedOnceAndPrivate(t *testing.T) {
	dir := t.TempDir()
	a := open(t, dir, Options{})
	b := open(t, dir, Options{})
	if a.ID() != b.ID() || a.Viewer("x") != b.Viewer("x") {
		t.Fatal("a second start has another identity")
	}
	path := filepath.Join(dir, FileName)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %04o", info.Mode().Perm())
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("left over: %v %v", entries, err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o644} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := OpenRing(dir, Options{})
		if !errors.Is(err, ErrMode) || !strings.Contains(err.Error(), "chmod 600") {
			t.Fatalf("mode %04o: %v", mode, err)
		}
	}
}

func TestConcurrentFirstStartsAgree(t *testing.T) {
	dir := t.TempDir()
	ids := make([]string, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			r, err := OpenRing(dir, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = r.ID()
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("different rings: %v", ids)
		}
	}
}

func TestRotateKeepsPseudonyms(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir, Options{})
	before, _ := os.ReadFile(filepath.Join(dir, FileName))
	want := r.Viewer("viewer-9")
	for range 3 {
		if err := r.Rotate(); err != nil {
			t.Fatal(err)
		}
	}
	after, _ := os.ReadFile(filepath.Join(dir, FileName))
	if bytes.Equal(before, after) {
		t.Fatal("nothing was rotated")
	}
	again := open(t, dir, Options{})
	if again.Viewer("viewer-9") != want || again.ID() != r.ID() {
		t.Fatal("a rotation changed the identity")
	}
}

func TestTamperedRingIsRefused(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, Options{})
	path := filepath.Join(dir, FileName)
	data, _ := os.ReadFile(path)
	var doc document
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	spoil := map[string]func(document) document{
		"sealed": func(d document) document { d.Sealed = bytes.Clone(d.Sealed); d.Sealed[20] ^= 1; return d },
		"short":  func(d document) document { d.Sealed = d.Sealed[:5]; return d },
		"id":     func(d document) document { d.ID = "0000000000000000"; return d },
		"key":    func(d document) document { w := *d.Wrapping; w.Key = randomKey(); d.Wrapping = &w; return d },
		"nokey":  func(d document) document { d.Wrapping = nil; return d },
	}
	for name, fn := range spoil {
		bad, _ := json.Marshal(fn(doc))
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenRing(dir, Options{}); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.WriteFile(path, data[:len(data)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenRing(dir, Options{}); !errors.Is(err, ErrDamaged) {
		t.Errorf("half a file: %v", err)
	}
}

func TestRingFromElsewhere(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir, Options{})
	path := filepath.Join(dir, FileName)
	data, _ := os.ReadFile(path)

	byFile := open(t, t.TempDir(), Options{File: path})
	t.Setenv("PLAYHEAD_TEST_RING", string(data))
	byEnv := open(t, t.TempDir(), Options{Env: "PLAYHEAD_TEST_RING"})
	if byFile.Viewer("x") != r.Viewer("x") || byEnv.Viewer("x") != r.Viewer("x") {
		t.Fatal("another identity from elsewhere")
	}
	if err := byEnv.Rotate(); !errors.Is(err, ErrReadOnly) {
		t.Fatalf("rotate a variable: %v", err)
	}
	if _, err := OpenRing(dir, Options{File: filepath.Join(dir, "misspelt")}); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("a missing file must not begin a new identity: %v", err)
	}
}

func TestOutsideWrappingKey(t *testing.T) {
	dir := t.TempDir()
	first, second := strings.Repeat("ab", 32), strings.Repeat("cd", 32)
	t.Setenv("PLAYHEAD_TEST_WRAP", first)
	opts := Options{WrapEnv: "PLAYHEAD_TEST_WRAP"}
	r := open(t, dir, opts)
	want := r.Viewer("x")
	if _, err := OpenRing(dir, Options{}); !errors.Is(err, ErrDamaged) {
		t.Fatalf("opened without its wrapping key: %v", err)
	}
	t.Setenv("PLAYHEAD_TEST_WRAP", second+"\n"+first)
	if err := open(t, dir, opts).Rotate(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PLAYHEAD_TEST_WRAP", second)
	if open(t, dir, opts).Viewer("x") != want {
		t.Fatal("identity changed")
	}
	t.Setenv("PLAYHEAD_TEST_WRAP", "short-secret-text")
	if _, err := OpenRing(dir, opts); err == nil || strings.Contains(err.Error(), "short-secret-text") {
		t.Fatalf("bad key: %v", err)
	}
}

func TestRingNeverShowsItsSecret(t *testing.T) {
	r, err := newRing([]byte("SECRETSECRETSECRETSECRETSECRET12"), nil)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "ring", r)
	for _, text := range []string{fmt.Sprint(r), fmt.Sprintf("%+v %#v %s", r, r, r), log.String()} {
		if strings.Contains(text, "SECRET") || strings.Contains(text, fmt.Sprint(r.sip[0].k0)) || !strings.Contains(text, r.ID()) {
			t.Errorf("shows %q", text)
		}
	}
}

func TestCacheChangesNothing(t *testing.T) {
	r, err := newRing([]byte("0123456789abcdef0123456789abcdef"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		for i := range 300_000 {
			raw := strconv.Itoa(i)
			if i%1000 == 0 && r.Viewer(raw) != r.hasher.compute(labelViewer, raw) {
				t.Fatalf("round %d: cached pseudonym of %d differs", round, i)
			}
			r.Viewer(raw)
		}
	}
	held := 0
	for i := range r.hasher.sets {
		for j := range r.hasher.sets[i] {
			if e := &r.hasher.sets[i][j]; e.key[0].Load() != 0 {
				held++
			}
		}
	}
	if all := cacheSets * cacheWays; held < all*9/10 {
		t.Fatalf("the cache holds %d of %d after twice as many ids", held, all)
	}
	if r.Viewer("same") == r.Anonymous("same") || r.Viewer("same") == r.Session("same") {
		t.Fatal("a cached pseudonym is of another kind of id")
	}
	long := strings.Repeat("x", 300)
	if r.Viewer(long) != r.hasher.compute(labelViewer, long) {
		t.Fatal("long id")
	}
	seen := map[event.Ref]bool{}
	for _, d := range []byte{DomainID, DomainSession, DomainPlay, DomainImpression, DomainSearch, DomainContent} {
		seen[r.Ref(d, "same")] = true
	}
	if len(seen) != 6 {
		t.Fatal("domains are not apart")
	}
	if r.Ref('p', strings.Repeat("y", 5000)) != r.RefBytes('p', []byte(strings.Repeat("y", 5000))) {
		t.Fatal("Ref and RefBytes differ")
	}
}

// TestSeek finds the pseudonym that is asked for at once, whether or not it is in
// the cache, and whatever came between; what is sought shows no id.
func TestSeek(t *testing.T) {
	r, err := newRing([]byte("0123456789abcdef0123456789abcdef"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []struct {
		label string
		seek  func(string) Sought
		find  func(string) event.ViewerKey
	}{
		{labelViewer, r.SeekViewer, r.Viewer},
		{labelAnonymous, r.SeekAnonymous, r.Anonymous},
		{labelSession, r.SeekSession, r.Session},
	} {
		cold, cached := kind.seek("anna@example.org"), kind.seek("anna@example.org")
		for i := range 1000 {
			r.Viewer(strconv.Itoa(i))
		}
		want := r.hasher.compute(kind.label, "anna@example.org")
		if cold.Key() != want || cached.Key() != want || kind.find("anna@example.org") != want {
			t.Errorf("%q: another pseudonym", kind.label)
		}
		if text := fmt.Sprintf("%v %+v %#v %s", cold, cold, &cold, cached); strings.Contains(text, "anna") {
			t.Errorf("shows %q", text)
		}
	}
}

// TestCacheAtOnce asks for more ids than a few sets hold, from several goroutines:
// each answer is the id's own.
func TestCacheAtOnce(t *testing.T) {
	r, err := newRing([]byte("0123456789abcdef0123456789abcdef"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.hasher.sets = r.hasher.sets[:1:1]
	var want [6]event.ViewerKey
	for i := range want {
		want[i] = r.hasher.compute(labelViewer, strconv.Itoa(i))
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for n := range 20_000 {
				if i := (n*7 + g) % len(want); r.Viewer(strconv.Itoa(i)) != want[i] {
					t.Errorf("another id's pseudonym for %d", i)
					return
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkViewer(b *testing.B) {
	r, err := newRing([]byte("0123456789abcdef0123456789abcdef"), nil)
	if err != nil {
		b.Fatal(err)
	}
	raw := make([]string, 1<<20)
	for i := range raw {
		raw[i] = "viewer-" + strconv.Itoa(i)
	}
	run := func(n int, f func(string)) func(*testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				f(raw[(i*7919)%n])
			}
		}
	}
	b.Run("hot20k", run(20_000, func(s string) { r.Viewer(s) }))
	b.Run("cold1M", run(1<<20, func(s string) { r.Viewer(s) }))
	b.Run("compute", run(1<<20, func(s string) { r.hasher.compute(labelViewer, s) }))
	b.Run("ref", run(1<<20, func(s string) { r.Ref(DomainPlay, s) }))
}
