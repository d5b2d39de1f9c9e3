package hostile

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
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
		fmt.Fprintf(os.Stderr, "hostile tests need the binary: %v\nRun: make build\n", err)
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

// server is a running `playhead serve`.
type server struct {
	t      *testing.T
	addr   string
	dir    string
	scheme string
	cmd    *exec.Cmd
	out    *output
	client *http.Client
	exited chan struct{}
}

// start runs a server with args on a new folder until it is ready.
func start(t *testing.T, args ...string) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, addr: l.Addr().String(), dir: filepath.Join(t.TempDir(), "data"), scheme: "http", out: &output{}, exited: make(chan struct{})}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(strings.Join(args, " "), "--tls-cert") {
		s.scheme = "https"
	}
	// The certificate of the tests is signed by nobody.
	s.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, MaxIdleConnsPerHost: 64}}
	s.cmd = exec.Command(*binaryFlag, append([]string{"serve", "--listen", s.addr, "--data-dir", s.dir}, args...)...)
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.out
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = s.cmd.Wait() // killed at the end of the test
		close(s.exited)
	}()
	t.Cleanup(func() {
		_ = s.cmd.Process.Signal(syscall.SIGKILL) // it may have ended already
		<-s.exited
	})
	for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if resp, err := s.client.Get(s.url("/readyz")); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return s
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server was not ready within three minutes\n%s", s.out)
		}
	}
}

func (s *server) url(path string) string { return s.scheme + "://" + s.addr + path }

// keys runs `playhead keys` and returns what it printed.
func (s *server) keys(args ...string) (string, error) {
	out, err := exec.Command(*binaryFlag, append(append([]string{"keys"}, args...), "--data-dir", s.dir)...).Output()
	return string(out), err
}

// key makes a key and returns its secret.
func (s *server) key(args ...string) string {
	s.t.Helper()
	out, err := s.keys(append([]string{"create"}, args...)...)
	if err != nil {
		s.t.Fatalf("keys create %v: %v", args, err)
	}
	secret, _, _ := strings.Cut(out, "\n")
	return secret
}

// answer is what the server said.
type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request; header holds names and values in turn.
func (s *server) do(method, path, body string, header ...string) answer {
	s.t.Helper()
	a, err := s.try(method, path, body, header...)
	if err != nil {
		s.t.Fatalf("%s %s: %v\n%s", method, path, err, s.out)
	}
	return a
}

func (s *server) try(method, path, body string, header ...string) (answer, error) {
	req, err := http.NewRequest(method, s.url(path), strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
			continue
		}
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(data)}, err
}

// send posts native events.
func (s *server) send(key, body string, header ...string) answer {
	s.t.Helper()
	return s.do(http.MethodPost, "/v1/events", body, append([]string{"Authorization", "Bearer " + key}, header...)...)
}

// accepted is how many events an answer says were accepted, -1 for an answer that is none.
func (a answer) accepted() int {
	var got struct{ Accepted *int }
	if a.status != http.StatusOK || json.Unmarshal([]byte(a.body), &got) != nil || got.Accepted == nil {
		return -1
	}
	return *got.Accepted
}

// beats are n heartbeats of a play as NDJSON, each with more in it.
func beats(play string, n int, more string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"type":"heartbeat","time":%d,"viewer_id":"v-%s","play_id":"%s","seq":%d%s}`+"\n", time.Now().UnixMilli(), play, play, i, more)
	}
	return b.String()
}

// memory is a line of the process's status in MiB: VmRSS now, VmHWM at most.
func (s *server) memory(line string) int {
	s.t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatalf("the server's memory: %v (is it alive?)\n%s", err, s.out)
	}
	for text := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(text, line+":"); ok {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				s.t.Fatal(err)
			}
			return kib >> 10
		}
	}
	s.t.Fatalf("no %s", line)
	return 0
}
