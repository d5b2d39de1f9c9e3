package insights

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
	"sync"
	"testing"
	"time"
)

var binaryFlag = flag.String("binary", "../../bin/playhead", "the binary to test")

func TestMain(m *testing.M) {
	flag.Parse()
	if _, err := os.Stat(*binaryFlag); err != nil {
		fmt.Fprintf(os.Stderr, "these tests need the binary: %v\nRun: make build\n", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// planted is one truth of a world, as the truth file has it.
type planted struct {
	Kind, Title, Creative, Country, Label string
	Queries                               []string
	From                                  int64
	Effect                                float64
}

// row is one finding.
type row struct {
	Entity, Kind, Basis string
	Estimate, Low, High *float64
	N                   int64
	Evidence            map[string]any
}

// world is a server that a simulated world was sent to.
type world struct {
	t           *testing.T
	url, token  string
	planted     []planted
	from        time.Time // where the world begins
	said        output
	sent, ready time.Duration
	found       map[string][]row // answers, by path: the whole catalogue's take a while
}

// output collects what the server writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// playhead runs the binary to its end and returns the first line it prints.
func playhead(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, *binaryFlag, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("playhead %s: %v\n%s%s", args[0], err, &out, &errs)
	}
	first, _, _ := strings.Cut(out.String(), "\n")
	return first
}

// openWorld starts a server with the catalogue of a world, sends the world, and
// waits until all of it is in the answers.
func openWorld(t *testing.T, name string, events int, seed int) *world {
	t.Helper()
	dir := t.TempDir()
	titles, truth, data := filepath.Join(dir, "titles.yaml"), filepath.Join(dir, "truth.json"), filepath.Join(dir, "data")
	playhead(t, "simulate", "--world", name, "--titles", titles)
	w := &world{t: t}
	addr := freeAddr(t)
	w.url = "http://" + addr
	cmd := exec.Command(*binaryFlag, "serve", "--listen", addr, "--data-dir", data, "--catalog", titles)
	cmd.Stdout, cmd.Stderr = &w.said, &w.said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // its data is thrown away
		_ = cmd.Wait()
	})
	w.until("the server is ready", time.Minute, func() bool { return w.get("/readyz", nil) == http.StatusOK })
	key := playhead(t, "keys", "create", "--write", "--data-dir", data)
	w.token = playhead(t, "keys", "create", "--read", "--data-dir", data)
	w.until("the server knows the keys", 10*time.Second, func() bool { return w.get("/api/v1/metrics", nil) == http.StatusOK })
	began := time.Now()
	playhead(t, "simulate", "--target", w.url, "--key", key, "--world", name, "--events", fmt.Sprint(events), "--seed", fmt.Sprint(seed), "--truth", truth)
	w.sent = time.Since(began)
	body, err := os.ReadFile(truth)
	if err != nil {
		t.Fatal(err)
	}
	var told struct {
		World                string
		Planted              []planted
		From, CompleteAt, To int64
	}
	if err := json.Unmarshal(body, &told); err != nil || told.World != name {
		t.Fatalf("the truth is of world %q: %v", told.World, err)
	}
	w.planted, w.from = told.Planted, time.UnixMilli(told.From)
	settled := time.Now()
	w.until("all that was sent is in the answers", 15*time.Minute, func() bool { return w.fresh().After(settled) })
	w.ready = time.Since(began)
	return w
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (w *world) until(what string, limit time.Duration, done func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(limit); !done(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("after %s it is not so that %s\n%s", limit, what, w.said.String())
		}
	}
}

// get asks a path and decodes the answer into v, if it is not nil.
func (w *world) get(path string, v any) int {
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.url+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.do(req, v)
}

func (w *world) do(req *http.Request, v any) int {
	req.Header.Set("Authorization", "Bearer "+w.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && v != nil && resp.StatusCode == http.StatusOK {
		err = json.Unmarshal(body, v)
	}
	if err != nil {
		w.t.Fatalf("%s: %v", req.URL, err)
	}
	return resp.StatusCode
}

// fresh is up to when all that was received is in the answers.
func (w *world) fresh() time.Time {
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+"/api/v1/query", strings.NewReader(`{"metrics":["plays"]}`))
	if err != nil {
		w.t.Fatal(err)
	}
	var answer struct {
		Meta struct {
			FreshTo time.Time `json:"fresh_to"`
		}
	}
	w.do(req, &answer)
	return answer.Meta.FreshTo
}

// find asks an insight, once for each path. A busy machine may need more than the
// server's patience for an answer, which goes on in the background: then again.
func (w *world) find(path string) []row {
	w.t.Helper()
	if rows, known := w.found[path]; known {
		return rows
	}
	var answer struct{ Rows []row }
	status := 0
	w.until("insights/"+path+" is answered", 10*time.Minute, func() bool {
		status = w.get("/api/v1/insights/"+path, &answer)
		return status != http.StatusGatewayTimeout && status != http.StatusServiceUnavailable
	})
	if status != http.StatusOK {
		w.t.Fatalf("insights/%s: status %d", path, status)
	}
	if w.found == nil {
		w.found = map[string][]row{}
	}
	w.found[path] = answer.Rows
	return answer.Rows
}
