package faults

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var binaryFlag = flag.String("binary", "../../bin/playhead", "the binary to test")

func TestMain(m *testing.M) {
	flag.Parse()
	if _, err := os.Stat(*binaryFlag); err != nil {
		fmt.Fprintf(os.Stderr, "the fault tests need the binary: %v\nRun: make build\n", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// smallDisk mounts a file system of so many MiB on a folder.
func smallDisk(t *testing.T, dir string, mib int) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", mib)); err != nil {
		t.Skipf("NOT TESTED: a small file system cannot be mounted (%v); run as root: make test ONLY=\"build faults\"", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// fill takes what is left of the disk under a folder, to the last byte, and
// returns what gives it back.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	path := filepath.Join(dir, "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for size := 1 << 20; size > 0; size /= 16 {
		block := make([]byte, size)
		for err = nil; err == nil; {
			_, err = f.Write(block)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// server is a `playhead serve` on one folder.
type server struct {
	t      *testing.T
	addr   string
	dir    string
	args   []string
	cmd    *exec.Cmd
	out    output
	exited chan struct{}
}

func newServer(t *testing.T, dir string, args ...string) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, addr: l.Addr().String(), dir: dir, args: args}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.cmd != nil {
			s.kill()
		}
	})
	return s
}

// start begins a life and waits until it is ready.
func (s *server) start() {
	s.t.Helper()
	s.launch()
	s.await("ready", time.Minute, func() bool { return s.get("/readyz").status == http.StatusOK })
}

// launch begins a life and does not wait for anything.
func (s *server) launch() {
	s.t.Helper()
	s.cmd = exec.Command(*binaryFlag, append([]string{"serve", "--listen", s.addr, "--data-dir", s.dir}, s.args...)...)
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait() // killed, or seen by who waits for exited
		close(exited)
	}(s.cmd, s.exited)
}

// stop asks the server to end.
func (s *server) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-s.exited:
	case <-time.After(2 * time.Minute):
		s.t.Fatalf("the server did not end within two minutes of SIGTERM\n%s", &s.out)
	}
}

func (s *server) kill() {
	_ = s.cmd.Process.Kill() // it may have ended already
	<-s.exited
}

// await asks until it is so; the server must stay up.
func (s *server) await(what string, within time.Duration, is func() bool) {
	s.t.Helper()
	for end := time.Now().Add(within); !is(); time.Sleep(100 * time.Millisecond) {
		select {
		case <-s.exited:
			s.t.Fatalf("the server ended by itself: %s\n%s", s.cmd.ProcessState, &s.out)
		default:
		}
		if time.Now().After(end) {
			s.t.Fatalf("not %s within %s: %s\n%s", what, within, s.get("/readyz"), &s.out)
		}
	}
}

// reply is an answer; status 0 is none.
type reply struct {
	status int
	retry  string
	body   string
}

func (r reply) String() string {
	return fmt.Sprintf("%d (Retry-After %q) %s", r.status, r.retry, r.body)
}

func (s *server) get(path string) reply { return s.ask(http.MethodGet, path, "", "") }

func (s *server) ask(method, path, key, body string) reply {
	s.t.Helper()
	req, err := http.NewRequest(method, "http://"+s.addr+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	client := http.Client{Timeout: time.Minute}
	resp, err := client.Do(req)
	if err != nil {
		return reply{}
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{}
	}
	return reply{resp.StatusCode, resp.Header.Get("Retry-After"), string(bytes.TrimSpace(data))}
}

// metric is a sample of /metrics by its name with labels; -1 if it is not there.
func (s *server) metric(name string) float64 {
	s.t.Helper()
	text := s.get("/metrics").body
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindStringSubmatch(text)
	if found == nil {
		return -1
	}
	v, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

// key makes a key of the kind "write" or "read".
func (s *server) key(kind string) string {
	s.t.Helper()
	text, err := exec.Command(*binaryFlag, "keys", "create", "--"+kind, "--name", kind, "--data-dir", s.dir).Output()
	key, _, _ := strings.Cut(string(text), "\n")
	if err != nil || key == "" {
		s.t.Fatalf("keys create --%s: %v", kind, err)
	}
	return key
}

// audience is a running `playhead simulate`, which tries again until it is
// acknowledged.
type audience struct {
	server *server
	truth  string
	said   output
	ended  chan error
}

func (s *server) audience(key string, args ...string) *audience {
	s.t.Helper()
	a := &audience{server: s, truth: filepath.Join(s.t.TempDir(), "truth.json"), ended: make(chan error, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, *binaryFlag, append([]string{"simulate", "--target", "http://" + s.addr, "--key", key, "--truth", a.truth}, args...)...)
	cmd.Stdout, cmd.Stderr = &a.said, &a.said
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() { a.ended <- cmd.Wait(); close(gone) }()
	s.t.Cleanup(func() { cancel(); <-gone })
	return a
}

// wait until everything is acknowledged.
func (a *audience) wait(within time.Duration) {
	t := a.server.t
	t.Helper()
	select {
	case err := <-a.ended:
		if err != nil {
			t.Fatalf("simulate: %v\n%s\nserver:\n%s", err, &a.said, &a.server.out)
		}
	case <-time.After(within):
		t.Fatalf("the audience does not end within %s\n%s\nserver:\n%s", within, &a.said, &a.server.out)
	}
	t.Log(lastLine(a.said.String()))
}

// verify has every figure compared with the truth.
func (a *audience) verify(token, when string) {
	t := a.server.t
	t.Helper()
	text, err := exec.Command(*binaryFlag, "verify", "--target", "http://"+a.server.addr, "--token", token, "--truth", a.truth).CombinedOutput()
	if err != nil {
		t.Fatalf("verify %s: %v\n%s\nserver:\n%s", when, err, text, &a.server.out)
	}
	t.Logf("verify %s: %s", when, lastLine(string(text)))
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// output is what a process wrote.
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
