package process

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var updateFlag = flag.Bool("update", false, "write the golden data folder anew: only when the old one is no longer to be read")

// golden is what a folder is known to answer, from and to a moment.
type golden struct {
	From, To time.Time
	Figures  map[string]float64
}

const (
	goldenFolder  = "testdata/golden-v1.tar.gz"
	goldenFigures = "testdata/golden-v1.json"
)

// A folder that version 1 left when it was killed is opened by this build and
// answers the same: events above the snapshot, facts above the warehouse, open
// plays, and what was flushed.
func TestGoldenFolder(t *testing.T) {
	if *updateFlag {
		writeGolden(t)
	}
	var want golden
	data, err := os.ReadFile(goldenFigures)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, addr: freeAddr(t), dir: filepath.Join(t.TempDir(), "data"), out: &output{}}
	unpack(t, goldenFolder, s.dir)
	s.start()
	t.Cleanup(s.kill)
	token := s.key("read")
	for range 2 { // as it was killed, and after an orderly stop of this build
		names := make([]string, 0, len(want.Figures))
		for name := range want.Figures {
			names = append(names, name)
		}
		got := s.figuresBetween(token, want.From, want.To, names)
		for name, w := range want.Figures {
			if got[name] != w {
				t.Errorf("%s is %v, was %v", name, got[name], w)
			}
		}
		s.stop()
		s.start()
	}
}

// writeGolden makes a folder: some plays that were flushed by an orderly stop,
// then some more and an open one, then a kill.
func writeGolden(t *testing.T) {
	s := startServer(t)
	key, token := s.key("write"), s.key("read")
	from := time.Now().UTC().Truncate(24 * time.Hour).Add(-48 * time.Hour)
	ago := time.Since(from.Add(6 * time.Hour))
	for n := range 5 {
		s.send(key, marshal(t, aPlay(n, ago, time.Duration(n+1)*25*time.Second)), nil)
	}
	s.send(key, marshal(t, aPlay(7, ago, 2*time.Minute)[:7]), nil) // open while it is stopped: its state is stored
	s.eventually(token, map[string]float64{"plays": 6})
	s.stop()
	s.start()
	s.send(key, marshal(t, aPlay(5, ago, time.Minute)), nil)
	s.send(key, marshal(t, aPlay(6, ago, 2*time.Minute)[:9]), nil) // stays open
	s.eventually(token, map[string]float64{"plays": 8})
	want := golden{From: from, To: from.Add(24 * time.Hour), Figures: map[string]float64{}}
	for name, v := range s.figuresBetween(token, want.From, want.To, []string{"plays", "play_requests", "watch_hours", "media_hours", "viewers"}) {
		want.Figures[name], _ = v.(float64)
	}
	s.kill()
	pack(t, s.dir, goldenFolder)
	data, err := json.MarshalIndent(want, "", "  ")
	if err == nil {
		err = os.WriteFile(goldenFigures, append(data, '\n'), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// figuresBetween asks for metrics in all of a span of time.
func (s *server) figuresBetween(token string, from, to time.Time, metrics []string) map[string]any {
	s.t.Helper()
	question := marshal(s.t, map[string]any{"metrics": metrics, "from": from.Format(time.RFC3339), "to": to.Format(time.RFC3339)})
	a := s.post("/api/v1/query", token, question, nil)
	var table struct {
		Columns []struct{ Name string }
		Rows    [][]any
	}
	if err := json.Unmarshal(a.body, &table); err != nil || a.status != 200 || len(table.Rows) != 1 {
		s.t.Fatalf("query %s: %s", question, a)
	}
	out := map[string]any{}
	for i, c := range table.Columns {
		out[c.Name] = table.Rows[0][i]
	}
	return out
}

func pack(t *testing.T, dir, file string) {
	t.Helper()
	var b bytes.Buffer
	zip, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is a valid one
	archive := tar.NewWriter(zip)
	err := errors.Join(archive.AddFS(os.DirFS(dir)), archive.Close(), zip.Close())
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o755)
	}
	if err == nil {
		err = os.WriteFile(file, b.Bytes(), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s has %d bytes", file, b.Len())
}

func unpack(t *testing.T, file, dir string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	zip, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for archive := tar.NewReader(zip); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil || !fs.ValidPath(filepath.Clean(h.Name)) {
			t.Fatalf("%s: %v", h.Name, err)
		}
		to := filepath.Join(dir, h.Name)
		if h.Typeflag == tar.TypeDir {
			continue
		}
		content, err := io.ReadAll(archive)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(to), 0o700)
		}
		if err == nil {
			err = os.WriteFile(to, content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
