package process

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var binaryFlag = flag.String("binary", "../../bin/playhead", "the binary to test")

// readyWithin bounds a start, recovery included.
const readyWithin = 3 * time.Minute

func TestMain(m *testing.M) {
	flag.Parse()
	if _, err := os.Stat(*binaryFlag); err != nil {
		fmt.Fprintf(os.Stderr, "process tests need the binary: %v\nRun: make build\n", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// output collects what a process writes, readable while it runs.
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

// result is a finished command.
type result struct {
	code   int
	stdout string
	stderr string
}

func (r result) String() string {
	return fmt.Sprintf("exit %d\nstdout: %s\nstderr: %s", r.code, r.stdout, r.stderr)
}

// playhead runs the binary to its end. The limit is for what hangs: a busy machine
// takes its time.
func playhead(t *testing.T, args ...string) result {
	t.Helper()
	return playheadWithin(t, 5*time.Minute, args...)
}

func playheadWithin(t *testing.T, limit time.Duration, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, *binaryFlag, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("playhead %s did not end within %s\n%s%s", strings.Join(args, " "), limit, &stdout, &stderr)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// server is a running `playhead serve`.
type server struct {
	t       *testing.T
	addr    string
	dir     string
	cmd     *exec.Cmd
	out     *output
	exited  chan struct{}
	exitErr error
	keys    int      // made so far
	args    []string // more of serve's
}

// freeAddr is an address nobody listens on at the moment.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// startServer starts a server on a new folder and waits until it is ready.
func startServer(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, addr: freeAddr(t), dir: filepath.Join(t.TempDir(), "data"), out: &output{}}
	s.start()
	t.Cleanup(s.kill)
	return s
}

func (s *server) start() {
	s.t.Helper()
	s.cmd = exec.Command(*binaryFlag, append([]string{"serve", "--listen", s.addr, "--data-dir", s.dir}, s.args...)...)
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.out
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		s.exitErr = cmd.Wait()
		close(exited)
	}(s.cmd, s.exited)
	deadline := time.After(readyWithin)
	for {
		if resp, err := http.Get(s.url("/readyz")); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-s.exited:
			s.t.Fatalf("server ended instead of starting: %v\n%s", s.exitErr, s.out)
		case <-deadline:
			s.t.Fatalf("server not ready after %s\n%s", readyWithin, s.out)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (s *server) url(path string) string { return "http://" + s.addr + path }

// kill ends the server as a power cut would.
func (s *server) kill() {
	_ = s.cmd.Process.Kill() // it may have ended already
	<-s.exited
}

// stop asks the server to end and returns how long that took; the exit status
// must be 0.
func (s *server) stop() time.Duration {
	s.t.Helper()
	began := time.Now()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-s.exited:
	case <-time.After(2 * time.Minute):
		s.t.Fatalf("server did not end within two minutes of SIGTERM\n%s", s.out)
	}
	if s.exitErr != nil {
		s.t.Errorf("server ended with %v after SIGTERM\n%s", s.exitErr, s.out)
	}
	return time.Since(began)
}

// key makes a key of the kind "write" or "read" and waits until the running
// server knows it.
func (s *server) key(kind string) string {
	s.t.Helper()
	s.keys++
	r := playhead(s.t, "keys", "create", "--"+kind, "--name", fmt.Sprintf("%s %d", kind, s.keys), "--data-dir", s.dir)
	first, _, _ := strings.Cut(r.stdout, "\n")
	if r.code != 0 || first == "" || strings.ContainsAny(first, " \t") {
		s.t.Fatalf("keys create --%s: the first line is not a key alone: %s", kind, r)
	}
	probe := func() int {
		if kind == "write" {
			return s.post("/v1/events", first, []byte("[]"), nil).status
		}
		return s.post("/api/v1/query", first, []byte(`{"metrics":["plays"]}`), nil).status
	}
	for deadline := time.Now().Add(time.Minute); probe() == http.StatusUnauthorized; {
		if time.Now().After(deadline) {
			s.t.Fatalf("the server does not know a new %s key after a minute", kind)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return first
}

// answer is what the server said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) String() string { return fmt.Sprintf("%d %s", a.status, bytes.TrimSpace(a.body)) }

// post sends a body with a key or token; "" sends none.
func (s *server) post(path, key string, body []byte, header map[string]string) answer {
	s.t.Helper()
	a, err := s.tryPost(path, key, body, header)
	if err != nil {
		s.t.Fatalf("POST %s: %v\n%s", path, err, s.out)
	}
	return a
}

func (s *server) tryPost(path, key string, body []byte, header map[string]string) (answer, error) {
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url(path), bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, data}, err
}

// accepted is the collector's answer to a batch.
type accepted struct {
	Accepted  int
	Duplicate int
	Rejected  []struct {
		Index               int
		Field, Code, Reason string
	}
}

// send posts events and wants status 200.
func (s *server) send(key string, body []byte, header map[string]string) accepted {
	s.t.Helper()
	a := s.post("/v1/events", key, body, header)
	var got accepted
	if a.status != http.StatusOK || json.Unmarshal(a.body, &got) != nil {
		s.t.Fatalf("POST /v1/events: %s", a)
	}
	return got
}

// figures asks for metrics in all and returns them by name; nil for no data.
func (s *server) figures(token string, metrics ...string) map[string]any {
	s.t.Helper()
	question, err := json.Marshal(map[string]any{"metrics": metrics})
	if err != nil {
		s.t.Fatal(err)
	}
	a := s.post("/api/v1/query", token, question, nil)
	var table struct {
		Columns []struct{ Name string }
		Rows    [][]any
	}
	if a.status != http.StatusOK || json.Unmarshal(a.body, &table) != nil {
		s.t.Fatalf("query %s: %s", question, a)
	}
	out := map[string]any{}
	if len(table.Rows) > 0 {
		for i, c := range table.Columns {
			out[c.Name] = table.Rows[0][i]
		}
	}
	return out
}

// eventually asks until the metrics equal want, for at most a minute: it is for
// what hangs.
func (s *server) eventually(token string, want map[string]float64) {
	s.t.Helper()
	names := make([]string, 0, len(want))
	for name := range want {
		names = append(names, name)
	}
	var got map[string]any
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		got = s.figures(token, names...)
		equal := true
		for name, w := range want {
			g, _ := got[name].(float64) // no data is as good as 0 here
			equal = equal && math.Abs(g-w) < 1e-9
		}
		if equal {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("figures %v, want %v", got, want)
		}
	}
}
