package clickhousetest

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// Needed is the variable that has these tests run: each takes a server and some time.
// With it, a missing ClickHouse is a failure. tools/test.sh sets it once it has
// installed one.
const Needed = "PLAYHEAD_CLICKHOUSE"

// Server is a running ClickHouse.
type Server struct {
	Addr string // host:port of the native protocol

	t      *testing.T
	dir    string
	ports  ports
	extra  string // more of the server's settings
	cmd    *exec.Cmd
	exited chan struct{}
}

type ports struct{ tcp, http, interserver int }

// Start starts a server of its own, stopped when the test ends. The test is skipped
// unless Needed is set.
func Start(t *testing.T) *Server {
	t.Helper()
	s := newServer(t, "")
	s.Run()
	return s
}

func newServer(t *testing.T, extra string) *Server {
	t.Helper()
	if os.Getenv(Needed) == "" {
		t.Skip("SKIPPED: it takes a ClickHouse server of its own; make test ONLY=clickhouse, or set " + Needed + "=1")
	}
	if _, err := exec.LookPath("clickhouse-server"); err != nil {
		t.Fatalf("%v; apt-get install clickhouse-server", err)
	}
	p := FreePorts(t, 3)
	s := &Server{t: t, dir: t.TempDir(), ports: ports{p[0], p[1], p[2]}, extra: extra}
	s.Addr = fmt.Sprintf("127.0.0.1:%d", s.ports.tcp)
	t.Cleanup(s.Stop)
	return s
}

// FreePorts are ports of this machine that nobody listens on.
func FreePorts(t *testing.T, n int) (list []int) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // all at the end, so that none is given twice
		list = append(list, l.Addr().(*net.TCPAddr).Port)
	}
	return list
}

// Run starts the server, again if it was stopped, and waits until it answers.
func (s *Server) Run() {
	s.t.Helper()
	s.write()
	out, err := os.OpenFile(s.file("out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer out.Close()
	s.cmd = exec.Command("clickhouse-server", "--config-file="+s.file("config.xml"))
	s.cmd.Stdout, s.cmd.Stderr, s.cmd.Dir = out, out, s.dir
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // when the test is killed
	started := make(chan error, 1)
	s.exited = make(chan struct{})
	go func() { // the death signal goes by the thread that starts the process
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(s.exited)
		err := s.cmd.Start()
		started <- err
		if err == nil {
			_ = s.cmd.Wait() // how it ends is in its log
		}
	}()
	if err := <-started; err != nil {
		s.t.Fatal(err)
	}
	s.await()
}

// await waits until the server takes connections.
func (s *Server) await() {
	s.t.Helper()
	const patience = 90 * time.Second // of a machine with much else to do
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		select {
		case <-s.exited:
			s.t.Fatalf("ClickHouse ended:\n%s", s.log())
		default:
		}
		c, err := net.DialTimeout("tcp", s.Addr, time.Second)
		if err == nil {
			_ = c.Close()
			return
		}
	}
	s.t.Fatalf("ClickHouse does not answer:\n%s", s.log())
}

// Kill ends the server at once, as a power cut would.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	<-s.exited
}

// Stop ends the server in order.
func (s *Server) Stop() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(10 * time.Second):
		s.Kill()
	}
}

func (s *Server) file(name string) string { return filepath.Join(s.dir, name) }

// log is the end of what the server said.
func (s *Server) log() string {
	var all []byte
	for _, name := range []string{"out", "error.log"} {
		data, _ := os.ReadFile(s.file(name)) // what there is
		all = append(all, data[max(0, len(data)-3000):]...)
	}
	return string(bytes.TrimSpace(all))
}

// write writes the server's settings: small, for a machine that does other things too.
func (s *Server) write() {
	s.t.Helper()
	config := fmt.Sprintf(`<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><log>%[1]s/server.log</log><errorlog>%[1]s/error.log</errorlog></logger>
  <listen_host>127.0.0.1</listen_host><tcp_port>%[2]d</tcp_port><http_port>%[3]d</http_port>
  <interserver_http_host>127.0.0.1</interserver_http_host><interserver_http_port>%[4]d</interserver_http_port>
  <path>%[1]s/data/</path><tmp_path>%[1]s/tmp/</tmp_path><format_schema_path>%[1]s/format/</format_schema_path>
  <users_config>users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
  <mark_cache_size>16777216</mark_cache_size><uncompressed_cache_size>0</uncompressed_cache_size>
  %[5]s
</yandex>
`, s.dir, s.ports.tcp, s.ports.http, s.ports.interserver, s.extra)
	users := `<?xml version="1.0"?>
<yandex>
  <profiles><default><max_memory_usage>2000000000</max_memory_usage><max_threads>2</max_threads><background_pool_size>2</background_pool_size></default></profiles>
  <users><default><password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></default></users>
  <quotas><default><interval><duration>3600</duration><queries>0</queries><errors>0</errors><result_rows>0</result_rows><read_rows>0</read_rows><execution_time>0</execution_time></interval></default></quotas>
</yandex>
`
	var errs []error
	for _, folder := range []string{"data", "tmp", "format"} {
		errs = append(errs, os.MkdirAll(s.file(folder), 0o700))
	}
	errs = append(errs, os.WriteFile(s.file("config.xml"), []byte(config), 0o600), os.WriteFile(s.file("users.xml"), []byte(users), 0o600))
	if err := errors.Join(errs...); err != nil {
		s.t.Fatal(err)
	}
}

// Database is a name of a database for a folder, or whatever else tells tests apart.
func Database(name string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // it never fails
	return fmt.Sprintf("playhead_%x", h.Sum64())
}
