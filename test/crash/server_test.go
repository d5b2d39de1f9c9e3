package crash

import (
	"bytes"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// readyWithin bounds a start, recovery included.
const readyWithin = 3 * time.Minute

// server is a `playhead serve` on one folder, over many lives.
type server struct {
	t       *testing.T
	addr    string
	dir     string
	cmd     *exec.Cmd
	out     output
	exited  chan struct{}
	began   time.Time
	known   bool          // this life was ready
	small   bool          // little memory, so that it flushes and compacts often
	slowest time.Duration // from the start of a process to ready
}

func newServer(t *testing.T) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, addr: l.Addr().String(), dir: filepath.Join(t.TempDir(), "data")}
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

// start begins a life and does not wait for anything.
func (s *server) start() {
	s.t.Helper()
	s.out.reset()
	args := []string{"serve", "--listen", s.addr, "--data-dir", s.dir}
	if s.small {
		args = append(args, "--log-memory", "16", "--load-memory", "8", "--warehouse-memory", "64")
	}
	s.cmd = exec.Command(*binaryFlag, args...)
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.began, s.known, s.exited = time.Now(), false, make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait() // killed, or seen by who waits for exited
		close(exited)
	}(s.cmd, s.exited)
}

func (s *server) url(path string) string { return "http://" + s.addr + path }

// ready asks once. A server that ended by itself fails the test.
func (s *server) ready() bool {
	s.t.Helper()
	select {
	case <-s.exited:
		s.t.Fatalf("the server ended by itself: %s\n%s", s.cmd.ProcessState, &s.out)
	default:
	}
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Get(s.url("/readyz"))
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK && !s.known {
		s.known, s.slowest = true, max(s.slowest, time.Since(s.began))
	}
	return resp.StatusCode == http.StatusOK
}

func (s *server) mustBeReady() {
	s.t.Helper()
	for !s.ready() {
		if time.Since(s.began) > readyWithin {
			s.t.Fatalf("the server is not ready after %s\n%s", readyWithin, &s.out)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// kill ends the server at once, whatever it is at.
func (s *server) kill() {
	_ = s.cmd.Process.Kill() // it may have ended already
	<-s.exited
}

// ask the server to end.
func (s *server) ask() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
}

// stop asks the server to end and waits for it.
func (s *server) stop() {
	s.t.Helper()
	s.ask()
	select {
	case <-s.exited:
	case <-time.After(2 * time.Minute):
		s.t.Fatalf("the server did not end within two minutes of SIGTERM\n%s", &s.out)
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		s.t.Errorf("the server ended with %d after SIGTERM\n%s", code, &s.out)
	}
}

// key makes a key of the kind "write" or "read" and waits until the running
// server has surely read it.
func (s *server) key(kind string) string {
	s.t.Helper()
	text, err := exec.Command(*binaryFlag, "keys", "create", "--"+kind, "--name", kind, "--data-dir", s.dir).Output()
	key, _, _ := strings.Cut(string(text), "\n")
	if err != nil || key == "" {
		s.t.Fatalf("keys create --%s: %v", kind, err)
	}
	path, body := "/v1/events", "[]"
	if kind == "read" {
		path, body = "/api/v1/query", `{"metrics":["plays"]}`
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		req, err := http.NewRequest(http.MethodPost, s.url(path), strings.NewReader(body))
		if err != nil {
			s.t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+key)
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode != http.StatusUnauthorized {
				return key
			}
		}
		if time.Now().After(end) {
			s.t.Fatalf("the server does not know a new %s key after a minute: %v", kind, err)
		}
	}
}

// verify has every figure compared with the truth.
func (s *server) verify(token, truth, when string) {
	s.t.Helper()
	text, err := exec.Command(*binaryFlag, "verify", "--target", s.url(""), "--token", token, "--truth", truth).CombinedOutput()
	if err != nil {
		s.t.Fatalf("verify %s: %v\n%s\nserver:\n%s", when, err, text, &s.out)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	s.t.Logf("verify %s: %s", when, lines[len(lines)-1])
}

// output is what one life of the server wrote.
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

func (o *output) reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.buf.Reset()
}
