package clients

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var binary = flag.String("binary", "", "the playhead to test; by default PLAYHEAD_BINARY, else the one that make build made")

// server is a running `playhead serve` with a data folder of its own.
type server struct {
	t               *testing.T
	url             string
	writeKey, token string
}

func startServer(t *testing.T) *server {
	t.Helper()
	path := *binary
	if path == "" {
		path = os.Getenv("PLAYHEAD_BINARY")
	}
	if path == "" {
		path = filepath.Join("..", "..", "..", "bin", "playhead")
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: run make build", err)
	}
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := probe.Addr().String()
	probe.Close()
	data := filepath.Join(t.TempDir(), "data")
	var output bytes.Buffer
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, path, "serve", "--listen", address, "--data-dir", data)
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // ends by the signal
		if t.Failed() {
			t.Logf("the server said:\n%s", output.String())
		}
	})
	s := &server{t: t, url: "http://" + address}
	for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if resp, err := http.Get(s.url + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("the server is not ready")
		}
	}
	key := func(kind string) string {
		out, err := exec.Command(path, "keys", "create", kind, "--data-dir", data).Output()
		if err != nil {
			t.Fatal(err)
		}
		line, _, _ := strings.Cut(string(out), "\n")
		return line
	}
	s.writeKey, s.token = key("--write"), key("--read")
	return s
}

// figures are those of a title of all time, by name.
func (s *server) figures(title string, metrics ...string) map[string]float64 {
	s.t.Helper()
	question, err := json.Marshal(map[string]any{"metrics": metrics, "where": []any{map[string]any{"dimension": "title", "in": []string{title}}}})
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, s.url+"/api/v1/query", bytes.NewReader(question))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	var answer struct {
		Columns []struct{ Name string }
		Rows    [][]*float64
	}
	if err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(body, &answer) != nil {
		s.t.Fatalf("query: %d %s", resp.StatusCode, body)
	}
	out := map[string]float64{}
	for _, row := range answer.Rows {
		for i, column := range answer.Columns {
			if row[i] != nil {
				out[column.Name] = *row[i]
			}
		}
	}
	return out
}

// settle closes what is still open, as silence would in half an hour.
func (s *server) settle() {
	s.t.Helper()
	req, err := http.NewRequest(http.MethodPost, s.url+"/v1/settle", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.writeKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		s.t.Fatal(resp.Status)
	}
}

// assertPlay waits for the play of a title and holds it to want; watch_hours
// and media_hours are wanted in milliseconds.
func (s *server) assertPlay(title string, want map[string]float64) {
	s.t.Helper()
	var names []string
	for name := range want {
		names = append(names, name)
	}
	var wrong []string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		got := s.figures(title, names...)
		wrong = nil
		for name, w := range want {
			g := got[name]
			if strings.HasSuffix(name, "_hours") {
				g *= float64(time.Hour / time.Millisecond)
			}
			if g < w-0.5 && w >= 1 || g > w+0.5 && w >= 1 || w < 1 && (g < w-1e-6 || g > w+1e-6) {
				wrong = append(wrong, fmt.Sprintf("%s is %v, want %v", name, g, w))
			}
		}
		if len(wrong) == 0 {
			return
		}
	}
	s.t.Errorf("%s: %s", title, strings.Join(wrong, ", "))
}
