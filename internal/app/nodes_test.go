package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"playhead/internal/access"
	"playhead/internal/notebook"
	"playhead/internal/privacy"
)

// nodeOf is what a process with some roles knows of the others, without the rest of it.
func nodeOf(t *testing.T, brokers []string, roles, dir, ring string) (*server, error) {
	t.Helper()
	settings := DefaultSettings()
	settings.Kafka, settings.KafkaReplication, settings.Roles, settings.DataDir, settings.RingFile = brokers, 1, roles, dir, ring
	settings.Warehouse = "clickhouse://localhost/playhead"
	s := &server{engine: &engine{settings: settings, log: slog.New(slog.DiscardHandler), zone: time.UTC}}
	t.Cleanup(func() {
		if err := s.engine.close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.openBoard(t.Context()); err != nil {
		return nil, err
	}
	if err := s.openRing(t.Context()); err != nil {
		return nil, err
	}
	var err error
	if s.catalog, err = s.startCatalog(t.Context()); err != nil {
		return nil, err
	}
	if s.keys, err = access.Open(dir); err != nil {
		return nil, err
	}
	if s.people, err = access.OpenPeople(dir); err != nil {
		return nil, err
	}
	if s.notes, err = notebook.Open(dir); err != nil {
		return nil, err
	}
	s.titles = s.shelf()
	return s, s.joinNodes(t.Context())
}

// follow keeps up with the others until the test ends.
func (s *server) follow(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- s.followNodes(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func fakeKafka(t *testing.T) []string {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.ListenAddrs()
}

// soon waits for a condition: what another process did is known here a moment later.
func soon(t *testing.T, what string, met func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !met(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited a minute for %s", what)
		}
	}
}

// What is made at one process is known at the others, and at those that start later
// with an empty folder.
func TestProcessesKnowTheSame(t *testing.T) {
	brokers, dir := fakeKafka(t), t.TempDir()
	folder := func(name string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	// The first one was there before the others: its folder has people and titles.
	first := folder("first")
	old, err := access.OpenPeople(first)
	if err != nil {
		t.Fatal(err)
	}
	ada, err := old.Add("Ada", access.Admin)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(first, uploadedCatalog), []byte("titles:\n  - {id: a, name: One}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := nodeOf(t, brokers, "query", first, "")
	if err != nil {
		t.Fatal(err)
	}
	ring := filepath.Join(first, privacy.FileName)
	b, err := nodeOf(t, brokers, "query", folder("b"), ring)
	if err != nil {
		t.Fatal(err)
	}
	c, err := nodeOf(t, brokers, "collect", folder("c"), ring)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*server{a, b, c} {
		s.follow(t)
	}
	if who, ok := b.people.Person(ada.ID); !ok || who.Name != "Ada" || b.catalog.Len() != 1 {
		t.Errorf("the second process begins with %v and %d titles", b.people.List(), b.catalog.Len())
	}
	secret, _, err := a.keys.Create(access.Write, "web")
	if err != nil {
		t.Fatal(err)
	}
	known := func(s *server) bool { _, ok := s.keys.Lookup(secret); return ok }
	soon(t, "the collector to know the key", func() bool { return known(c) && known(b) })
	if _, err := b.keys.Revoke("web"); err != nil {
		t.Fatal(err)
	}
	soon(t, "the collector to know that it is revoked", func() bool { return !known(c) && !known(a) })

	if _, err := b.titles.Upload(t.Context(), []byte("titles:\n  - {id: a, name: One}\n  - {id: b, name: Two}\n")); err != nil {
		t.Fatal(err)
	}
	soon(t, "the other to have the catalogue", func() bool { return len(a.titles.Titles()) == 2 && c.present().Len() == 2 })

	if err := b.people.SetRole(ada.ID, access.Viewer); err != nil {
		t.Fatal(err)
	}
	view, err := a.notes.SaveView(notebook.View{Name: "Mine", Path: "/live", By: "Ada"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.notes.Annotate(notebook.Annotation{Time: time.Unix(1, 0), Text: "Launched", By: "Ada"}); err != nil {
		t.Fatal(err)
	}
	soon(t, "both to have the same people and notes", func() bool {
		x, y := a.notes.Records(), b.notes.Records()
		who, ok := a.people.Person(ada.ID)
		return ok && who.Role == access.Viewer && len(x) == 2 && len(y) == 2
	})
	late, err := nodeOf(t, brokers, "query", folder("late"), ring)
	if err != nil {
		t.Fatal(err)
	}
	if len(late.notes.Views()) != 1 || len(late.people.List()) != 1 || late.catalog.Len() != 2 || len(late.keys.List()) != 1 {
		t.Errorf("a late one has %v, %v, %d titles, keys %v", late.notes.Views(), late.people.List(), late.catalog.Len(), late.keys.List())
	}
	if err := b.notes.RemoveView(view.ID); err != nil {
		t.Fatal(err)
	}
	soon(t, "the view to be gone", func() bool { return len(a.notes.Views()) == 0 })

	// A browser that one signed in is known to the other, and a link works once.
	one, two := access.NewSessions(a.keys, a.sessionOptions()), access.NewSessions(b.keys, b.sessionOptions())
	link := one.NewLink()
	if _, err := two.Redeem(link); err != nil {
		t.Fatal(err)
	}
	if _, err := one.Redeem(link); !errors.Is(err, access.ErrLink) {
		t.Errorf("a used link gave %v", err)
	}
}

// A process whose ring or time zone is another than that of all does not start, and
// says what to do.
func TestProcessesThatDifferAreRefused(t *testing.T) {
	brokers, dir := fakeKafka(t), t.TempDir()
	folder := func(name string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if _, err := nodeOf(t, brokers, "collect", folder("a"), ""); err != nil {
		t.Fatal(err)
	}
	ring := filepath.Join(folder("a"), privacy.FileName)
	other := folder("other")
	if _, err := privacy.OpenRing(other, privacy.Options{}); err != nil {
		t.Fatal(err)
	}
	secret, err := os.ReadFile(ring)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ dir, ring, want string }{
		"its own":       {other, "", "the one in " + filepath.Join(other, privacy.FileName) + " has the fingerprint"},
		"another file":  {folder("b"), filepath.Join(other, privacy.FileName), "the one in " + filepath.Join(other, privacy.FileName)},
		"none at all":   {folder("c"), "", "there is none in " + filepath.Join(folder("c"), privacy.FileName)},
		"the same":      {folder("d"), ring, ""},
		"the same kept": {folder("a"), "", ""},
	} {
		_, err := nodeOf(t, brokers, "collect", test.dir, test.ring)
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.want == "":
		case !errors.Is(err, ErrSettings) || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "--ring-file"):
			t.Errorf("%s: %v, want %q", name, err, test.want)
		case strings.Contains(err.Error(), string(secret[20:60])):
			t.Errorf("%s: the error tells the ring", name)
		}
	}
	if _, err := os.Stat(filepath.Join(folder("c"), privacy.FileName)); err == nil {
		t.Error("a ring was made that nobody can use")
	}
	// Who makes no pseudonyms needs no ring.
	if s, err := nodeOf(t, brokers, "process", folder("e"), ""); err != nil || s.ring != nil {
		t.Errorf("a processor: %v", err)
	}
	settings := DefaultSettings()
	settings.Kafka, settings.KafkaReplication = brokers, 1
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{settings: settings, log: slog.New(slog.DiscardHandler), zone: zone}
	err = e.openBoard(t.Context())
	if !errors.Is(err, ErrSettings) || !strings.Contains(err.Error(), "report-timezone: it is Europe/Berlin here and UTC") {
		t.Errorf("another time zone: %v", err)
	}
	if err := e.close(); err != nil {
		t.Error(err)
	}
}

// Of two that start at the same moment with different rings one is refused, whichever.
func TestOneOfTwoIsFirst(t *testing.T) {
	brokers, dir := fakeKafka(t), t.TempDir()
	if _, err := nodeOf(t, brokers, "process", dir, ""); err != nil { // there is a board
		t.Fatal(err)
	}
	type end struct {
		s   *server
		err error
	}
	ends := make(chan end, 2)
	for _, name := range []string{"a", "b"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
		go func() {
			s, err := nodeOf(t, brokers, "collect", path, "")
			ends <- end{s, err}
		}()
	}
	refused := 0
	for range 2 {
		if e := <-ends; errors.Is(e.err, ErrSettings) {
			refused++
		} else if e.err != nil {
			t.Error(e.err)
		}
	}
	if refused != 1 {
		t.Errorf("%d were refused", refused)
	}
}

// What is packed comes back, and what a later version packed is refused.
func TestPacked(t *testing.T) {
	text := []byte(strings.Repeat("titles: ", 1000))
	note, err := pack(text)
	if err != nil || len(note) > len(text)/10 {
		t.Fatalf("%d bytes, %v", len(note), err)
	}
	if got, err := unpack(note); err != nil || string(got) != string(text) {
		t.Errorf("%d bytes came back, %v", len(got), err)
	}
	note[0]++
	if _, err := unpack(note); err == nil || !strings.Contains(err.Error(), "later version") {
		t.Errorf("another version gave %v", err)
	}
}
